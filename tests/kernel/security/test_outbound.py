"""Outgoing calls reach public addresses only, whatever a name says and however often it changes its mind."""

import asyncio
import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from gridloom.kernel.security.outbound import AddressRefused, Guard, UnusableUrl, guarded_client, refusal

REFUSED = {
    "0.0.0.0": "unspecified",
    "10.1.2.3": "private",
    "100.64.0.1": "not public",
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "168.63.129.16": "reserved",
    "169.254.169.254": "link-local",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.168.1.1": "private",
    "192.0.0.8": "reserved",
    "192.88.99.1": "reserved",
    "198.18.0.1": "private",
    "224.0.0.1": "multicast",
    "240.0.0.1": "private",
    "255.255.255.255": "private",
    "::": "unspecified",
    "::1": "loopback",
    "::127.0.0.1": "reserved",
    "::ffff:8.8.8.8": "IPv4-mapped",
    "::ffff:127.0.0.1": "IPv4-mapped",
    "64:ff9b::127.0.0.1": "loopback",
    "64:ff9b::10.0.0.1": "private",
    "64:ff9b:1::1": "reserved",
    "2001:0:1::": "a tunnel",
    "2002:7f00:1::": "a tunnel",
    "2001:db8::1": "private",
    "fc00::1": "private",
    "fd00:ec2::254": "private",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local",
    "fec0::1": "private",
    "ff02::1": "multicast",
}
PUBLIC = ("8.8.8.8", "172.32.0.1", "172.15.0.1", "100.128.0.1", "2600::1", "2a00:1450::1", "64:ff9b::8.8.8.8")


@pytest.mark.parametrize(("address", "reason"), REFUSED.items())
def test_an_address_that_is_not_public_is_refused_with_its_reason(address: str, reason: str) -> None:
    assert refusal(address) == reason


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_not_refused(address: str) -> None:
    assert refusal(address) is None


@given(st.ip_addresses(v=4))
def test_no_way_of_wrapping_an_ipv4_address_in_ipv6_widens_what_may_be_called(ip: ipaddress.IPv4Address) -> None:
    number = int(ip)
    assert refusal(str(ipaddress.IPv6Address((0xFFFF << 32) | number))) == "IPv4-mapped"
    assert refusal(str(ipaddress.IPv6Address(number))) is not None
    assert refusal(str(ipaddress.IPv6Address((0x2002 << 112) | (number << 80)))) == "a tunnel"
    assert refusal(str(ipaddress.IPv6Address((0x64FF9B << 96) | number))) == refusal(str(ip))


@given(st.ip_addresses())
def test_an_address_that_is_not_refused_is_a_global_unicast_address(ip: ipaddress.IPv4Address) -> None:
    if refusal(str(ip)) is None and ip.version == 4:
        assert ip.is_global
        assert not ip.is_multicast


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://example.com/", "the scheme must be https or http"),
        ("file:///etc/passwd", "the scheme must be https or http"),
        ("https://", "the URL names no host"),
        ("https://user:pass@example.com/", "credentials do not belong into a URL; use a header"),
        ("https://example.com:99999/", "not a URL: Port out of range 0-65535"),
        ("http://localhost:8000/", "localhost is loopback, which outgoing calls do not reach"),
        ("http://LOCALHOST./", "localhost. is loopback, which outgoing calls do not reach"),
        ("http://api.localhost/", "api.localhost is loopback, which outgoing calls do not reach"),
        ("http://127.1/", "127.1 is loopback, which outgoing calls do not reach"),
        ("http://0x7f000001/", "0x7f000001 is loopback, which outgoing calls do not reach"),
        ("http://2130706433/", "2130706433 is loopback, which outgoing calls do not reach"),
        ("http://①②⑦.0.0.1/", "①②⑦.0.0.1 is loopback, which outgoing calls do not reach"),
        ("http://１２７.0.0.1/", "１２７.0.0.1 is loopback, which outgoing calls do not reach"),
        ("https://example.com:0/", "there is no port 0"),
        ("http://[::1]/", "::1 is loopback, which outgoing calls do not reach"),
        ("http://[fe80::1%25eth0]/", "fe80::1%25eth0 is link-local, which outgoing calls do not reach"),
        ("http://169.254.169.254/latest/", "169.254.169.254 is link-local, which outgoing calls do not reach"),
    ],
)
def test_a_url_that_can_never_be_called_is_refused_when_it_is_written_down(url: str, reason: str) -> None:
    with pytest.raises(UnusableUrl) as refused:
        Guard().check_url(url)
    assert str(refused.value) == reason


def test_a_url_with_a_public_host_is_accepted_and_http_only_where_it_is_not_ruled_out() -> None:
    Guard().check_url("http://example.com:8443/hook?a=1")
    Guard().check_url("https://8.8.8.8/")
    with pytest.raises(UnusableUrl, match="the scheme must be https"):
        Guard().check_url("http://example.com/", https_only=True)


def test_an_allowed_network_is_exempt_and_only_that_one() -> None:
    guard = Guard(allowed=["10.8.0.0/16", "fd12::/16"])
    guard.check("10.8.3.4", "partner")
    guard.check("fd12::9", "partner")
    with pytest.raises(AddressRefused):
        guard.check("10.9.3.4", "partner")
    with pytest.raises(AddressRefused):
        guard.check("fd13::9", "partner")


Responder = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(respond: Responder, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    server = await asyncio.start_server(respond, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


class Partner:
    """Answers every request, and remembers their heads."""

    def __init__(self, answer: bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok") -> None:
        self.answer = answer
        self.heads: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(self.answer)
        await writer.drain()
        writer.close()


def resolving(*answers: list[str]) -> Callable[[str, int], Awaitable[list[str]]]:
    """A name server that gives these answers, one after another."""
    left = list(answers)

    async def resolve(_: str, __: int) -> list[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


async def test_a_loopback_address_is_not_called_and_hears_nothing() -> None:
    partner = Partner()
    async with listening(partner) as port, guarded_client() as client:
        for host in ("127.0.0.1", "localhost", "0", "2130706433", "[::1]", "[::ffff:127.0.0.1]"):
            with pytest.raises(AddressRefused):
                await client.get(f"http://{host}:{port}/")
    assert partner.heads == []


async def test_with_private_addresses_allowed_the_same_address_answers() -> None:
    partner = Partner()
    async with listening(partner) as port, guarded_client(allow_private=True) as client:
        assert (await client.get(f"http://127.0.0.1:{port}/")).text == "ok"
    assert len(partner.heads) == 1


async def test_a_name_with_one_private_address_among_public_ones_is_refused() -> None:
    async with guarded_client(resolve=resolving(["8.8.8.8", "10.0.0.1"])) as client:
        with pytest.raises(AddressRefused, match=r"partner\.example is private"):
            await client.get("http://partner.example/")


async def test_a_name_that_turns_private_between_two_calls_is_refused_at_the_second() -> None:
    partner = Partner()
    async with listening(partner) as port:
        resolve = resolving(["127.0.0.1"], ["127.0.0.2"])
        async with guarded_client(resolve=resolve, allowed=["127.0.0.1/32"]) as client:
            assert (await client.get(f"http://partner.example:{port}/")).text == "ok"
            with pytest.raises(AddressRefused):
                await client.get(f"http://partner.example:{port}/")
    assert len(partner.heads) == 1


async def test_the_host_header_keeps_the_name_while_the_connection_goes_to_the_checked_address() -> None:
    partner = Partner()
    client = guarded_client(resolve=resolving(["127.0.0.1"]), allow_private=True)
    async with listening(partner) as port, client:
        await client.get(f"http://partner.example:{port}/hook")
    assert f"host: partner.example:{port}" in partner.heads[0].lower()


async def test_the_next_address_of_a_name_is_tried_when_the_first_does_not_answer() -> None:
    async with listening(Partner()) as port:
        resolve = resolving(["127.0.0.9", "127.0.0.1"])
        async with guarded_client(resolve=resolve, allow_private=True) as client:
            assert (await client.get(f"http://partner.example:{port}/")).status_code == 200


async def test_a_followed_redirect_into_the_own_network_is_refused() -> None:
    inside = Partner()
    async with listening(inside) as secret:
        answer = f"HTTP/1.1 307 Moved\r\nlocation: http://127.0.0.2:{secret}/\r\ncontent-length: 0\r\n\r\n"
        client = guarded_client(allowed=["127.0.0.1/32"])
        async with listening(Partner(answer.encode())) as port, client:
            assert (await client.get(f"http://127.0.0.1:{port}/")).status_code == 307
            with pytest.raises(AddressRefused):
                await client.get(f"http://127.0.0.1:{port}/", follow_redirects=True)
    assert inside.heads == []


async def test_a_proxy_from_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Partner()
    async with listening(proxy) as port:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        async with guarded_client() as client:
            with pytest.raises(AddressRefused):
                await client.get("http://10.0.0.1/")
    assert proxy.heads == []


async def test_a_name_that_does_not_resolve_is_a_connection_error() -> None:
    async with guarded_client() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("http://no-such-name.invalid/")


async def test_a_name_server_that_does_not_answer_ends_in_a_timeout() -> None:
    async def resolve(_: str, __: int) -> list[str]:
        await asyncio.sleep(60)
        return []

    async with guarded_client(resolve=resolve, timeout_s=0.05) as client:
        with pytest.raises(httpx.ConnectTimeout):
            await client.get("http://partner.example/")


def _certificate(folder: Path, name: str) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / f"{name}.pem", folder / f"{name}.key"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    unencrypted = serialization.NoEncryption()
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, unencrypted)
    )
    return public, private


async def test_the_certificate_is_checked_against_the_name_and_not_the_address(tmp_path: Path) -> None:
    public, private = _certificate(tmp_path, "partner.example")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(public, private)
    asked: list[str | None] = []
    serving.sni_callback = lambda _, name, __: asked.append(name)
    trusting = ssl.create_default_context(cafile=str(public))
    async with listening(Partner(), tls=serving) as port:
        resolve = resolving(["127.0.0.1"])
        async with guarded_client(resolve=resolve, allow_private=True, verify=trusting) as client:
            assert (await client.get(f"https://partner.example:{port}/")).status_code == 200
            with pytest.raises(httpx.ConnectError, match="certificate"):
                await client.get(f"https://other.example:{port}/")
    assert asked == ["partner.example", "other.example"]
