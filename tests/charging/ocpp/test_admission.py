"""Who is let in: paths, sub-protocols, and the proofs of each security profile."""

import json

import pytest
import structlog
from tests.charging.ocpp.support import (
    SECRET,
    Memory,
    Notebook,
    ask,
    basic,
    dial,
    listening,
    refused,
    station,
    until,
    works,
)

from gridloom.charging.ocpp.admission import (
    ClientCertificate,
    Policy,
    Proof,
    chosen,
    is_within,
    network_id_of,
    password_of,
    profile_of,
    strength_of,
)
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.charging.ocpp.ports import CertificateRule, KeyedDigest, Station

# The address and the sub-protocol


@pytest.mark.parametrize(
    "path",
    ["/", "/ocpp", "/ocpp/", "/ocpp/a/b", "/other/CP-1", "/ocpp/" + "x" * 49, "/ocpp/a%00b", "/ocpp/%ff", "/ocpp/a%2Fb",
     "/ocpp/a%20b", "/ocpp/%27;--"],
)  # fmt: skip
async def test_a_path_that_is_no_station_is_not_found(path: str) -> None:
    memory = Memory(station())
    async with listening(stations=memory) as (listener, handler):
        refusal = await refused(dial(listener, path=path))
    assert refusal.response.status_code == 404
    assert memory.lookups == 0
    assert handler.connections == []


def test_the_name_in_the_path_may_be_escaped_and_carry_a_query() -> None:
    assert network_id_of("/ocpp/CP%2D1?x=y") == "CP-1"
    assert network_id_of("/ocpp/A*B:C|D+E@F=G_H.I") == "A*B:C|D+E@F=G_H.I"


@pytest.mark.parametrize("offered", [None, ["ocpp1.5"], ["ocpp2.0", "ocpp2.1"], ["OCPP1.6"]])
async def test_without_a_version_in_common_there_is_no_upgrade(offered: list[str] | None) -> None:
    async with listening() as (listener, handler):
        refusal = await refused(dial(listener, version=None, subprotocols=offered))
    assert refusal.response.status_code == 400
    assert handler.connections == []


@pytest.mark.parametrize(
    ("offered", "allowed", "chosen"),
    [
        (["ocpp1.6"], set(Version), "ocpp1.6"),
        (["ocpp2.0.1", "ocpp1.6"], set(Version), "ocpp2.0.1"),
        (["ocpp1.6", "ocpp2.0.1"], set(Version), "ocpp1.6"),
        (["ocpp2.1", "ocpp2.0.1"], set(Version), "ocpp2.0.1"),
        (["ocpp2.0.1", "ocpp1.6"], {Version.V16}, "ocpp1.6"),
    ],
)
async def test_the_first_version_that_both_speak_and_the_record_allows_is_chosen(
    offered: list[str], allowed: set[Version], chosen: str
) -> None:
    known = station(versions=frozenset(allowed))
    async with listening(known) as (listener, handler), dial(listener, version=None, subprotocols=offered) as socket:
        assert socket.subprotocol == chosen
        await until(lambda: bool(handler.connections))
        assert handler.connections[0].version == Version(chosen)


async def test_a_version_that_the_record_does_not_allow_is_refused() -> None:
    async with listening(station(versions=frozenset({Version.V201}))) as (listener, handler):
        assert (await refused(dial(listener, version=Version.V16))).response.status_code == 400
    assert handler.connections == []


# Passwords


async def test_the_right_password_is_let_in() -> None:
    async with listening() as (listener, handler), dial(listener) as socket:
        assert await works(socket)
    assert handler.handled == [("CP-1", "Heartbeat", {})]


@pytest.mark.parametrize(
    "headers",
    [
        {}, basic("CP-1", "wrong-password-16"), basic("CP-1", ""), basic("CP-2", SECRET), basic("CP-1", SECRET + "x"),
        {"Authorization": "Basic"}, {"Authorization": "Basic ###"}, {"Authorization": "Bearer " + SECRET},
        {"Authorization": SECRET}, basic("cp-1", SECRET),
    ],
)  # fmt: skip
async def test_without_the_right_password_there_is_no_upgrade(headers: dict[str, str]) -> None:
    async with listening() as (listener, handler):
        refusal = await refused(dial(listener, password=None, headers=headers))
        assert listener.count == 0
        await until(lambda: listener.handshakes == 0)
    assert refusal.response.status_code == 401
    assert handler.connections == handler.handled == []


async def test_a_refusal_does_not_tell_whether_the_station_exists() -> None:
    async with listening(station("CP-1"), station("CP-2", enabled=False)) as (listener, _):
        refusals = [
            await refused(dial(listener, "CP-1", "wrong-password-16")),
            await refused(dial(listener, "UNKNOWN", "wrong-password-16")),
            await refused(dial(listener, "CP-2", SECRET)),
        ]
    bodies = {bytes(each.response.body or b"") for each in refusals}
    names = {tuple(key for key, _ in each.response.headers.raw_items()) for each in refusals}
    assert bodies == {b"not authorised\n"}
    assert len(names) == 1


async def test_neither_answers_nor_log_lines_carry_names_or_secrets() -> None:
    async with listening(station("SECRET-NAME")) as (listener, _):
        with structlog.testing.capture_logs() as lines:
            refusal = await refused(dial(listener, "SECRET-NAME", "wrong-password-16"))
            unknown = await refused(dial(listener, "OTHER-NAME", SECRET))
            async with dial(listener, "SECRET-NAME") as socket:
                await ask(socket, 2, "1", "Nonsense", {"idTag": "04A2B3"})
            await until(lambda: listener.count == 0)
    for answer in (refusal, unknown):
        text = f"{answer.response.headers}{answer.response.body!r}"
        assert "NAME" not in text
        assert "websockets" not in text.lower()
    # The key of a known station is the number that operators know it by; here it holds its name.
    said = json.dumps([{key: value for key, value in line.items() if key != "station"} for line in lines])
    assert len(lines) >= 4
    for secret in ("NAME", SECRET, "wrong-password", "04A2B3"):
        assert secret not in said
    assert SECRET not in repr(station("SECRET-NAME"))
    assert "SECRET-NAME" not in repr(station("SECRET-NAME").credentials)


async def test_a_password_of_raw_bytes_and_a_name_with_a_colon_hold() -> None:
    raw = bytes(range(236, 256))
    known = station("A:B", None)
    object.__setattr__(known, "credentials", (KeyedDigest.of(raw, b"s"),))
    async with listening(known) as (listener, _), dial(listener, "A:B", raw) as socket:
        assert await works(socket)


def test_while_a_password_changes_both_hold() -> None:
    old, new = (KeyedDigest.of(text, b"salt") for text in (b"old", b"new"))
    changing = station()
    object.__setattr__(changing, "credentials", (old, new))
    assert [strength_of(changing, Proof(False, text)) for text in (b"old", b"new", b"odd", b"")] == [1, 1, None, None]


@pytest.mark.parametrize(
    ("profile", "secure", "password", "certificate", "strength"),
    [
        (0, False, None, None, 0), (0, False, b"right", None, 1), (0, False, b"wrong", None, None), (0, True, None, None, 0),
        (1, False, None, None, None), (1, False, b"right", None, 1), (1, True, b"right", None, 1),
        (2, False, b"right", None, None), (2, True, b"right", None, 1), (2, True, None, None, None),
        (3, True, b"right", None, None), (3, True, None, "CP-1", 3), (3, False, None, "CP-1", None),
        (3, True, b"right", "CP-2", None), (2, True, None, "CP-1", 3), (2, True, None, "CP-2", None),
    ],
)  # fmt: skip
def test_each_profile_asks_for_its_proof(
    profile: int, secure: bool, password: bytes | None, certificate: str | None, strength: int | None
) -> None:
    known = station(password="right", profile=profile, certificate=CertificateRule("CP-1"))
    shown = None if certificate is None else ClientCertificate(certificate, "00")
    assert strength_of(known, Proof(secure, password, shown)) == strength


def test_a_pinned_certificate_must_be_the_one() -> None:
    known = station(profile=3, certificate=CertificateRule("CP-1", frozenset({"ab"})))
    assert strength_of(known, Proof(True, None, ClientCertificate("CP-1", "ab"))) == 3
    assert strength_of(known, Proof(True, None, ClientCertificate("CP-1", "cd"))) is None


def test_a_header_that_cannot_be_read_is_a_wrong_password_not_none() -> None:
    assert password_of(None, "CP-1") is None
    assert password_of("Basic \xff\xff", "CP-1") == b""
    assert password_of(basic("CP-1", "a:b")["Authorization"], "CP-1") == b"a:b"


async def test_only_a_station_whose_record_allows_it_comes_without_a_password() -> None:
    async with listening(station("OPEN", None, profile=0), station("CLOSED", None)) as (listener, handler):
        async with dial(listener, "OPEN", None) as socket:
            assert await works(socket)
        assert (await refused(dial(listener, "CLOSED", None))).response.status_code == 401
        assert (await refused(dial(listener, "CLOSED", ""))).response.status_code == 401
    assert len(handler.connections) == 1


async def test_a_trusted_proxy_speaks_for_the_client_and_nobody_else_does() -> None:
    notebook = Notebook()
    forwarded = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9", "X-Forwarded-Proto": "https"}
    memory = Memory(station(profile=2))
    trusting = Policy(trusted_proxies=("127.0.0.1",), record_unknown=True, connects=100)
    async with listening(stations=memory, policy=trusting, journal=notebook) as (listener, _):
        async with dial(listener, headers=forwarded) as socket:
            assert await works(socket)
        await refused(dial(listener, "NEW", headers=forwarded))
    assert memory.recorded == [("NEW", "203.0.113.9", Version.V16)]
    async with listening(station(profile=2)) as (listener, _):
        assert (await refused(dial(listener, headers=forwarded))).response.status_code == 401


# Several stations of one name


def namesake(key: int, password: str | None, **facts: object) -> Station:
    """One of several."""
    found = station(password=password, **facts)
    object.__setattr__(found, "key", key)
    return found


@pytest.mark.parametrize(
    ("candidates", "password", "key"),
    [
        ([], b"one", None),
        ([namesake(1, "one"), namesake(2, "two")], b"one", 1),
        ([namesake(1, "one"), namesake(2, "two")], b"two", 2),
        ([namesake(1, "one"), namesake(2, "two")], b"three", None),
        ([namesake(1, "one"), namesake(2, "one")], b"one", None),
        ([namesake(1, "one"), namesake(2, "one", enabled=False)], b"one", 1),
        ([namesake(1, None, profile=0), namesake(2, "two")], b"two", 2),
        ([namesake(1, None, profile=0), namesake(2, "two")], None, 1),
        ([namesake(1, None, profile=0), namesake(2, None, profile=0)], None, None),
        ([namesake(1, "one", profile=0), namesake(2, "one")], b"one", None),
    ],
)  # fmt: skip
def test_of_several_stations_of_a_name_the_one_that_is_proven(
    candidates: list[Station], password: bytes | None, key: int | None
) -> None:
    found = chosen(candidates, Proof(False, password))
    assert (None if found is None else found[0].key) == key


NAMED, BOUND, OTHER = CertificateRule("CP-1"), CertificateRule("CP-1", frozenset({"ab"})), CertificateRule("CP-2")


@pytest.mark.parametrize(
    ("candidates", "password", "key"),
    [
        # Alone, the common name is enough; beside a namesake it proves no owner.
        ([namesake(1, None, certificate=NAMED)], None, 1),
        ([namesake(1, None, certificate=NAMED), namesake(2, "two")], None, None),
        ([namesake(1, None, certificate=NAMED), namesake(2, None, certificate=NAMED)], None, None),
        ([namesake(1, None, certificate=NAMED), namesake(2, "two", enabled=False)], None, None),
        ([namesake(1, None, certificate=NAMED), namesake(2, None, profile=0)], None, None),
        ([namesake(1, None, certificate=NAMED), namesake(2, None, profile=0, certificate=NAMED)], None, None),
        # Whose password holds goes first, with a certificate or without.
        ([namesake(1, "one", profile=2), namesake(2, None, certificate=NAMED)], b"one", 1),
        ([namesake(1, "one", profile=2), namesake(2, None, profile=0, certificate=NAMED)], b"one", 1),
        ([namesake(1, "one", profile=3, certificate=NAMED), namesake(2, None, certificate=NAMED)], b"one", 1),
        ([namesake(1, "one", profile=3, certificate=NAMED), namesake(2, "two", certificate=NAMED)], b"two", 2),
        ([namesake(1, "one", profile=2), namesake(2, None, certificate=BOUND)], b"one", 1),
        ([namesake(1, "one", profile=2), namesake(2, None, certificate=NAMED)], b"odd", None),
        ([namesake(1, "one", profile=2), namesake(2, "one", certificate=NAMED)], b"one", None),
        # And whose fingerprint it is.
        ([namesake(1, None, certificate=BOUND), namesake(2, None, certificate=NAMED)], None, 1),
        ([namesake(1, None, certificate=BOUND), namesake(2, None, profile=0, certificate=NAMED)], None, 1),
        ([namesake(1, None, certificate=BOUND), namesake(2, None, certificate=BOUND)], None, None),
        ([namesake(1, None, certificate=OTHER), namesake(2, None, profile=0)], None, None),
    ],
)  # fmt: skip
def test_beside_a_namesake_a_common_name_proves_no_owner(
    candidates: list[Station], password: bytes | None, key: int | None
) -> None:
    for order in (candidates, candidates[::-1]):
        found = chosen(order, Proof(True, password, ClientCertificate("CP-1", "ab")))
        assert (None if found is None else found[0].key) == key


async def test_two_stations_of_a_name_are_connected_side_by_side() -> None:
    memory = Memory(station(password="one-password-of-16"))
    memory.namesakes = [namesake(2, "another-password-16")]
    async with listening(stations=memory) as (listener, handler):
        async with (
            dial(listener, password="one-password-of-16") as first,
            dial(listener, password="another-password-16") as second,
        ):
            assert await works(first)
            assert await works(second)
            assert listener.count == 2
            assert {connection.station.key for connection in handler.connections} == {(1, "CP-1"), 2}
            assert {connection.station.key for connection in listener.connections()} == {(1, "CP-1"), 2}
        await until(lambda: listener.count == 0)


@pytest.mark.parametrize(
    ("strength", "secure", "profile"), [(0, False, 0), (0, True, 0), (1, False, 1), (1, True, 2), (3, True, 3)]
)
def test_a_proof_amounts_to_a_profile(strength: int, secure: bool, profile: int) -> None:
    assert profile_of(strength, secure=secure) == profile


@pytest.mark.parametrize(
    ("address", "within"),
    [("10.1.2.3", True), ("11.0.0.1", False), ("::1", True), ("2001:db8::1", False), ("", False), ("a name", False)],
)
def test_a_proxy_is_trusted_by_address_or_network(address: str, within: bool) -> None:
    assert is_within(address, ("10.0.0.0/8", "::1")) is within
