"""What time alone does to sessions: once a minute each open one is looked at, and the station is asked again where it did not
do what it was asked."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import structlog

from gridloom.charging.sessions import lifecycle, periods, store
from gridloom.charging.sessions.hours import must_stop
from gridloom.charging.sessions.limits import Ends, reached
from gridloom.charging.sessions.places import zone_of
from gridloom.charging.sessions.rules import STALE
from gridloom.charging.sessions.spending import overspent
from gridloom.charging.sessions.stops import Stops, want
from gridloom.charging.sessions.store import Row
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

TIMEOUT_S = 120
"""A station that does not say how long it waits for a car waits so long."""
SPARE = timedelta(seconds=15)
"""What a start may need on its way, beside that."""
HALF_KNOWN = timedelta(minutes=10)
"""So long an end waits for its beginning."""
SILENT = timedelta(hours=24)
RESTING = timedelta(minutes=7)
"""A session of which nothing is heard for so long is not cut into periods again until it is."""
VACANT = timedelta(minutes=2)
"""So long an EVSE is free, and nothing is told of its session, before the session is over: a station that lost its power and
forgot what it charged says nothing else. Its own stop may follow, and counts."""
UNASKED_WH = Decimal(100)
BY_CALLER = "standard_stop"

log = structlog.get_logger(__name__)

_TENANTS = sql(
    "SELECT DISTINCT tenant_id FROM charging.session WHERE status IN ('pending', 'active') OR bill_again_at IS NOT NULL"
)
_PENDING = sql(
    "SELECT s.*, e.hardware_status, p.network_status, coalesce(nullif((SELECT max(CAST(v.value AS integer)) "
    "FROM charging.configuration_variable v WHERE v.charge_point_id = coalesce(p.ocpp_connected_charge_point_id, p.id) "
    "AND lower(v.name) IN ('connectiontimeout', 'evconnectiontimeout') AND v.value ~ '^[0-9]{1,6}$'), 0), :timeout) AS timeout_s "
    "FROM charging.session s JOIN charging.evse e ON e.tenant_id = s.tenant_id AND e.id = s.evse_id "
    "JOIN charging.charge_point p ON p.tenant_id = s.tenant_id AND p.id = s.charge_point_id "
    "WHERE s.status = 'pending' ORDER BY s.id"
)
_ACTIVE = sql(
    "SELECT s.*, t.stop_session, p.network_status, e.hardware_status, e.hardware_status_at, l.working_hours, "
    "l.timezone AS location_zone, o.timezone AS operator_zone, "
    "ARRAY(SELECT m.group_id FROM charging.user_group_member m WHERE m.driver_id = s.driver_id) AS group_ids, "
    "EXISTS (SELECT FROM charging.session n WHERE n.evse_id = s.evse_id AND n.started_at > s.started_at "
    "AND n.status IN ('active', 'finished')) AS is_overtaken "
    "FROM charging.session s JOIN charging.charge_point p ON p.tenant_id = s.tenant_id AND p.id = s.charge_point_id "
    "JOIN charging.evse e ON e.tenant_id = s.tenant_id AND e.id = s.evse_id "
    "LEFT JOIN charging.location l ON l.tenant_id = p.tenant_id AND l.id = p.location_id "
    "LEFT JOIN charging.operator o ON o.tenant_id = s.tenant_id AND o.id = s.operator_id "
    "LEFT JOIN charging.tariff_snapshot t ON t.tenant_id = s.tenant_id AND t.id = s.tariff_snapshot_id "
    "WHERE s.status = 'active' ORDER BY s.id"
)
_BILL = sql("SELECT id FROM charging.session WHERE bill_again_at <= :now ORDER BY id")


async def tick(database: Database, stops: Stops) -> None:
    """Look at every open session of every tenant; what goes wrong with one is logged and hinders no other."""
    async with database.system() as tx:
        tenants = [row["tenant_id"] for row in await tx.all(_TENANTS)]
    for tenant in tenants:
        await Minute(database, stops, tenant).run()


class Minute:
    """One look at the sessions of a tenant."""

    def __init__(self, database: Database, stops: Stops, tenant: int) -> None:
        self._database, self._stops, self._tenant = database, stops, tenant
        self._now = clock.now()

    async def run(self) -> None:
        """Pending ones first: what expires makes room."""
        for row in await self._read(_PENDING, timeout=TIMEOUT_S):
            await self._alone(row["id"], self._pending, row)
        for row in await self._read(_ACTIVE):
            await self._alone(row["id"], self._active, row)
        for row in await self._read(_BILL, now=self._now):
            await self._alone(row["id"], self._bill, row)

    async def _read(self, query: Any, **parameters: Any) -> list[Row]:
        async with self._database.tenant(self._tenant, read_only=True) as tx:
            return await tx.all(query, **parameters)

    async def _alone(self, session_id: int, work: Callable[[Tx, Row], Awaitable[None]], row: Row) -> None:
        try:
            async with self._database.tenant(self._tenant) as tx:
                await work(tx, row)
        except Exception:
            log.exception("session_tick_failed", tenant=self._tenant, session=session_id)

    async def _bill(self, tx: Tx, row: Row) -> None:
        await lifecycle.bill_again(tx, row["id"])

    async def _pending(self, tx: Tx, row: Row) -> None:
        if row["transaction_id"] is None:
            wait = timedelta(seconds=row["timeout_s"] + (row["randomised_delay_s"] or 0)) + SPARE
            if row["started_at"] + wait <= self._now:
                no_car = row["hardware_status"] == "available"
                await lifecycle.expire(tx, row["id"], "ev_not_connected_to_evse" if no_car else "timeout")
        else:
            await self._half_known(tx, row)

    async def _half_known(self, tx: Tx, row: Row) -> None:
        """A transaction of which nobody has said who charges."""
        has_ended = row["reported_stop"] is not None and _heard(row) <= self._now - HALF_KNOWN
        has_gone = _heard(row) <= self._now - SILENT and row["network_status"] != "available"
        taken = _energy(row)
        if has_ended or has_gone:
            if not taken:
                await lifecycle.expire(tx, row["id"], "timeout")
                return
            row = await lifecycle.activate(tx, await store.present(tx, row["id"], lock=True))
            await lifecycle.finish(
                tx, row["id"], stopped_at=row["stopped_at"] or _last_word(row), reported=row["reported_stop"],
                reason=(row["stopping_for"] or "local") if has_ended else STALE,
            )  # fmt: skip
        elif row["reported_stop"] is None and taken > UNASKED_WH and row["started_at"] <= self._now - HALF_KNOWN / 5:
            await self._stop(tx, row, "authorization_failed")

    async def _active(self, tx: Tx, row: Row) -> None:
        if _heard(row) <= self._now - SILENT and row["network_status"] != "available":
            await lifecycle.finish(tx, row["id"], stopped_at=_last_word(row), reason=STALE)
            return
        if self._is_vacant(row):
            await lifecycle.finish(tx, row["id"], stopped_at=_last_word(row), reason=STALE)
            return
        if row["is_overtaken"] and _heard(row) <= self._now - HALF_KNOWN:
            await lifecycle.finish(tx, row["id"], stopped_at=_last_word(row), reason="new_start_transaction_received")
            return
        priced = None
        if row["stop_amount"] is not None or self._is_news(row):
            # What is priced has to stand still meanwhile.
            session = await store.present(tx, row["id"], lock=True)
            if session["status"] != "active":
                return
            priced = (await periods.refresh(tx, session, self._now)).priced
        reason = await self._reason(tx, row) or overspent(row, priced)
        if reason is None and row["stopping_for"] not in (None, BY_CALLER):
            reason = row["stopping_for"]
        if reason is not None:
            await self._stop(tx, row, reason)

    def _is_vacant(self, row: Row) -> bool:
        """Whether the station says that nobody is there, and has said nothing of the session since."""
        since = row["hardware_status_at"]
        if row["hardware_status"] != "available" or since is None:
            return False
        return bool(_last_word(row) < since <= self._now - VACANT and _heard(row) <= self._now - VACANT)

    def _is_news(self, row: Row) -> bool:
        """Whether a minute ago less was known, or as much, and not for five minutes."""
        return bool(_heard(row) + RESTING >= self._now)

    async def _reason(self, tx: Tx, row: Row) -> str | None:
        ends = Ends.of(row, row["stop_session"])
        soc = row["soc_percent"]
        reason = reached(
            ends, _energy(row) if row["meter_wh"] is not None else None, soc, self._now - row["started_at"]
        )
        hours = row["working_hours"]
        if reason is None and hours is not None and hours.get("stopSessionOutsideWorkingHours"):
            zone = await zone_of(tx, row["location_zone"], row["operator_zone"])
            if must_stop(hours, row["group_ids"], self._now, zone):
                return "working_hours_exceeded"
        return reason

    async def _stop(self, tx: Tx, row: Row, reason: str) -> None:
        if row["transaction_id"] is not None and await want(tx, row, reason):
            self._stops.after(tx, await store.reached(tx, row["charge_point_id"]), row["transaction_id"])


def _heard(row: Row) -> datetime:
    """When the station spoke of it last, by our clock."""
    heard: datetime = row["heard_at"] or row["started_at"]
    return heard


def _last_word(row: Row) -> datetime:
    """The newest instant about which the station told anything."""
    last: datetime = max(row["started_at"], row["metered_at"] or row["started_at"])
    return last


def _energy(row: Row) -> Decimal:
    if row["meter_wh"] is None or row["meter_start_wh"] is None:
        return Decimal(0)
    return Decimal(row["meter_wh"] - row["meter_start_wh"])
