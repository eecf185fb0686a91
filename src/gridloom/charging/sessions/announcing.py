"""Writing what a batch has moved, and telling those who listen: energy at most once a minute."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

import msgspec

from gridloom.charging.sessions.events import MeterValuesReceived, SessionUpdated
from gridloom.charging.sessions.folding import COLUMNS, Folded
from gridloom.charging.sessions.measurands import Value
from gridloom.charging.sessions.stops import ASK_AGAIN, Stops
from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.event import emit
from gridloom.kernel.webhooks import is_wanted

EVERY = timedelta(minutes=1)
FORMAT, NOTIFICATION = "charging", "SessionMeterValuesNotification"

_NAMES = {
    "Energy.Active.Import.Register": ("Energy Active Import Register", "Wh"),
    "SoC": ("State Of Charge", "Percent"),
    "Current.Import": ("Current Import", "A"),
    "Current.Offered": ("Current Offered", "A"),
    "Voltage": ("Voltage", "V"),
    "Power.Active.Import": ("Power Active Import", "W"),
    "Power.Offered": ("Power Offered", "W"),
    "Temperature": ("Temperature", "Celsius"),
}
_TYPES = {
    "started_at": "timestamptz", "meter_start_wh": "numeric", "meter_start_at": "timestamptz", "meter_wh": "numeric",
    "metered_at": "timestamptz", "power_w": "numeric", "peak_power_w": "numeric", "soc_percent": "numeric",
    "heard_at": "timestamptz", "announced_at": "timestamptz", "stopping_for": "text", "stopping_at": "timestamptz",
    "suspect": "text",
}  # fmt: skip
_PUT = sql(
    f"UPDATE charging.session s SET {', '.join(f'{name} = v.{name}' for name in _TYPES if name != 'suspect')}, "
    "suspect = CAST(v.suspect AS jsonb), updated_at = now() "
    f"FROM unnest(CAST(:ids AS bigint[]), {', '.join(f'CAST(:{name} AS {kind}[])' for name, kind in _TYPES.items())}) "
    f"v (id, {', '.join(_TYPES)}) WHERE s.id = v.id"
)


async def put(tx: Tx, sessions: Sequence[Folded], stops: Stops) -> None:
    """Write the sessions as they stand now, in one statement; ask stations of those that have to end."""
    if not sessions:
        return
    now = clock.now()
    columns: dict[str, list[object]] = {name: [] for name in _TYPES}
    for each in sessions:
        row = each.row
        each.check(now)
        asks = each.stopping_for is not None and (row["stopping_at"] is None or row["stopping_at"] <= now - ASK_AGAIN)
        tells = each.is_moved and (row["announced_at"] is None or row["announced_at"] <= now - EVERY)
        for name in COLUMNS:
            columns[name].append(getattr(each, name))
        columns["announced_at"].append(now if tells else row["announced_at"])
        columns["stopping_for"].append(row["stopping_for"] or (each.stopping_for if asks else None))
        columns["stopping_at"].append(now if asks else row["stopping_at"])
        # As text: an array of lists would be one of two dimensions.
        columns["suspect"].append(msgspec.json.encode(each.suspect).decode())
        if tells:
            emit(tx, SessionUpdated(**names(each)))
        if row["status"] == "active" and row["stop_amount"] is not None:
            stops.watch(tx, row["id"])
        if asks:
            stops.after(tx, row["reached"], row["transaction_id"])
    await tx.run(_PUT, ids=[each.row["id"] for each in sessions], **columns)


async def tell_values(tx: Tx, told: Iterable[tuple[Folded, Sequence[Value]]]) -> None:
    """Tell meter values to those who want them; where nobody does, nothing is written."""
    news = [(each, values) for each, values in told if values]
    if not news or not await is_wanted(tx, FORMAT, NOTIFICATION):
        return
    for each, values in news:
        shown = [_shown(value, *_NAMES[value.channel.measurand]) for value in values if not value.channel.phase]
        consumed = [
            _shown(value._replace(value=value.value - each.meter_start_wh), "Energy Consumed", "Wh")
            for value in values
            if value.channel.measurand == "Energy.Active.Import.Register"
            and not value.channel.phase
            and each.meter_start_wh is not None
        ]
        if shown:
            at = max(value.at for value in values)
            emit(tx, MeterValuesReceived(**names(each), at=at, values=[*consumed, *shown]))


def names(each: Folded) -> dict[str, int]:
    """Whom an event of a session is about."""
    row = each.row
    return {"session_id": row["id"], "charge_point_id": row["charge_point_id"], "evse_id": row["evse_id"]}


def _shown(value: Value, measurand: str, unit: str) -> dict[str, object]:
    return {"timestamp": value.at.isoformat(), "measurand": measurand, "value": str(value.value), "unit": unit}
