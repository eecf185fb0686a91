"""Security profiles 2 and 3 over TLS, with an authority of the test's own."""

import asyncio
from pathlib import Path

import pytest
from tests.charging.ocpp.authority import Authority
from tests.charging.ocpp.support import SECRET, ask, dial, listening, refused, station, works
from websockets.exceptions import InvalidMessage

from gridloom.charging.ocpp.admission import (
    Policy,
    tls,
)
from gridloom.charging.ocpp.ports import CertificateRule


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """The one that the listener trusts."""
    folder = tmp_path / "ours"
    folder.mkdir()
    return Authority(folder)


async def test_profile_2_wants_tls_and_a_password(authority: Authority) -> None:
    known = station(profile=2)
    async with listening(known) as (listener, _):
        assert (await refused(dial(listener))).response.status_code == 401
    async with listening(known, tls=tls(*authority.issue("localhost"))) as (listener, handler):
        async with dial(listener, scheme="wss", ssl=authority.client()) as socket:
            assert await works(socket)
        assert (
            await refused(dial(listener, password=None, scheme="wss", ssl=authority.client()))
        ).response.status_code == 401
        assert handler.connections[0].strength == 1


async def test_profile_3_wants_a_certificate_of_ours_in_the_stations_name(authority: Authority, tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    stranger = Authority(folder)
    known = station(profile=3, certificate=CertificateRule("CP-1"))
    server = tls(*authority.issue("localhost"), client_authorities=authority.file)
    async with listening(known, tls=server) as (listener, handler):
        async with dial(listener, password=None, scheme="wss", ssl=authority.client("CP-1")) as socket:
            assert await works(socket)
        for password, context in (
            (SECRET, authority.client()),
            (SECRET, authority.client("CP-2")),
            (None, authority.client()),
        ):
            refusal = await refused(dial(listener, password=password, scheme="wss", ssl=context))
            assert refusal.response.status_code == 401
        with pytest.raises((OSError, InvalidMessage)):
            await dial(listener, password=None, scheme="wss", ssl=authority.client("CP-1", stranger))
    assert [each.strength for each in handler.connections] == [3]


async def test_a_socket_that_does_not_begin_with_tls_is_cut_off(authority: Authority) -> None:
    server = tls(*authority.issue("localhost"))
    async with listening(tls=server, policy=Policy(handshake=0.2)) as (listener, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


async def test_a_password_takes_no_place_from_a_certificate(authority: Authority) -> None:
    known = station(profile=1, certificate=CertificateRule("CP-1"))
    server = tls(*authority.issue("localhost"), client_authorities=authority.file)
    async with listening(known, tls=server, policy=Policy(connects=100)) as (listener, _):
        old = await dial(listener, password=None, scheme="wss", ssl=authority.client("CP-1"))
        assert await works(old)
        assert (await refused(dial(listener, scheme="wss", ssl=authority.client()))).response.status_code == 409
        assert (await ask(old, 2, "2", "Heartbeat", {}))[0] == 3
        await old.close()
