"""A session as the price sees it: its registers over time from the series, the states that the station told."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from gridloom.charging.pricing.engine.public import Reading, State, StateChange, Timeline
from gridloom.charging.sessions.apart import Sight, sights
from gridloom.charging.sessions.rules import Doubt, floored, trusted
from gridloom.charging.sessions.store import Row
from gridloom.core.series import public as series
from gridloom.kernel.clock import from_ms
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

REGISTER, POWER, SOC = "Energy.Active.Import.Register", "Power.Active.Import", "SoC"
LOCATIONS = ("Outlet", "Cable", "Body", "Inlet", "EV")
"""Where a value was measured, the place that counts first."""

_MILLISECOND = timedelta(milliseconds=1)
_CHANNELS = sql(
    "SELECT measurand, location, channel_id FROM charging.session_channel WHERE evse_id = :evse AND phase = '' "
    "AND measurand IN ('Energy.Active.Import.Register', 'Power.Active.Import', 'SoC')"
)
_STATES = sql("SELECT at, state FROM charging.session_state WHERE session_id = :session ORDER BY at")


class Account(NamedTuple):
    """A timeline, and the registers in it that were not trusted."""

    timeline: Timeline
    doubts: list[Doubt]


async def timeline_of(tx: Tx, session: Row, until: datetime) -> Timeline:
    """Readings, states and ends of a session, up to its stop, or up to `until` while it runs. Wh, W and %."""
    return (await account_of(tx, session, until)).timeline


async def account_of(tx: Tx, session: Row, until: datetime) -> Account:
    """The same, with what was left out of it. Only registers that `rules.trusted` believes are in it."""
    start = session["started_at"]
    stop = max(start, session["stopped_at"] or floored(until))
    sight = (await sights(tx, [session["id"]]))[session["id"]]
    told = await _told(tx, session["evse_id"], start, stop, sight)
    registers = told[REGISTER]
    readings = [Reading(at, wh) for at, wh in registers.items() if start <= at <= stop]
    if session["meter_start_wh"] is not None:
        begins = max(start, min(session["meter_start_at"] or start, stop))
        readings = [each for each in readings if each.at > begins]
        readings.append(Reading(begins, session["meter_start_wh"]))
    stop_wh = session["reported_stop_wh"] if session["stopped_at"] is not None else None
    if stop_wh is not None:
        readings.append(Reading(stop, stop_wh))
    good, doubts = trusted(readings, sight.max_power_w, stop_wh=stop_wh)
    states = [StateChange(row["at"], State(row["state"])) for row in await tx.all(_STATES, session=session["id"])]
    timeline = Timeline(
        started_at=start,
        stopped_at=stop,
        readings=tuple(_joined(good, told[POWER], told[SOC])),
        states=tuple(states),
    )
    return Account(timeline, doubts)


async def _told(
    tx: Tx, evse_id: int, start: datetime, stop: datetime, sight: Sight
) -> dict[str, dict[datetime, Decimal]]:
    """Values that a session sees by measurand and instant; of several places the first in LOCATIONS that told any."""
    channels = {(row["measurand"], row["location"]): row["channel_id"] for row in await tx.all(_CHANNELS, evse=evse_id)}
    read: Mapping[int, series.Readings] = {}
    if channels and sight.reads:
        read = await series.read_many(tx, list(channels.values()), start, stop + _MILLISECOND, newest=False)
    found: dict[str, dict[datetime, Decimal]] = {}
    for measurand in (REGISTER, POWER, SOC):
        for location in LOCATIONS:
            values = sight.inside(measurand, location, start, stop)
            if (known := read.get(channels.get((measurand, location), 0))) is not None:
                values = merged(values, _highest(known), sight)
            if values:
                break
        found[measurand] = values
    return found


def merged(own: Mapping[datetime, Decimal], told: Mapping[datetime, Decimal], sight: Sight) -> dict[datetime, Decimal]:
    """What a session sees of the values of its EVSE, and its own; the higher of two of one instant."""
    values = dict(own)
    for at, value in told.items():
        if sight.sees(at):
            values[at] = max(value, values.get(at, value))
    return values


def _highest(readings: series.Readings) -> dict[datetime, Decimal]:
    """One value an instant. Where a station told two, the higher holds, whichever came first; what was removed is none."""
    values: dict[int, float] = {}
    for ms, value in zip(readings.time_ms.tolist(), readings.value.tolist(), strict=True):
        # By capture time, then acquisition: a removal takes back what stood before it.
        if np.isnan(value):
            values.pop(ms, None)
        else:
            values[ms] = max(value, values.get(ms, value))
    # A float stands for the shortest decimal that reads back as the same one.
    return {from_ms(ms): Decimal(repr(value)) for ms, value in values.items()}


def _joined(good: list[Reading], power: Mapping[datetime, Decimal], soc: Mapping[datetime, Decimal]) -> list[Reading]:
    """Registers with power and state of charge at their instants; told without a register, at the one between its neighbours."""
    known = {each.at for each in good}
    line = Timeline(started_at=good[0].at, stopped_at=good[-1].at, readings=tuple(good)) if good else None
    between = sorted((power.keys() | soc.keys()) - known)
    more = [Reading(at, Decimal(0) if line is None else line.register_wh(at)) for at in between]
    return [Reading(each.at, each.energy_wh, power.get(each.at), soc.get(each.at)) for each in (*good, *more)]
