"""An entry is there if and only if its change is, says who did what, and holds no secret."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridloom.kernel import audit, clock
from gridloom.kernel.observability import request_context

NOON = datetime(2026, 11, 20, 12, 0, 0, 250, tzinfo=UTC)


async def entries(db, tenant):
    async with db.tenant(tenant) as tx:
        return await tx.all("SELECT * FROM audit.entry ORDER BY occurred_at, id")


class Subject(msgspec.Struct):
    id: str


async def test_an_entry_says_who_did_what_to_which_object_when_and_in_which_request(trailed, tenant):
    with clock.at(NOON), request_context("request-1"):
        async with trailed.tenant(tenant, subject=Subject("user:7")) as tx:
            audit.record(tx, "charging.taxes.update", ("charging.tax", 12), {"percentage": ["20", "21"]})
    (row,) = await entries(trailed, tenant)
    assert row["occurred_at"] == NOON
    assert (row["subject"], row["action"], row["request_id"]) == ("user:7", "charging.taxes.update", "request-1")
    assert (row["object_kind"], row["object_id"]) == ("charging.tax", "12")
    assert row["detail"] == {"percentage": ["20", "21"]}
    assert (row["position"], row["sealed_at"], row["previous"], row["digest"]) == (None, None, None, None)


async def test_what_is_not_said_is_empty_and_nobody_is_the_system(trailed, tenant):
    async with trailed.tenant(tenant) as tx:
        audit.record(tx, "jobs.rollup")
        audit.record(tx, "jobs.rollup", "7", subject="scheduler")
    first, second = await entries(trailed, tenant)
    assert [first[name] for name in ("subject", "object_kind", "object_id", "request_id")] == ["system", "", "", ""]
    assert first["detail"] == {}
    assert (second["subject"], second["object_kind"], second["object_id"]) == ("scheduler", "", "7")


async def test_a_change_that_is_rolled_back_leaves_no_entry(trailed, tenant):
    async def change_mind():
        async with trailed.tenant(tenant) as tx:
            audit.record(tx, "charging.taxes.update")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await change_mind()
    assert await entries(trailed, tenant) == []


async def test_many_entries_of_one_transaction_cost_one_statement(trailed, tenant):
    async with trailed.tenant(tenant) as tx:
        for number in range(200):
            audit.record(tx, "a.b", ("thing", number))
        before = tx.statements
        await audit.flush(tx, tx.trail)
        assert tx.statements == before + 1
        tx.trail.clear()
    assert [row["object_id"] for row in await entries(trailed, tenant)] == [str(number) for number in range(200)]


async def test_the_installation_writes_into_the_trail_of_a_tenant_only_when_it_says_which(trailed, tenant):
    async with trailed.system() as tx:
        audit.record(tx, "identity.login", subject="login:anna", tenant=tenant)
        with pytest.raises(LookupError):
            audit.record(tx, "identity.login")
    (row,) = await entries(trailed, tenant)
    assert (row["subject"], row["tenant_id"]) == ("login:anna", tenant)


async def test_nobody_writes_into_the_trail_of_another_tenant(trailed, tenant, other_tenant):
    async def forge():
        async with trailed.tenant(tenant) as tx:
            audit.record(tx, "a.b", tenant=other_tenant)

    with pytest.raises(Exception, match="row-level security"):
        await forge()
    assert await entries(trailed, tenant) == []
    assert await entries(trailed, other_tenant) == []


async def test_another_tenant_does_not_see_it(trailed, tenant, other_tenant):
    async with trailed.tenant(tenant) as tx:
        audit.record(tx, "a.b")
    assert len(await entries(trailed, tenant)) == 1
    assert await entries(trailed, other_tenant) == []


async def test_secrets_stay_out_of_the_detail(trailed, tenant):
    detail = {"login": "anna", "password": "hunter2", "note": "url postgresql://u:hunter2@h/d", "raw": b"hunter2"}
    async with trailed.tenant(tenant) as tx:
        audit.record(tx, "a.b", detail=detail)
    (row,) = await entries(trailed, tenant)
    assert row["detail"] == {
        "login": "anna",
        "password": "[redacted]",
        "note": "url postgresql://u:[redacted]@h/d",
        "raw": "<7 bytes>",
    }


async def test_a_detail_can_be_a_struct_and_keeps_its_digits(trailed, tenant):
    class Change(msgspec.Struct):
        price: Decimal
        since: datetime
        by: UUID

    @dataclass
    class Wrapped:
        change: Change
        tags: set[str]

    change = Change(Decimal("0.10000"), NOON, UUID(int=7))
    async with trailed.tenant(tenant) as tx:
        audit.record(tx, "a.b", detail=Wrapped(change, {"x"}))
    (row,) = await entries(trailed, tenant)
    assert row["detail"] == {
        "change": {"price": "0.10000", "since": "2026-11-20T12:00:00.000250Z", "by": str(UUID(int=7))},
        "tags": ["x"],
    }


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.decimals() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters()), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(detail=anything, text=st.text(st.characters()))
async def test_no_odd_detail_costs_the_change_that_it_describes(trailed, tenant, detail, text):
    async with trailed.tenant(tenant, subject=text) as tx:
        entry = audit.record(tx, text, (text, text), {"detail": detail})
    async with trailed.tenant(tenant) as tx:
        row = await tx.one("SELECT * FROM audit.entry WHERE id = :id", id=entry.id)
    assert set(row["detail"]) == {"detail"}
    assert row["action"] == entry.action
