"""States that stations tell: their words, their clocks, and how they are written together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from gridloom.charging.csms.gathering import Gathering
from gridloom.charging.csms.turns import Turns
from gridloom.charging.ocpp.public import Payload, Version, instant
from gridloom.charging.stations.public import HardwareStatus, Place, append_hardware_statuses, evses_numbered
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

log = structlog.get_logger(__name__)

# A station that was away for longer than this does not replay; its clock has not been set.
OLDEST = timedelta(days=30)

WORDS = {
    "Available": "available",
    "Preparing": "preparing",
    "Charging": "charging",
    "SuspendedEV": "suspendedEV",
    "SuspendedEVSE": "suspendedEVSE",
    "Finishing": "finishing",
    "Reserved": "reserved",
    "Unavailable": "unavailable",
    "Faulted": "faulted",
    "Occupied": "occupied",
}
# What a station as a whole can be; the other words are an EVSE's, and say of the station that it works.
OF_STATION = {"Unavailable": "unavailable", "Faulted": "faulted"}
# Of several connectors of an EVSE the one that is in use speaks for it; it can be used as long as one of them can.
RANK = ("Occupied", "Reserved", "Available", "Unavailable", "Faulted")

_CONNECTORS = sql(
    "SELECT charge_point_id AS station, connectors FROM charging.station_seat "
    "WHERE charge_point_id = ANY(CAST(:stations AS bigint[])) ORDER BY charge_point_id FOR NO KEY UPDATE"
)
_KEEP = sql(
    "UPDATE charging.station_seat s SET connectors = v.connectors "
    "FROM unnest(CAST(:stations AS bigint[]), CAST(:connectors AS jsonb[])) v (station, connectors) "
    "WHERE s.charge_point_id = v.station"
)
_SUSPECT = sql("""
    INSERT INTO charging.suspect_report (tenant_id, charge_point_id, action, reason, payload, at)
    SELECT :tenant, :station, :action, :reason, :payload, :at
    WHERE (SELECT count(*) FROM charging.suspect_report WHERE charge_point_id = :station) < 100
        OR EXISTS (SELECT FROM charging.suspect_report
            WHERE charge_point_id = :station AND action = :action AND reason = :reason)
    ON CONFLICT (tenant_id, charge_point_id, action, reason) DO UPDATE
        SET payload = excluded.payload, at = excluded.at, count = suspect_report.count + 1
    RETURNING count
""")


@dataclass(frozen=True, slots=True)
class Told:
    """A state as a station told it. evse: its number within the station, 0 for the whole. connector: 2.0.1 only."""

    charge_point_id: int
    version: Version
    evse: int
    connector: int
    word: str
    at: datetime
    received_at: datetime
    error_code: str
    payload: Payload

    @classmethod
    def of(cls, charge_point_id: int, version: Version, payload: Payload, received_at: datetime) -> "Told":
        """From a StatusNotification of either version."""
        at = plausible(payload.get("timestamp"), received_at)
        if version is Version.V16:
            number, word, code = payload["connectorId"], payload["status"], payload["errorCode"]
            return cls(charge_point_id, version, number, 1, word, at, received_at, code, payload)
        word = payload["connectorStatus"]
        code = "OtherError" if word == "Faulted" else "NoError"
        return cls(
            charge_point_id, version, payload["evseId"], payload["connectorId"], word, at, received_at, code, payload
        )


def plausible(told: str | None, received_at: datetime) -> datetime:
    """When it was so: what the station says, unless its clock is ahead of ours, or was never set."""
    if told is None:
        return received_at
    at = instant(told)
    return at if received_at - OLDEST <= at <= received_at else received_at


class Statuses:
    """An application part: writes the states that come at the same time in one transaction of their tenant."""

    def __init__(self, database: Database, turns: Turns) -> None:
        self._database, self._turns = database, turns
        self._told: Gathering[int, Told] = Gathering(self._write)

    async def keep(self, tenant: int, told: Told) -> None:
        """Write it; returns after the commit."""
        await self._told.add(tenant, told)

    async def _write(self, tenant: int, items: list[Told]) -> None:
        async with self._turns, self._database.tenant(tenant) as tx:
            for told in _rounds(items):
                await _keep(tx, told)


def _rounds(items: Sequence[Told]) -> list[list[Told]]:
    """One state of each station at a time, in the order in which they came: nearly always this is a single round."""
    rounds: list[dict[int, Told]] = []
    for told in items:
        place = next((each for each in rounds if told.charge_point_id not in each), None)
        if place is None:
            rounds.append(place := {})
        place[told.charge_point_id] = told
    # In one order, so that two processes do not wait for each other.
    return [[each[station] for station in sorted(each)] for each in rounds]


async def _keep(tx: Tx, items: Sequence[Told]) -> None:
    """States of several stations, one of each."""
    evses = await evses_numbered(tx, ((told.charge_point_id, told.evse) for told in items if told.evse))
    known = [told for told in items if not told.evse or (told.charge_point_id, told.evse) in evses]
    words = await _words(tx, [told for told in known if told.evse and told.version is Version.V201])
    await append_hardware_statuses(tx, [_state(told, evses, words) for told in known])
    for told in items:
        if told.evse and (told.charge_point_id, told.evse) not in evses:
            reason = f"no EVSE {told.evse}"
            await suspect(tx, told.charge_point_id, "StatusNotification", reason, told.payload, told.received_at)


def _state(told: Told, evses: Mapping[tuple[int, int], Place], words: Mapping[int, str]) -> HardwareStatus:
    station, payload, evse = told.charge_point_id, told.payload, None
    if told.evse:
        evse, station = evses[told.charge_point_id, told.evse]
        status = WORDS[words.get(told.charge_point_id, told.word)]
    else:
        status = OF_STATION.get(told.word, "available")
    if told.version is not Version.V16:
        return HardwareStatus(station, evse, status, told.at, told.error_code)
    return HardwareStatus(
        station, evse, status, told.at, told.error_code, payload.get("vendorId"), payload.get("info"),
        payload.get("vendorErrorCode"),
    )  # fmt: skip


async def _words(tx: Tx, items: Sequence[Told]) -> dict[int, str]:
    """What the EVSEs are, after one connector of each has told its state, by station."""
    if not items:
        return {}
    rows = await tx.all(_CONNECTORS, stations=[told.charge_point_id for told in items])
    seats = {row["station"]: row["connectors"] for row in rows}
    words: dict[int, str] = {}
    changed: dict[int, dict[str, dict[str, str]]] = {}
    for told in items:
        known: dict[str, dict[str, str]] = seats.get(told.charge_point_id, {})
        of_evse = known.setdefault(str(told.evse), {})
        if of_evse.get(str(told.connector)) != told.word and (len(of_evse) < 16 or str(told.connector) in of_evse):
            of_evse[str(told.connector)] = told.word
            changed[told.charge_point_id] = known
        words[told.charge_point_id] = min(of_evse.values(), key=RANK.index)
    if changed:
        await tx.run(_KEEP, stations=list(changed), connectors=list(changed.values()))
    return words


async def suspect(tx: Tx, station: int, action: str, reason: str, payload: Payload, at: datetime) -> None:
    """Keep a message that does not fit, without believing it; at most 100 kinds of a station."""
    count = await tx.scalar(
        _SUSPECT, tenant=tx.tenant, station=station, action=action, reason=reason, payload=payload, at=at
    )
    if count == 1:
        log.warning("station_message_suspect", station=station, action=action, reason=reason)
