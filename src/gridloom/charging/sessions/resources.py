"""The declared resource of sessions. Sessions are read; what happens to them is done by stations and by actions."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import UNSET
from sqlalchemy import ColumnElement, Text, and_, case, cast, func, null, or_, select
from sqlalchemy.dialects.postgresql import JSONB

from gridloom.charging.sessions import consumption, period_rows
from gridloom.charging.sessions.filters import APP_DATA, FILTERS, S, asked_of
from gridloom.charging.sessions.schemas import Sample, Session
from gridloom.charging.sessions.store import session as session_row
from gridloom.charging.sessions.tables import session
from gridloom.charging.stations.tables import evse
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import NotFound
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.dialect import Dialect
from gridloom.kernel.http.filters import Include, Switch
from gridloom.kernel.http.operation import Operation, action
from gridloom.kernel.http.pages import PageOf, PageRequest, Pages
from gridloom.kernel.http.resource import Named, Owner, Resource

TAGS = ("resource / sessions",)
SCOPE = "charging.sessions"

_BEGIN = S.meter_start_wh
_END = func.coalesce(S.meter_stop_wh, S.meter_wh)
_ENERGY: ColumnElement[Any] = func.trim_scale(func.greatest(func.coalesce(_END - _BEGIN, 0), 0))
_SECONDS = func.extract("epoch", func.coalesce(S.stopped_at, S.metered_at) - S.started_at)
_AVERAGE = func.trim_scale(func.round(_ENERGY * 3600 / func.nullif(_SECONDS, 0), 3))


def _object(*pairs: Any) -> ColumnElement[Any]:
    return func.jsonb_build_object(*pairs, type_=JSONB())


def _when(there: ColumnElement[Any], shown: ColumnElement[Any]) -> ColumnElement[Any]:
    """NULL where the column that decides is."""
    return case((there.is_not(None), shown))


_TOTAL = _when(
    S.total_with_tax,
    _object("withTax", func.trim_scale(S.total_with_tax), "withoutTax", func.trim_scale(S.total_without_tax)),
)
_COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "id": cast(S.id, Text),
    "user_id": S.driver_id,
    "energy": _ENERGY,
    "energy_consumption": _object("total", _ENERGY, "grid", _ENERGY),
    "power_kw": func.trim_scale(S.power_w / 1000),
    "soc_percent": func.trim_scale(S.soc_percent),
    "amount": func.trim_scale(S.total_with_tax),
    "total_amount": _TOTAL,
    "tax": _when(S.tax_id, _object("taxId", S.tax_id, "taxPercentage", func.trim_scale(S.tax_percentage))),
    "non_billable_energy": func.trim_scale(S.non_billable_energy_wh),
    "extending_session_id": S.original_session_id,
    # Only a start from afar carries a text of the caller's own.
    "external_session_id": case((and_(S.remote_start_id.is_not(None), ~S.id_tag.startswith("*")), S.id_tag)),
    "evse_physical_reference": select(evse.c.physical_reference)
    .where(evse.c.tenant_id == S.tenant_id, evse.c.id == S.evse_id)
    .scalar_subquery(),
    "electricity_cost": func.trim_scale(S.electricity_cost),
    # Nothing roams, nothing is received, nothing is generated here yet.
    "charge_point_operator_roaming_id": cast(null(), Text),
    "roaming": cast(null(), JSONB),
    "receipt_id": cast(null(), session.c.id.type),
    "estimated_savings": cast(null(), session.c.electricity_cost.type),
    "last_updated_at": S.updated_at,
    "randomised_delay": S.randomised_delay_s,
    "billing_completed_at": case((S.billing_status == "completed", S.billing_completed_at)),
    "power": case(
        (
            or_(S.power_w.is_not(None), S.meter_wh.is_not(None)),
            _object("latest", func.trim_scale(S.power_w), "peak", func.trim_scale(S.peak_power_w), "average", _AVERAGE),
        )
    ),
}


class Sessions(Resource):
    """A list and a read with two more words in the query, and filters whose names callers make up."""

    def operations(self, dialect: Dialect) -> list[Operation]:
        """The operations, whose query also says how fine slices and periods are wanted."""
        found = super().operations(dialect)
        for each in found:
            each.inputs["query"] = _finer(each.inputs["query"])
        return found

    async def page(
        self,
        tx: Tx,
        page: PageRequest,
        filters: Mapping[str, Any],
        includes: Sequence[str],
        path: Mapping[str, Any],
        *,
        call: Call | None = None,
    ) -> PageOf:
        """One page; `filter[externalAppData.some.path]` asks about any property."""
        asked = asked_of(call.query) if call is not None else {}
        found = {**filters, APP_DATA: asked} if asked else filters
        return await super().page(tx, page, found, includes, path, call=call)


def _finer(query: Any) -> Any:
    fields: list[tuple[str, Any, Any]] = [
        ("with_charging_periods_price_breakdown", bool, False),
        ("clock_aligned_interval", Literal[15, 30, 60], 15),
    ]
    names = {"with_charging_periods_price_breakdown": "withChargingPeriodsPriceBreakdown"}
    names["clock_aligned_interval"] = "clockAlignedInterval"
    return msgspec.defstruct("SessionsQuery", fields, bases=(query,), kw_only=True, rename=names)


sessions = Sessions(
    session,
    "sessions/v1.0",
    item="session",
    shows=Session,
    verbs=("list", "read"),
    scope=SCOPE,
    pages=Pages.CURSOR | Pages.NUMBER,
    owner=Owner(S.operator_id, "operator_id", "operatorId"),
    filters=FILTERS,
    includes={"externalAppData": Include(period_rows.app_data, empty=lambda: None)},
    switches={
        "withAuthorization": Switch("authorization", Include(period_rows.authorizations, empty=lambda: UNSET)),
        "withChargingPeriods": Switch("chargingPeriods", Include(load_with_call=period_rows.periods)),
        "withPriceBreakdown": Switch("priceBreakdown", Include(period_rows.lines, empty=lambda: UNSET)),
        "withClockAlignedEnergyConsumption": Switch(
            "clockAlignedEnergyConsumption", Include(load_with_call=consumption.slices)
        ),
    },
    columns=_COLUMNS,
    tags=TAGS,
    names={"list": Named("sessionsListing"), "read": Named("sessionRead")},
    documented={"list": (404, 422), "read": (422,)},
)


@action(
    "GET", "/public-api/resources/sessions/v1.0/{session}/consumption-stats", scope=f"{SCOPE}:read", faults=(NotFound,),
    answers={200: list[Sample]}, name="sessionsConsumptionStatsRead", tags=TAGS,
)  # fmt: skip
async def consumption_stats(tx: Tx, session: int) -> list[Sample]:
    """What a session had drawn, and how fast it drew, at each reading: of one that is over at most 300 of them."""
    await sessions.read(tx, session, (), {})
    return await consumption.samples(tx, await session_row(tx, session))
