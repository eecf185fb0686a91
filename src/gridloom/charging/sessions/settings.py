"""How an operator starts and prices sessions. It is seeded, not written by the API."""

from decimal import Decimal

from gridloom.charging.sessions.facts import Strategy
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

_DEFAULTS = {
    "billing_strategy": "'none'",
    "minimum_balance": "0",
    "duration_fee_while_idle": "false",
    "idle_power_kw": "0.1",
    "idle_soc_percent": "NULL",
    "tariffs_set_idle": "true",
    "prices_include_tax": "true",
}
_TYPES = {
    "billing_strategy": "text",
    "minimum_balance": "numeric",
    "idle_power_kw": "numeric",
    "idle_soc_percent": "integer",
}


def _said(name: str, otherwise: str) -> str:
    return f"coalesce(CAST(:{name} AS {_TYPES.get(name, 'boolean')}), {otherwise})"


_CHANGE = sql(
    f"INSERT INTO charging.session_setting (tenant_id, operator_id, {', '.join(_DEFAULTS)}) VALUES (:tenant, :operator, "
    f"{', '.join(_said(name, value) for name, value in _DEFAULTS.items())}) ON CONFLICT (tenant_id, operator_id) DO UPDATE SET "
    + ", ".join(f"{name} = {_said(name, f'session_setting.{name}')}" for name in _DEFAULTS)
)


async def change_settings(
    tx: Tx,
    operator_id: int,
    *,
    billing_strategy: Strategy | None = None,
    minimum_balance: Decimal | None = None,
    duration_fee_while_idle: bool | None = None,
    idle_power_kw: Decimal | None = None,
    idle_soc_percent: int | None = None,
    tariffs_set_idle: bool | None = None,
    prices_include_tax: bool | None = None,
) -> None:
    """Set what is said; the rest stays, or is as it is where nobody has said anything (README.md).

    A running session is priced by what holds when it is priced; what holds for its start is not asked again.
    """
    await tx.run(
        _CHANGE,
        tenant=tx.tenant,
        operator=operator_id,
        billing_strategy=billing_strategy,
        minimum_balance=minimum_balance,
        duration_fee_while_idle=duration_fee_while_idle,
        idle_power_kw=idle_power_kw,
        idle_soc_percent=idle_soc_percent,
        tariffs_set_idle=tariffs_set_idle,
        prices_include_tax=prices_include_tax,
    )
