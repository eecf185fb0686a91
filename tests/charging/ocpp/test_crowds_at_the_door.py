"""Many who prove nothing, and what they can do to those who prove something: nothing."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.charging.ocpp.support import SECRET, Memory, dial, listening, refused, station, until, works

from gridloom.charging.ocpp.admission import Failures, Handshakes, Policy, neighbourhood

HOME, THIEF = {"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "192.0.2.66"}
WRONG = "wrong-password-16"


async def test_half_open_sockets_of_one_address_keep_no_station_out() -> None:
    policy = Policy(handshakes=20, handshakes_per_address=5, silence=0, handshake=30, connects=100)
    async with listening(policy=policy, host="0.0.0.0") as (listener, handler):
        idle = [
            await asyncio.open_connection("127.0.0.1", listener.port, local_addr=("127.0.0.3", 0)) for _ in range(60)
        ]
        await until(lambda: listener.handshakes == 10)
        assert len(listener.waiting) == 10
        async with dial(listener) as socket:
            assert await works(socket)
        # From the crowded address, too: it loses its oldest, which says nothing.
        async with dial(listener, local_addr=("127.0.0.3", 0)) as socket:
            assert await works(socket)
        for _, writer in idle:
            writer.close()
        await until(lambda: listener.handshakes == 0)
    assert len(handler.connections) == 2


async def test_half_open_sockets_of_many_addresses_lose_their_oldest_to_a_station() -> None:
    policy = Policy(handshakes=20, handshakes_per_address=5, silence=0, handshake=30, connects=100)
    async with listening(policy=policy, host="0.0.0.0") as (listener, _):
        idle = [
            await asyncio.open_connection("127.0.0.1", listener.port, local_addr=(f"127.0.1.{number}", 0))
            for number in range(1, 41)
        ]
        await until(lambda: listener.handshakes == 20)
        async with dial(listener) as socket:
            assert await works(socket)
        for _, writer in idle:
            writer.close()


def test_a_crowd_that_has_only_just_come_keeps_its_places_while_there_are_any() -> None:
    waiting = Handshakes(Policy(handshakes=8, handshakes_per_address=2, silence=60))
    assert [waiting.came(number, "192.0.2.1") for number in range(8)] == [None] * 8
    assert waiting.came(8, "192.0.2.1") == 0
    for number in range(1, 9):
        waiting.spoke(number)
    assert len(waiting) == 8


def test_an_address_beyond_its_share_loses_its_oldest_that_is_silent_once_places_are_scarce() -> None:
    waiting = Handshakes(Policy(handshakes=8, handshakes_per_address=2, silence=0))
    assert [waiting.came(number, "192.0.2.1") for number in range(5)] == [None, None, None, None, 0]
    waiting.spoke(1)
    assert waiting.came(5, "192.0.2.1") == 2
    assert waiting.came(6, "192.0.2.2") is None
    assert len(waiting) == 5
    for number in (3, 4, 5):
        waiting.spoke(number)
    assert waiting.came(7, "192.0.2.1") is None  # who has spoken is not counted
    for number in (1, 3, 4, 5, 6, 7):
        waiting.gone(number)
    assert len(waiting) == 0


def test_a_trusted_proxy_has_no_share_but_the_whole() -> None:
    waiting = Handshakes(Policy(handshakes=8, handshakes_per_address=2, silence=0, trusted_proxies=("10.0.0.0/8",)))
    assert [waiting.came(number, "10.0.0.1") for number in range(8)] == [None] * 8
    assert waiting.came(8, "192.0.2.1") == 0


def test_neighbours_of_the_sixth_version_share() -> None:
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::ffff:1") != neighbourhood("2001:db8:0:1::1")
    assert neighbourhood("192.0.2.1") == "192.0.2.1" == neighbourhood("::ffff:192.0.2.1")
    assert neighbourhood("") == ""


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["came", "spoke", "gone"]), st.integers(0, 30), st.integers(0, 3)), max_size=80
    )
)
def test_there_are_never_more_than_allowed_and_nobody_who_spoke_is_sent_away(steps: list[tuple[str, int, int]]) -> None:
    waiting = Handshakes(Policy(handshakes=6, handshakes_per_address=2, silence=0))
    inside: set[int] = set()
    spoken: set[int] = set()
    for step, number, address in steps:
        if step == "came" and number not in inside:
            inside.add(number)
            left = waiting.came(number, f"192.0.2.{address}")
            assert left not in spoken
            inside.discard(-1 if left is None else left)
        elif step == "spoke" and number in inside:
            waiting.spoke(number)
            spoken.add(number)
        elif step == "gone":
            waiting.gone(number)
            inside.discard(number)
            spoken.discard(number)
        assert len(waiting) == len(inside) <= 6


# Wrong passwords


async def test_wrong_passwords_from_elsewhere_lock_nobody_out() -> None:
    policy = Policy(
        failures_per_id=3, failures_per_address=100, failures_per_name=5, failure_delay=0.01, connects=100,
        trusted_proxies=("127.0.0.1",),
    )  # fmt: skip
    memory = Memory(station())
    async with listening(stations=memory, policy=policy) as (listener, _):
        for attacker in range(4):
            for _ in range(3):
                where = {"X-Forwarded-For": f"192.0.2.{100 + attacker}"}
                assert (await refused(dial(listener, password=WRONG, headers=where))).response.status_code == 401
            assert (await refused(dial(listener, headers=where))).response.status_code == 429
        assert memory.lookups == 12
        async with dial(listener, headers=HOME) as socket:  # never seen here before
            assert await works(socket)


@pytest.mark.parametrize(
    ("failures", "waits"), [(0, 0.0), (4, 0.0), (5, 0.5), (6, 0.5), (10, 1.0), (19, 1.5), (500, 2.0)]
)
def test_the_more_a_name_is_tried_from_everywhere_the_later_comes_the_refusal_up_to_a_bound(
    failures: int, waits: float
) -> None:
    policy = Policy(failures_per_name=5, failure_delay=2.0)
    by_name = Failures(policy.failures_per_name, 60)
    for _ in range(failures):
        by_name.add("a", 0.0)
    assert by_name.delay("a", 1.0, policy.failure_delay) == waits
    assert by_name.delay("a", 61.0, policy.failure_delay) == 0


async def test_a_name_that_is_tried_from_everywhere_is_answered_later() -> None:
    policy = Policy(failures_per_name=2, failure_delay=0.2, connects=100, trusted_proxies=("127.0.0.1",))
    async with listening(policy=policy) as (listener, _):
        loop = asyncio.get_running_loop()
        for _ in range(2):
            await refused(dial(listener, password=WRONG, headers=THIEF))
        started = loop.time()
        assert (await refused(dial(listener, password=WRONG, headers=HOME))).response.status_code == 401
        assert loop.time() - started >= 0.05
        async with dial(listener, password=SECRET, headers=HOME) as socket:
            assert await works(socket)
