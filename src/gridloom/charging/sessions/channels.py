"""The series of an EVSE: found once, then known to the process."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from gridloom.charging.sessions.measurands import MEASURANDS, Channel
from gridloom.core.series import public as series
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

Key: TypeAlias = tuple[int, Channel]
"""An EVSE and one of its series."""

MOST = 200_000

_KNOWN = sql(
    "SELECT evse_id, measurand, phase, location, channel_id FROM charging.session_channel "
    "WHERE evse_id = ANY(CAST(:evses AS bigint[]))"
)
_TURN = sql(
    "SELECT pg_advisory_xact_lock(hashtextextended('charging.channels:' || evse, CAST(:tenant AS bigint))) "
    "FROM unnest(CAST(:evses AS bigint[])) AS evse"
)
_POINTS = sql(
    "SELECT DISTINCT ON (k.evse_id) k.evse_id, c.point_id FROM charging.session_channel k "
    "JOIN series.channel c ON c.tenant_id = k.tenant_id AND c.id = k.channel_id "
    "WHERE k.evse_id = ANY(CAST(:evses AS bigint[])) ORDER BY k.evse_id, k.channel_id"
)
_ADD = sql(
    "INSERT INTO charging.session_channel (tenant_id, evse_id, measurand, phase, location, channel_id) "
    "VALUES (:tenant, :evse, :measurand, :phase, :location, :channel)"
)


class Channels:
    """Numbers of channels by EVSE, of every tenant that this process hears stations of."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, Key], int] = {}

    async def of(self, tx: Tx, keys: Iterable[Key]) -> Mapping[Key, int]:
        """The channels of the series core for these, made where there is none: no statement once all are known."""
        wanted = set(keys)
        found = {key: number for key in wanted if (number := self._known.get((tx.tenant, key))) is not None}
        if len(found) == len(wanted):
            return found
        found |= await _read(tx, {evse for evse, _ in wanted - found.keys()})
        if missing := wanted - found.keys():
            found |= await _make(tx, missing)
        tenant = tx.tenant

        async def remember() -> None:
            if len(self._known) > MOST:
                self._known.clear()
            self._known.update({((tenant, key)): number for key, number in found.items()})

        tx.after_commit(remember)
        return found

    def forget(self, tenant: int) -> None:
        """Somebody has removed channels of this tenant."""
        self._known = {key: number for key, number in self._known.items() if key[0] != tenant}


async def _read(tx: Tx, evses: set[int]) -> dict[Key, int]:
    return {
        (row["evse_id"], Channel(row["measurand"], row["phase"], row["location"])): row["channel_id"]
        for row in await tx.all(_KNOWN, evses=sorted(evses))
    }


async def _make(tx: Tx, missing: set[Key]) -> dict[Key, int]:
    evses = sorted({evse for evse, _ in missing})
    await tx.all(_TURN, evses=evses, tenant=tx.tenant)
    found = await _read(tx, set(evses))
    points = {row["evse_id"]: row["point_id"] for row in await tx.all(_POINTS, evses=evses)}
    rows = []
    for evse, channel in sorted(missing - found.keys()):
        if evse not in points:
            points[evse] = (await series.ensure_point(tx, name=f"EVSE {evse}")).id
        known = MEASURANDS[channel.measurand]
        made = await series.ensure_channel(tx, points[evse], channel.code, unit=known.unit, kind=known.kind)
        found[(evse, channel)] = made.id
        rows.append({"tenant": tx.tenant, "evse": evse, **channel._asdict(), "channel": made.id})
    await tx.many(_ADD, rows)
    return found
