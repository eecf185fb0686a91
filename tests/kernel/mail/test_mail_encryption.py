"""The talk with a mail server is encrypted, with a server that can prove who it is."""

import ipaddress
import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.kernel.mail.server import MailServer

from gridloom.kernel import clock
from gridloom.kernel.mail.letter import Letter
from gridloom.kernel.mail.outbox import Mail
from gridloom.kernel.mail.transport import MailError, Server

SENDER = "mail@sunny.example"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of this machine that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = clock.now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture(params=["smtp", "smtps"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def encrypting(certificate: Path, scheme: str) -> MailServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return MailServer(extensions=("STARTTLS", "AUTH PLAIN"), tls=context, from_the_beginning=scheme == "smtps")


async def deliver(server: MailServer, scheme: str) -> None:
    mail = Mail(Server.at(f"{scheme}://ada:secret@127.0.0.1:{server.port}", timeout_s=5), SENDER)
    await mail.deliver(
        Letter(key="k-1", to="ada@example.org", subject="Hello", text="Text", language="en", written_at=clock.now())
    )


async def test_a_server_that_is_vouched_for_is_talked_to_in_secret(
    certificate: Path, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with encrypting(certificate, scheme) as server:
        await deliver(server, scheme)
        assert [each.recipients for each in server.taken] == [["ada@example.org"]]
        names = [each.split()[0].upper() for each in server.commands]
        assert names.count("STARTTLS") == (1 if scheme == "smtp" else 0)
        assert "STARTTLS" not in names[names.index("AUTH") :]


async def test_a_server_that_nobody_vouches_for_gets_neither_password_nor_mail(certificate: Path, scheme: str) -> None:
    async with encrypting(certificate, scheme) as server:
        with pytest.raises(MailError, match="encryption with the mail server failed") as caught:
            await deliver(server, scheme)
        assert not caught.value.is_final
        assert server.taken == []
        assert not any(each.upper().startswith("AUTH") for each in server.commands)
