"""What a meter sends counts the same for the community as for whoever reads the meter, in whatever form it comes."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.journeys.cooperative import FED, SHARED, TAKEN, Cooperative, begin, instant, ms, quarters
from tests.journeys.street import DAY, HOUSE, NEXT, REGISTER, ROOF, column, consumption, street

from gridloom.kernel.events.handlers import Handlers, discover
from gridloom.kernel.events.relay import Relay

FIVE_MINUTES_MS = 300_000
MEASURED, PREDICTED, ESTIMATED = 1, 2, 4


async def put(cooperative: Cooperative, sensor: dict[str, int], moid: int, unit: str = "kW.h", **data: Any) -> None:
    """Values with all that may stand beside them."""
    body = [{**sensor, "signal_type_moid": moid, "unit": unit, "data": data}]
    answer = await cooperative.meters.put("/api/sensors/signals/data/v2", json=body)
    assert answer.status_code == 200, answer.text


async def test_a_value_that_is_taken_back_is_missing_in_the_next_settlement(cooperative: Cooperative) -> None:
    await street(cooperative)
    house, roof = await cooperative.sensor(HOUSE, "House"), await cooperative.sensor(ROOF, "Roof")
    times = [ms(time) for time in quarters(DAY)]
    await put(cooperative, house, TAKEN, time=times, value=[0.25] * 96)
    await put(cooperative, roof, FED, time=times, value=[0.125] * 96)
    first = await cooperative.settle(DAY, DAY)
    assert (first["missing_count"], first["totals"]["shared"]) == (0, 12)
    await put(cooperative, house, TAKEN, time=times[:1], value=[0.0], type=["RM"])
    shown, shared = await consumption(cooperative, HOUSE, "timestamps", "shared")
    assert (shown, shared) == ([instant(time) for time in quarters(DAY)[1:]], [Decimal("0.125")] * 95)
    # The roof still gave it; nobody took it.
    assert (await consumption(cooperative, ROOF, "inj_shared"))[0][0] == 0
    second = await cooperative.settle(DAY, DAY)
    assert (second["version"], second["missing_count"], second["totals"]["shared"]) == (2, 1, Decimal("11.875"))
    told = await cooperative.call("GET", f"/settlements/{second['id']}/differences", "/settlements/{id}/differences")
    assert {each["EAN"]: each["reasons"] for each in told} == {HOUSE: ["readings"], ROOF: ["others"]}


async def test_what_is_measured_counts_before_an_estimate_and_a_prediction_never(cooperative: Cooperative) -> None:
    await street(cooperative)
    house, roof = await cooperative.sensor(HOUSE, "House"), await cooperative.sensor(ROOF, "Roof")
    times = [ms(time) for time in quarters(DAY)[:2]]
    await put(cooperative, roof, FED, time=times, value=[1.0, 1.0])
    await put(cooperative, house, TAKEN, time=times, value=[0.7, 0.7], origin=[PREDICTED] * 2)
    assert await consumption(cooperative, HOUSE, "gross", "shared") == [[], []]
    await put(cooperative, house, TAKEN, time=times, value=[0.4, 0.5], origin=[ESTIMATED] * 2)
    estimated = [Decimal("0.4"), Decimal("0.5")]
    assert await consumption(cooperative, HOUSE, "gross", "shared") == [estimated, estimated]
    await put(cooperative, house, TAKEN, time=times[:1], value=[0.3], origin=[MEASURED])
    both = [Decimal("0.3"), Decimal("0.5")]
    assert await consumption(cooperative, HOUSE, "gross", "shared") == [both, both]
    assert await consumption(cooperative, ROOF, "inj_shared") == [both]


async def test_watt_hours_every_five_minutes_are_shared_by_quarter_hours(cooperative: Cooperative) -> None:
    """The roof gives quarter hours, the house five minutes: shared by quarter, and spread by what the house took."""
    await street(cooperative)
    house, roof = await cooperative.sensor(HOUSE, "House"), await cooperative.sensor(ROOF, "Roof")
    start = ms(begin(DAY))
    fives = [start + n * FIVE_MINUTES_MS for n in range(6)]
    await put(cooperative, house, TAKEN, "W.h", time=fives, value=[100, 0, 300, 50, 50, 0])
    await put(cooperative, roof, FED, "W.h", time=[start, fives[3]], value=[200, 200])
    gross, shared, net = await consumption(cooperative, HOUSE, "gross", "shared", "net")
    assert gross == [Decimal(each) for each in ("0.1", "0", "0.3", "0.05", "0.05", "0")]
    assert shared == [Decimal(each) for each in ("0.05", "0", "0.15", "0.05", "0.05", "0")]
    assert [g - s for g, s in zip(gross, shared, strict=True)] == net
    assert await consumption(cooperative, ROOF, "inj_shared") == [[Decimal("0.2"), Decimal("0.1")]]
    assert (await cooperative.measured(house, SHARED, begin(DAY), begin(NEXT)))["value"] == shared
    body = await cooperative.of_operation(date_start=str(DAY), date_end=str(DAY))
    assert (body["gross"], body["shared"]) == ([Decimal("0.4"), Decimal("0.1")], [Decimal("0.2"), Decimal("0.1")])


async def of_day(cooperative: Cooperative, sensor: dict[str, int]) -> Decimal:
    """What the metering API says that a register counted on the day."""
    path = f"/api/sensors/{sensor['client_cid']}.{sensor['sensor_mid']}/signals/{REGISTER}/data"
    window = {"since": ms(begin(DAY)), "till": ms(begin(NEXT)), "calendar": "day", "zone": "Europe/Brussels"}
    answer = await cooperative.meters.get(path, params=window)
    assert answer.status_code == 200, answer.text
    (value,) = answer.json()["data"]["value"]
    return Decimal(str(value))


async def total(cooperative: Cooperative) -> Decimal:
    (gross,) = await consumption(cooperative, HOUSE, "gross")
    return sum(gross, Decimal(0))


def registers(shows: Sequence[str]) -> list[tuple[datetime, Decimal]]:
    """The register at the beginning of each quarter hour of the day, and at the end of it, last values repeated."""
    times = [*quarters(DAY), begin(NEXT)]
    values = [Decimal(each) for each in shows]
    return [(time, values[min(n, len(values) - 1)]) for n, time in enumerate(times)]


async def test_a_register_counts_as_much_for_the_community_as_in_the_metering_api(cooperative: Cooperative) -> None:
    await street(cooperative)
    house = await cooperative.sensor(HOUSE, "House")
    await cooperative.measure(house, REGISTER, registers(["100", "100.1", "100.4", "101"]))
    assert await of_day(cooperative, house) == 1
    assert await total(cooperative) == 1


async def test_a_register_behind_a_transformer_counts_by_its_factor_for_both(cooperative: Cooperative) -> None:
    """A meter that measures a fortieth of the current: the sensor's `info` says so."""
    await street(cooperative)
    house = await cooperative.sensor(HOUSE, "House")
    key = f"/api/sensors/{house['client_cid']}.{house['sensor_mid']}"
    changed = await cooperative.meters.put(key, params={"info": '{"multiplier": 40}'})
    assert changed.status_code in (200, 204), changed.text
    await cooperative.measure(house, REGISTER, registers(["100", "100.1", "100.4", "101"]))
    assert await of_day(cooperative, house) == 40
    assert await total(cooperative) == 40


async def test_amounts_behind_a_transformer_are_the_same_for_both(cooperative: Cooperative) -> None:
    await street(cooperative)
    house = await cooperative.sensor(HOUSE, "House")
    key = f"/api/sensors/{house['client_cid']}.{house['sensor_mid']}"
    await cooperative.meters.put(key, params={"info": '{"multiplier": 40}'})
    await cooperative.measure(house, TAKEN, column(["0.1", "0.2"]))
    data = await cooperative.measured(house, TAKEN, begin(DAY), begin(NEXT))
    assert sum(data["value"]) == await total(cooperative)


@pytest.mark.parametrize("noted", [True, False], ids=["both registers noted", "nothing noted"])
async def test_a_meter_change_at_noon_loses_nothing_for_either(cooperative: Cooperative, noted: bool) -> None:
    """The old meter goes with 108.5, the new one begins at 3: what was counted goes on."""
    await street(cooperative)
    house = await cooperative.sensor(HOUSE, "House")
    change = ms(quarters(DAY)[48])
    states: list[tuple[dict[str, Any], dict[str, float]]] = [
        ({"till": change, "meter_eid": "OLD"}, {"value_for_since": 100.0, "value_for_till": 108.5}),
        ({"since": change, "meter_eid": "NEW"}, {"value_for_since": 3.0}),
    ]
    for state, ends in states:
        made = await cooperative.meters.post("/api/sensors/states", params={**house, **state})
        assert made.status_code == 201, made.text
        if noted:
            path = f"/api/sensors/states/{made.json()['sensor_state_id']}/signals"
            written = await cooperative.meters.post(path, params={"signal_type_moid": REGISTER, **ends})
            assert written.status_code == 201, written.text
    times = [*quarters(DAY), begin(NEXT)]
    old = [(time, Decimal(100) + Decimal(n) / 10) for n, time in enumerate(times[:48])]
    new = [(time, Decimal(3) + Decimal(n) / 10) for n, time in enumerate(times[48:])]
    await cooperative.measure(house, REGISTER, [*old, *new])
    # 47 steps of 0.1 up to 104.7, what the old meter still counted if somebody read it, and 48 steps of the new one.
    expected = Decimal("13.3") if noted else Decimal("9.5")
    assert await of_day(cooperative, house) == expected
    assert await total(cooperative) == expected


async def test_a_factor_that_is_noted_late_changes_what_was_shared_and_the_next_settlement_says_why(
    cooperative: Cooperative,
) -> None:
    await street(cooperative)
    house, roof = await cooperative.sensor(HOUSE, "House"), await cooperative.sensor(ROOF, "Roof")
    await cooperative.measure(house, REGISTER, registers([f"{n / 10}" for n in range(1000, 1097)]))
    await cooperative.measure(roof, FED, [(time, Decimal(1)) for time in quarters(DAY)])
    first = await cooperative.settle(DAY, DAY)
    assert (first["version"], first["totals"]["shared"]) == (1, Decimal("9.6"))
    assert sum((await consumption(cooperative, HOUSE, "shared"))[0]) == Decimal("9.6")
    key = f"/api/sensors/{house['client_cid']}.{house['sensor_mid']}"
    noted = await cooperative.meters.put(key, params={"info": '{"multiplier": 4}'})
    assert noted.status_code == 200, noted.text
    listens = Handlers({"communities.recounted": discover().known["communities.recounted"]})
    await Relay(cooperative.meters.application.database, handlers=listens).drain()
    gross, shared = await consumption(cooperative, HOUSE, "gross", "shared")
    assert (sum(gross), sum(shared)) == (Decimal("38.4"), Decimal("38.4"))
    assert await of_day(cooperative, house) == Decimal("38.4")
    second = await cooperative.settle(DAY, DAY)
    assert (second["version"], second["totals"]["shared"]) == (2, Decimal("38.4"))
    told = await cooperative.call("GET", f"/settlements/{second['id']}/differences", "/settlements/{id}/differences")
    assert {each["EAN"]: each["reasons"] for each in told} == {HOUSE: ["readings"], ROOF: ["others"]}
