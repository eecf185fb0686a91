"""Laws of sessions: order and repetition of messages change nothing, energy is conserved, states follow their arrows."""

from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.charging.sessions.engine.kit import Station, World, minutes, number_of

from gridloom.charging.ocpp.public import Version

AGAINST_THE_DATABASE = settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
"""Without making a failing example smaller: each costs a second."""
ARROWS = {
    (None, "pending"), (None, "active"), (None, "failed"), ("pending", "active"), ("active", "finished"),
    ("pending", "failed"), ("pending", "expired"), ("pending", "finished"),
}  # fmt: skip
"""The last one is two steps in one transaction: who charges is said after the end."""
SAME = (
    "status", "reason", "started_at", "stopped_at", "meter_start_wh", "meter_start_at", "meter_stop_wh", "meter_wh", "metered_at",
    "power_w", "peak_power_w", "soc_percent", "reported_state", "charging_state", "billing_status", "total_with_tax",
    "total_without_tax", "price_breakdown", "suspect",
)  # fmt: skip
PRICES = {"pricePerKwh": 0.35, "pricePerPeriod": 0.1, "pricePeriodInMinutes": 1, "idleFeePerMinute": 0.2}
STATES = st.sampled_from([None, "Charging", "SuspendedEV", "SuspendedEVSE"])
TOLD = st.tuples(st.integers(-300, 3000), st.none() | st.integers(0, 22000), st.none() | st.integers(0, 100), STATES)
COURSES = st.lists(TOLD, min_size=1, max_size=6)


@st.composite
def orders(draw: st.DrawFn) -> tuple[list[Any], list[int]]:
    """A course of a session, and an order in which its messages come; some come more than once."""
    course = draw(COURSES)
    count = len(course) + 2
    order = draw(st.permutations(range(count)))
    again = draw(st.lists(st.tuples(st.integers(0, count), st.integers(0, count - 1)), max_size=3))
    for place, message in again:
        order.insert(place, message)
    return course, list(order)


def registers(course: list[Any]) -> list[int]:
    """The register at the start and with each value."""
    found = [10_000]
    for rise, *_ in course:
        found.append(max(0, found[-1] + rise))
    return found


def events_201(station: Station, course: list[Any]) -> list[dict[str, Any]]:
    """Started, an Updated every four minutes, Ended."""
    known = registers(course)
    found = [station.event_of("Started", at=minutes(0), wh=known[0], token="CARD", sequence=0, state="Charging")]
    for place, (_, power, soc, state) in enumerate(course, 1):
        found.append(
            station.event_of(
                "Updated", at=minutes(4 * place), wh=known[place], power=power, soc=soc, state=state, sequence=place
            )
        )
    last = len(course) + 1
    found.append(
        station.event_of("Ended", at=minutes(4 * last), wh=known[-1] + 50, reason="EVDisconnected", sequence=last)
    )
    return found


async def seen(world: World) -> dict[str, Any]:
    """What stands in the end, of the newest session."""
    row = (await world.sessions())[-1]
    periods = await world.rows(
        "SELECT position, started_at, stopped_at, charging_state, energy_wh, total_with_tax FROM charging.session_period "
        "WHERE session_id = :id ORDER BY position", id=row["id"],
    )  # fmt: skip
    states = await world.rows(
        "SELECT at, state FROM charging.session_state WHERE session_id = :id ORDER BY at", id=row["id"]
    )
    return {**{name: row[name] for name in SAME}, "periods": periods, "states": states}


async def played(world: World, station: Station, messages: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """Say the messages, let a minute pass, and look; every state on the way follows an arrow."""
    before: str | None = None
    count = len(await world.sessions())
    with world.at(minutes(200)) as now:
        for action, payload in messages:
            await station.say(action, payload)
            rows = await world.sessions()
            if len(rows) == count:
                continue
            assert len(rows) == count + 1
            status = rows[-1]["status"]
            assert status == before or (before, status) in ARROWS
            before = status
        now.move(timedelta(minutes=1))
        await world.tick()
    return await seen(world)


async def priced_station(world: World, version: Version) -> Station:
    """A station with a price for everything, at which the card is welcome more than once."""
    station = await world.station(version=version)
    await world.price(station, "duration+energy", PRICES)
    if not await world.rows("SELECT id FROM charging.id_tag"):
        await world.tag(
            "CARD", await world.driver(sessions_allowed="multiple_simultaneous_sessions_remotely_and_idtags")
        )
    return station


def conserves(end: dict[str, Any]) -> None:
    """What periods were given is what the registers say."""
    delivered = end["meter_stop_wh"] - end["meter_start_wh"]
    assert sum(each["energy_wh"] for each in end["periods"]) == delivered
    assert delivered >= 0


@AGAINST_THE_DATABASE
@given(drawn=orders())
async def test_any_order_and_repetition_of_events_makes_the_same_session_on_2_0_1(
    world: World, drawn: tuple[list[Any], list[int]]
) -> None:
    course, order = drawn
    station = await priced_station(world, Version.V201)
    events = events_201(station, course)
    straight = await played(world, station, [("TransactionEvent", each) for each in events])
    station = await priced_station(world, Version.V201)
    mixed = await played(world, station, [("TransactionEvent", events[place]) for place in order])
    assert {name: (value, straight[name]) for name, value in mixed.items() if value != straight[name]} == {}
    assert straight["status"] == "finished"
    conserves(straight)


@AGAINST_THE_DATABASE
@given(drawn=orders())
async def test_any_order_and_repetition_of_what_follows_a_start_makes_the_same_session_on_1_6(
    world: World, drawn: tuple[list[Any], list[int]]
) -> None:
    course, order = drawn
    straight = await played_16(world, course, list(range(1, len(course) + 2)))
    mixed = await played_16(world, course, [place for place in order if place])
    assert {name: (value, straight[name]) for name, value in mixed.items() if value != straight[name]} == {}
    assert straight["status"] == "finished"
    conserves(straight)


async def played_16(world: World, course: list[Any], order: list[int]) -> dict[str, Any]:
    """The same course as a 1.6 station tells it: the start, which it repeats, then the rest in this order."""
    station = await priced_station(world, Version.V16)
    known = registers(course)
    with world.at(minutes(200)):
        number = number_of(await station.start16(meter=known[0]))
    start = {"connectorId": 1, "idTag": "CARD", "meterStart": known[0], "timestamp": "2026-06-10T12:00:00Z"}
    messages: list[tuple[str, dict[str, Any]]] = []
    for place in order:
        at = (minutes(4 * place)).isoformat()
        if place == len(course) + 1:
            messages.append(
                ("StopTransaction", {"transactionId": number, "meterStop": known[-1] + 50, "timestamp": at})
            )
            continue
        _, power, soc, _ = course[place - 1]
        told = {"Energy.Active.Import.Register": known[place], "Power.Active.Import": power, "SoC": soc}
        sampled = [{"measurand": name, "value": str(value)} for name, value in told.items() if value is not None]
        messages.append((
            "MeterValues",
            {"connectorId": 1, "transactionId": number, "meterValue": [{"timestamp": at, "sampledValue": sampled}]},
        ))  # fmt: skip
        messages.append(("StartTransaction", start))
    with world.at(minutes(200)) as now:
        for action, payload in messages:
            await station.say(action, payload)
        now.move(timedelta(minutes=1))
        await world.tick()
    return await seen(world)


FIRST = st.lists(st.tuples(st.integers(0, 80), st.integers(0, 9000)), max_size=5)
SECOND = st.lists(st.tuples(st.integers(36, 80), st.integers(0, 9000)), max_size=5)
ALONE = ("started_at", "stopped_at", "meter_start_wh", "meter_stop_wh", "peak_power_w", "total_with_tax")


@AGAINST_THE_DATABASE
@given(
    first=FIRST, second=SECOND, stops=st.tuples(st.integers(0, 9000), st.integers(0, 9000)), seed=st.integers(0, 2**16)
)
async def test_two_sessions_of_one_evse_never_see_each_others_values_in_any_order(
    world: World, first: list[Any], second: list[Any], stops: tuple[int, int], seed: int
) -> None:
    # What each of them tells alone, at a station of its own, is what it is worth beside the other.
    alone = [
        await together(world, [(0, 0, first, 30, stops[0])], None),
        await together(world, [(40, 0, second, 70, stops[1])], None),
    ]
    both = [(0, 0, first, 30, stops[0]), (40, 0, second, 70, stops[1])]
    expected = [each for (each,) in alone]
    assert await together(world, both, None) == expected
    assert await together(world, both, seed) == expected


async def together(world: World, courses: list[Any], seed: int | None) -> list[dict[str, Any]]:
    """Sessions (start, register, values, stop, register) of one EVSE, one after the other, or the starts and then all else in the
    order of a seed; what stands of them in the end."""
    station = await priced_station(world, Version.V16)
    with world.at(minutes(200)) as now:
        later = []
        for start, register, values, stop, last in courses:
            number = number_of(await station.start16(at=minutes(start), meter=register))
            said = [
                partial(station.values16, number, at=minutes(at), wh=wh, power=wh) for at, wh in values if at <= stop
            ]
            said.append(partial(station.stop16, number, at=minutes(stop), meter=last))
            late = [
                partial(station.values16, number, at=minutes(at), wh=wh, power=wh) for at, wh in values if at > stop
            ]
            if seed is None:
                for each in said:
                    await each()
                said = []
            later += [*said, *late]
        if seed is not None:
            Random(seed).shuffle(later)
        for each in later:
            await each()
        now.move(timedelta(minutes=1))
        await world.tick()
    rows = (await world.sessions())[-len(courses) :]
    return [{name: row[name] for name in ALONE} for row in rows]
