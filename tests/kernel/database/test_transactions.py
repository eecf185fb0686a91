"""Transactions and the pool that hands them out, on a real server."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx

ADD = "INSERT INTO identity.user (tenant_id, login) VALUES (:tenant, :login) RETURNING id"
LOGINS = "SELECT login FROM identity.user ORDER BY login"


class Interrupted(Exception):
    """What a test lets a transaction fail with."""


@pytest.fixture
async def narrow(database_url: str) -> AsyncIterator[Database]:
    """A pool of one connection, so that the next transaction gets the connection of the one before."""
    database = await Database(database_url, size=1).open()
    yield database
    await database.close()


async def logins(db: Database, tenant: int) -> list[str]:
    """What the tenant finds committed."""
    async with db.tenant(tenant) as tx:
        return [row["login"] for row in await tx.all(LOGINS)]


async def test_what_was_written_is_there_after_the_end_and_not_before(db: Database, tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        await tx.scalar(ADD, tenant=tenant, login="ada")
        assert await logins(db, tenant) == []
    assert await logins(db, tenant) == ["ada"]


async def test_an_exception_undoes_everything_and_travels_on(db: Database, tenant: int) -> None:

    async def work() -> None:
        async with db.tenant(tenant) as tx:
            await tx.scalar(ADD, tenant=tenant, login="ada")
            raise Interrupted

    with pytest.raises(Interrupted):
        await work()
    assert await logins(db, tenant) == []


async def test_a_statement_that_the_server_refuses_undoes_everything(db: Database, tenant: int) -> None:

    async def work() -> None:
        async with db.tenant(tenant) as tx:
            await tx.scalar(ADD, tenant=tenant, login="ada")
            await tx.scalar(ADD, tenant=tenant, login=None)

    with pytest.raises(asyncpg.NotNullViolationError):
        await work()
    assert await logins(db, tenant) == []


async def test_a_cancelled_transaction_leaves_nothing_behind(narrow: Database, tenant: int) -> None:
    began = asyncio.Event()

    async def work() -> None:
        async with narrow.tenant(tenant) as tx:
            await tx.scalar(ADD, tenant=tenant, login="ada")
            began.set()
            await tx.run("SELECT pg_sleep(30)")

    task = asyncio.create_task(work())
    await began.wait()
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await logins(narrow, tenant) == []


async def test_a_tenants_role_and_number_end_with_its_transaction(narrow: Database, tenant: int) -> None:
    who = "SELECT current_user::text AS name, nullif(current_setting('gridloom.tenant', true), '') AS tenant"
    async with narrow.system() as tx:
        owner = (await tx.one(who))["name"]
    async with narrow.tenant(tenant) as tx:
        assert tuple(await tx.one(who)) == ("gridloom_tenant", str(tenant))
    with pytest.raises(Interrupted):
        async with narrow.tenant(tenant):
            raise Interrupted
    async with narrow.system() as tx:
        assert tuple(await tx.one(who)) == (owner, None)


async def test_a_connection_given_back_inside_a_transaction_is_cleaned(narrow: Database, tenant: int) -> None:
    async with narrow.connection() as connection:
        await connection.execute("BEGIN")
        await connection.execute("INSERT INTO identity.user (tenant_id, login) VALUES ($1, 'ada')", tenant)
    assert await logins(narrow, tenant) == []


async def test_a_read_only_transaction_refuses_to_write(db: Database, tenant: int) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with db.tenant(tenant, read_only=True) as tx:
            await tx.scalar(ADD, tenant=tenant, login="ada")
    assert await logins(db, tenant) == []


async def test_the_installation_has_no_tenant_and_sees_all(db: Database, tenant: int, other_tenant: int) -> None:
    async with db.system() as tx:
        with pytest.raises(LookupError, match="no tenant"):
            _ = tx.tenant
        for each in (tenant, other_tenant):
            await tx.scalar(ADD, tenant=each, login=f"user-of-{each}")
        query = "SELECT tenant_id FROM identity.user WHERE tenant_id = ANY(CAST(:both AS integer[])) ORDER BY 1"
        found = await tx.all(query, both=[tenant, other_tenant])
    assert [row["tenant_id"] for row in found] == sorted((tenant, other_tenant))


async def test_the_subject_travels_with_the_transaction(db: Database, tenant: int) -> None:
    async with db.tenant(tenant, subject="user:7") as tx:
        assert (tx.subject, tx.tenant) == ("user:7", tenant)


async def test_each_way_to_ask_gives_its_own_shape(db: Database, tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        for login in ("ada", "ben"):
            await tx.scalar(ADD, tenant=tenant, login=login)
        assert [tuple(row) for row in await tx.all(LOGINS)] == [("ada",), ("ben",)]
        assert tuple(await tx.one(LOGINS)) == ("ada",)
        assert await tx.one("SELECT login FROM identity.user WHERE login = :login", login="nobody") is None
        assert await tx.scalar("SELECT count(*) FROM identity.user") == 2
        assert await tx.scalar("SELECT id FROM identity.user WHERE login = :login", login="nobody") is None
        assert await tx.run("UPDATE identity.user SET email = :email", email="x@example.org") == 2
        assert await tx.run("DELETE FROM identity.user WHERE login = :login", login="nobody") == 0
        assert tx.statements == 9


async def test_many_rows_are_one_statement(db: Database, tenant: int) -> None:
    names = [f"user-{number:03d}" for number in range(200)]
    async with db.tenant(tenant) as tx:
        await tx.many(ADD, ({"tenant": tenant, "login": name} for name in names))
        assert tx.statements == 1
    assert await logins(db, tenant) == names


async def test_json_comes_back_as_it_went(db: Database, tenant: int) -> None:
    value = {"text": "naïve ☀", "list": [1, 2.5, None, True], "nested": {"empty": {}}}
    async with db.tenant(tenant) as tx:
        assert await tx.scalar("SELECT CAST(:value AS jsonb)", value=value) == value
        assert await tx.scalar("SELECT CAST(:value AS json)", value=value) == value
        assert await tx.scalar("SELECT CAST(:value AS jsonb) ->> 'x'", value={"x": Decimal("0.10")}) == "0.10"


async def test_a_connection_speaks_utc(db: Database) -> None:
    async with db.system() as tx:
        assert await tx.scalar("SHOW timezone") == "UTC"


async def test_a_part_that_fails_is_undone_alone(db: Database, tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        await tx.scalar(ADD, tenant=tenant, login="before")

        async def work() -> None:
            async with tx.savepoint():
                await tx.scalar(ADD, tenant=tenant, login="inside")
                await tx.scalar(ADD, tenant=tenant, login=None)

        with pytest.raises(asyncpg.NotNullViolationError):
            await work()
        async with tx.savepoint():
            await tx.scalar(ADD, tenant=tenant, login="second part")
        await tx.scalar(ADD, tenant=tenant, login="after")
    assert await logins(db, tenant) == ["after", "before", "second part"]


async def test_parts_within_parts_are_undone_from_the_inside_out(db: Database, tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        async with tx.savepoint():
            await tx.scalar(ADD, tenant=tenant, login="outer")

            async def work() -> None:
                async with tx.savepoint():
                    await tx.scalar(ADD, tenant=tenant, login="inner")
                    raise Interrupted

            with pytest.raises(Interrupted):
                await work()

        async def work() -> None:
            async with tx.savepoint():
                await tx.scalar(ADD, tenant=tenant, login="outer again")
                async with tx.savepoint():
                    await tx.scalar(ADD, tenant=tenant, login="inner again")
                raise Interrupted

        with pytest.raises(Interrupted):
            await work()
    assert await logins(db, tenant) == ["outer"]


async def test_the_owners_step_ends_with_its_block(db: Database, tenant: int, other_tenant: int) -> None:
    async with db.system() as tx:
        await tx.scalar(ADD, tenant=other_tenant, login="theirs")
    count = "SELECT count(*) FROM identity.user WHERE tenant_id = :other"
    async with db.tenant(tenant) as tx:
        async with tx.as_owner():
            assert await tx.scalar(count, other=other_tenant) == 1
        assert await tx.scalar(count, other=other_tenant) == 0
        with pytest.raises(Interrupted):
            async with tx.as_owner():
                raise Interrupted
        assert await tx.scalar(count, other=other_tenant) == 0


async def test_a_failed_owners_step_never_leaves_the_owner_behind(narrow: Database, tenant: int) -> None:
    async with narrow.tenant(tenant) as tx:
        with pytest.raises(asyncpg.UndefinedTableError):
            async with tx.savepoint(), tx.as_owner():
                await tx.run("SELECT FROM nowhere")
        assert await tx.scalar("SELECT current_user::text") == "gridloom_tenant"


async def test_effects_run_after_the_commit_in_their_order(db: Database, tenant: int) -> None:
    seen: list[Any] = []

    async def look() -> None:
        seen.append(await logins(db, tenant))

    async def note() -> None:
        seen.append("second")

    async with db.tenant(tenant) as tx:
        await tx.scalar(ADD, tenant=tenant, login="ada")
        tx.after_commit(look)
        tx.after_commit(note)
        assert seen == []
    assert seen == [["ada"], "second"]


async def test_a_rolled_back_transaction_has_no_effects(db: Database, tenant: int) -> None:
    seen: list[str] = []

    async def note() -> None:
        seen.append("ran")

    async def work() -> None:
        async with db.tenant(tenant) as tx:
            tx.after_commit(note)
            raise Interrupted

    with pytest.raises(Interrupted):
        await work()
    assert seen == []


async def test_a_failing_effect_hinders_neither_the_next_nor_the_caller(db: Database, tenant: int) -> None:
    seen: list[str] = []

    async def fail() -> None:
        raise Interrupted

    async def note() -> None:
        seen.append("ran")

    async with db.tenant(tenant) as tx:
        await tx.scalar(ADD, tenant=tenant, login="ada")
        tx.after_commit(fail)
        tx.after_commit(note)
    assert seen == ["ran"]
    assert await logins(db, tenant) == ["ada"]


async def test_trail_and_outbox_are_written_by_the_same_commit(narrow: Database, tenant: int) -> None:
    async def write(tx: Tx, rows: Sequence[Any]) -> None:
        await tx.many(ADD, [{"tenant": tx.tenant, "login": row} for row in rows])

    narrow.trail_flusher = narrow.outbox_flusher = write
    async with narrow.tenant(tenant) as tx:
        tx.trail.append("trail")
        tx.outbox.append("outbox")
    assert await logins(narrow, tenant) == ["outbox", "trail"]

    async def work() -> None:
        async with narrow.tenant(tenant) as tx:
            tx.trail.append("lost trail")
            raise Interrupted

    with pytest.raises(Interrupted):
        await work()
    assert await logins(narrow, tenant) == ["outbox", "trail"]


async def test_when_the_trail_cannot_be_written_nothing_is(narrow: Database, tenant: int) -> None:
    seen: list[str] = []

    async def refuse(_tx: Tx, _rows: Sequence[Any]) -> None:
        raise Interrupted

    async def note() -> None:
        seen.append("ran")

    narrow.trail_flusher = refuse

    async def work() -> None:
        async with narrow.tenant(tenant) as tx:
            await tx.scalar(ADD, tenant=tenant, login="ada")
            tx.trail.append("entry")
            tx.after_commit(note)

    with pytest.raises(Interrupted):
        await work()
    assert await logins(narrow, tenant) == []
    assert seen == []


async def test_a_statement_that_takes_too_long_is_stopped(database_url: str) -> None:
    database = await Database(database_url, size=1, statement_timeout_s=0.1).open()
    try:
        with pytest.raises(asyncpg.QueryCanceledError):
            async with database.system() as tx:
                await tx.run("SELECT pg_sleep(5)")
        async with database.system() as tx:
            assert await tx.scalar("SELECT 1") == 1
    finally:
        await database.close()


async def test_more_transactions_than_connections_wait_for_their_turn(narrow: Database, tenant: int) -> None:
    async def add(number: int) -> None:
        async with narrow.tenant(tenant) as tx:
            await tx.scalar(ADD, tenant=tenant, login=f"user-{number}")

    await asyncio.gather(*(add(number) for number in range(8)))
    assert await logins(narrow, tenant) == [f"user-{number}" for number in range(8)]


async def test_a_connection_that_the_server_ended_is_replaced(narrow: Database) -> None:
    async with narrow.system() as tx:
        backend = await tx.scalar("SELECT pg_backend_pid()")
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        async with narrow.system() as tx:
            await tx.run("SELECT pg_terminate_backend(pg_backend_pid())")
    async with narrow.system() as tx:
        assert await tx.scalar("SELECT pg_backend_pid()") != backend


# --- what a read leaves behind ----------------------------------------------------------------------------------------

OPEN = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND pid = ANY(CAST(:pids AS int[]))"
PID = "SELECT pg_backend_pid()"


async def _still_open(db: Database, pid: int) -> int:
    """In a transaction of its own: the server shows one transaction the same activity throughout."""
    async with db.system() as tx:
        return int(await tx.scalar(OPEN, pids=[pid]))


async def test_a_read_holds_no_transaction_open_once_nobody_follows(
    narrow: Database, db: Database, tenant: int
) -> None:
    async with narrow.tenant(tenant, read_only=True) as tx:
        pid = await tx.scalar(PID)
    for _ in range(500):
        if not await _still_open(db, pid):
            break
        await asyncio.sleep(0.01)
    assert await _still_open(db, pid) == 0
    async with narrow.system() as tx:
        assert await tx.scalar(PID) == pid


async def test_the_transaction_after_a_read_is_a_new_one_of_its_own_tenant(
    narrow: Database, tenant: int, other_tenant: int
) -> None:
    for owner, login in ((tenant, "ada"), (other_tenant, "bob")):
        async with narrow.tenant(owner) as tx:
            await tx.scalar(ADD, tenant=owner, login=login)
    seen: list[tuple[list[str], int]] = []
    for owner in (tenant, other_tenant, tenant):
        async with narrow.tenant(owner, read_only=True) as tx:
            rows = [row["login"] for row in await tx.all(LOGINS)]
            seen.append((rows, await tx.scalar("SELECT CAST(extract(epoch FROM now()) * 1000000 AS bigint)")))
    assert [rows for rows, _ in seen] == [["ada"], ["bob"], ["ada"]]
    assert len({began for _, began in seen}) == 3
    async with narrow.system() as tx:
        assert await tx.scalar("SELECT current_setting('role')") == "none"
        assert (
            await tx.scalar("SELECT count(*) FROM identity.user WHERE tenant_id = ANY(:t)", t=[tenant, other_tenant])
            == 2
        )


async def test_what_follows_a_read_may_write(narrow: Database, tenant: int) -> None:
    async with narrow.tenant(tenant, read_only=True) as tx:
        await tx.all(LOGINS)
    async with narrow.tenant(tenant) as tx:
        await tx.scalar(ADD, tenant=tenant, login="ada")
    assert await logins(narrow, tenant) == ["ada"]


async def test_whoever_waits_for_a_connection_gets_the_one_that_a_read_ends_with(narrow: Database, tenant: int) -> None:
    order: list[str] = []

    async def bare() -> None:
        async with narrow.connection() as connection:
            order.append("bare")
            assert not connection.is_in_transaction()

    async with narrow.tenant(tenant, read_only=True) as tx:
        await tx.all(LOGINS)
        waiting = [asyncio.create_task(logins(narrow, tenant)), asyncio.create_task(bare())]
        await asyncio.sleep(0.05)
    async with asyncio.timeout(5):
        await asyncio.gather(*waiting)
    assert order == ["bare"]


async def test_a_connection_that_died_while_it_rested_is_replaced(narrow: Database, db: Database, tenant: int) -> None:
    async with narrow.tenant(tenant, read_only=True) as tx:
        pid = await tx.scalar(PID)
    async with db.system() as tx:
        await tx.scalar("SELECT pg_terminate_backend(:pid)", pid=pid)
    await asyncio.sleep(0.1)
    async with narrow.tenant(tenant, read_only=True) as tx:
        assert await tx.scalar(PID) != pid


async def test_closing_ends_what_rests(database_url: str, db: Database, tenant: int) -> None:
    database = await Database(database_url, size=1).open()
    async with database.tenant(tenant, read_only=True) as tx:
        pid = await tx.scalar(PID)
    async with asyncio.timeout(5):
        await database.close()
    await asyncio.sleep(0.05)
    async with db.system() as tx:
        assert await tx.scalar("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid", pid=pid) == 0
