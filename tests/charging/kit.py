"""Callers of the charging API as its operators know them."""

from collections.abc import Sequence

from tests.suites.client import Caller, Callers

from gridloom.core.identity.store import Identity

ALL = ("*",)


async def caller_of(callers: Callers, *, operator: int | None = None, scopes: Sequence[str] = ALL) -> Caller:
    """A charging token of the test's tenant: of one operator, or global."""
    caller = await callers.with_scopes("charging", list(scopes))
    identity = caller.application.services.part(Identity)
    attributes = {} if operator is None else {"operator_id": operator}
    async with caller.application.database.tenant(caller.tenant) as tx:
        token = await identity.issue(tx, "charging", name="test", scopes=list(scopes), attributes=attributes)
    caller.client.headers["authorization"] = f"Bearer {token.secret}"
    return caller


async def caller_of_user(callers: Callers, login: str, scopes: Sequence[str] = ALL) -> tuple[Caller, int]:
    """A charging token behind which a user stands, and the number of the user."""
    caller = await callers.with_scopes("charging", list(scopes))
    identity = caller.application.services.part(Identity)
    async with caller.application.database.tenant(caller.tenant) as tx:
        user = await identity.create_user(tx, login, None, roles=["charging"])
        token = await identity.issue(tx, "charging", name="test", user_id=user, scopes=list(scopes))
    caller.client.headers["authorization"] = f"Bearer {token.secret}"
    return caller, user
