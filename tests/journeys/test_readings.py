"""A cooperative's meters, from a file of readings to hours, days and months, over HTTP and to the last digit.

What is expected is computed here from the file alone, with decimals and the calendar of the standard library.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.suites.client import Caller, Callers

from gridloom.samples.readings import energy, meters

BRUSSELS = ZoneInfo("Europe/Brussels")
IMPORT, EXPORT = 132, 134


def ms(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


async def register(caller: Caller) -> dict[str, tuple[str, int]]:
    """A sensor for every meter of the sample: EAN -> (key in paths, signal of its amounts)."""
    found = {}
    for meter in meters():
        params = {"client_cid": 1, "name": meter.name, "sensor_eid": meter.ean, "lat": meter.lat, "lon": meter.lon}
        answer = await caller.post("/api/sensors", params=params)
        assert answer.status_code == 201, answer.text
        key = answer.json()
        found[meter.ean] = (f"{key['client_cid']}.{key['sensor_mid']}", meter.signal + 100)
    return found


async def load(caller: Caller, sensors: dict[str, tuple[str, int]]) -> dict[str, list[tuple[datetime, Decimal]]]:
    """Everything in one request, as an aggregator would send it."""
    amounts = energy()
    body = []
    for ean, (key, moid) in sensors.items():
        cid, mid = key.split(".")
        data = {"time": [ms(time) for time, _ in amounts[ean]], "value": [float(value) for _, value in amounts[ean]]}
        body.append(
            {"client_cid": int(cid), "sensor_mid": int(mid), "signal_type_moid": moid, "unit": "kW.h", "data": data}
        )
    answer = await caller.put("/api/sensors/signals/data/v2", json=body)
    assert answer.status_code == 200, answer.text
    return amounts


async def read(caller: Caller, sensor: tuple[str, int], **params: Any) -> dict[str, Any]:
    key, moid = sensor
    answer = await caller.get(f"/api/sensors/{key}/signals/{moid}/data", params=params)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


async def test_readings_come_back_raw_hourly_daily_and_monthly_to_the_last_digit(callers: Callers) -> None:
    caller = await callers.with_scopes("metering", ["*"])
    sensors = await register(caller)
    amounts = await load(caller, sensors)
    first = min(time for column in amounts.values() for time, _ in column)
    last = max(time for column in amounts.values() for time, _ in column) + timedelta(minutes=15)
    window = {"since": ms(first), "till": ms(last), "get_last": "true"}
    lengths = set()
    for ean, sensor in sensors.items():
        raw = await read(caller, sensor, **window)
        assert raw["time"] == [ms(time) for time, _ in amounts[ean]]
        assert raw["value"] == [float(value) for _, value in amounts[ean]]

        hours: dict[int, Decimal] = defaultdict(Decimal)
        days: dict[int, Decimal] = defaultdict(Decimal)
        months: dict[int, Decimal] = defaultdict(Decimal)
        quarters: dict[int, int] = defaultdict(int)
        for time, value in amounts[ean]:
            local = time.astimezone(BRUSSELS)
            hours[ms(time.replace(minute=0))] += value
            day = local.replace(hour=0, minute=0, fold=0)
            days[ms(day)] += value
            quarters[ms(day)] += 1
            months[ms(local.replace(day=1, hour=0, minute=0, fold=0))] += value
        lengths |= set(quarters.values())

        hourly = await read(caller, sensor, **window, delta_t=60)
        assert dict(zip(hourly["time"], hourly["value"], strict=True)) == {t: float(v) for t, v in hours.items()}
        daily = await read(caller, sensor, **window, calendar="day", zone="Europe/Brussels")
        assert dict(zip(daily["time"], daily["value"], strict=True)) == {t: float(v) for t, v in days.items()}
        monthly = await read(caller, sensor, **window, calendar="month", zone="Europe/Brussels")
        assert dict(zip(monthly["time"], monthly["value"], strict=True)) == {t: float(v) for t, v in months.items()}
        exact = sum((Decimal(repr(value)) for value in raw["value"]), Decimal())
        assert exact == sum((value for _, value in amounts[ean]), Decimal())
    assert 92 in lengths, "the sample has no day of 23 hours"


async def test_loading_the_same_readings_twice_changes_nothing(callers: Callers) -> None:
    caller = await callers.with_scopes("metering", ["*"])
    sensors = await register(caller)
    amounts = await load(caller, sensors)
    await load(caller, sensors)
    ean, sensor = next(iter(sensors.items()))
    start = ms(amounts[ean][0][0])
    history = await read(caller, sensor, since=start, till=start + 86_400_000)
    assert len(history["time"]) == 96
    assert len(set(history["acq"])) == 1


async def test_a_meter_change_leaves_no_jump(callers: Callers) -> None:
    """A register at 998 kW.h is replaced by a new meter at 3 kW.h: what was counted goes on, factor and all."""
    caller = await callers.with_scopes("metering", ["*"])
    answer = await caller.post("/api/sensors", params={"client_cid": 1, "name": "Old and new"})
    key = f"1.{answer.json()['sensor_mid']}"
    start = datetime(2026, 3, 10, tzinfo=UTC)
    change = start + timedelta(hours=2)
    old = {"client_cid": 1, "sensor_mid": answer.json()["sensor_mid"], "till": ms(change), "meter_eid": "OLD"}
    new = {"client_cid": 1, "sensor_mid": answer.json()["sensor_mid"], "since": ms(change), "meter_eid": "NEW"}
    new["info"] = '{"multiplier": 10}'
    for state, ends in ((old, {"value_for_since": 990.0, "value_for_till": 998.5}), (new, {"value_for_since": 3.0})):
        made = await caller.post("/api/sensors/states", params=state)
        assert made.status_code == 201, made.text
        path = f"/api/sensors/states/{made.json()['sensor_state_id']}/signals"
        noted = await caller.post(path, params={"signal_type_moid": 32, **ends})
        assert noted.status_code == 201, noted.text
    times = [ms(start + timedelta(hours=n)) for n in range(5)]
    data = {"time": times, "value": [990.0, 994.0, 3.0, 3.4, 4.0]}
    written = await caller.put(f"/api/sensors/{key}/signals/32/data/v2", json={"data": data})
    assert written.status_code == 200, written.text
    window = {"since": times[0], "till": times[-1] + 1}
    corrected = await read(caller, (key, 32), **window, get_last="true")
    assert corrected["value"] == [0.0, 4.0, 8.5, 12.5, 18.5]
    plain = await read(caller, (key, 32), **window, get_last="true", raw="true")
    assert plain["value"] == [990.0, 994.0, 3.0, 3.4, 4.0]
    hourly = await read(caller, (key, 32), since=times[0], till=times[-1], delta_t=60)
    assert hourly["value"] == [4.0, 4.5, 4.0, 6.0]
    overlap = await caller.post("/api/sensors/states", params={**new, "since": ms(start + timedelta(hours=1))})
    assert overlap.status_code == 409


async def test_what_the_old_meter_counted_stays_on_its_day(callers: Callers) -> None:
    """The old meter (factor 40) goes at midnight with 110; its last reading was 109 an hour before. The new one starts at 0."""
    caller = await callers.with_scopes("metering", ["*"])
    answer = await caller.post("/api/sensors", params={"client_cid": 1, "name": "Changed at midnight"})
    mid = answer.json()["sensor_mid"]
    midnight = datetime(2026, 4, 2, tzinfo=BRUSSELS)
    start, end = midnight - timedelta(days=1), midnight + timedelta(days=1)
    ends = (
        ({"till": ms(midnight), "info": '{"multiplier": 40}'}, {"value_for_since": 100.0, "value_for_till": 110.0}),
        ({"since": ms(midnight)}, {"value_for_since": 0.0}),
    )
    for state, registers in ends:
        made = await caller.post("/api/sensors/states", params={"client_cid": 1, "sensor_mid": mid, **state})
        path = f"/api/sensors/states/{made.json()['sensor_state_id']}/signals"
        assert (await caller.post(path, params={"signal_type_moid": 32, **registers})).status_code == 201
    readings = [
        (start, 100.0),
        (midnight - timedelta(hours=1), 109.0),
        (midnight + timedelta(hours=1), 1.0),
        (end, 3.0),
    ]
    data = {"time": [ms(time) for time, _ in readings], "value": [value for _, value in readings]}
    await caller.put(f"/api/sensors/1.{mid}/signals/32/data/v2", json={"data": data})
    days = await read(caller, (f"1.{mid}", 32), since=ms(start), till=ms(end), calendar="day", zone="Europe/Brussels")
    assert days["value"] == [400.0, 3.0]
