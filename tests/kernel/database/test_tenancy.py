"""For every table that carries a tenant: another tenant's row can be neither read, counted, joined nor written.

Nothing here names a table. A new one is tested because it is declared.
"""

from typing import Any

import asyncpg
import pytest
from sqlalchemy import Table, bindparam, insert
from tests.kernel.database.declared_rows import add_row, minimal, parents

from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import Statement
from gridloom.kernel.database.tables import metadata, tenant_tables
from gridloom.kernel.database.transaction import TENANT_ROLE, Tx
from gridloom.kernel.discovery import load_tables

load_tables()

TENANT_TABLES = [pytest.param(table, id=table.fullname) for table in tenant_tables()]
SYSTEM_TABLES = sorted(table.fullname for table in metadata.sorted_tables if not table.info.get("tenant"))
PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")

every_tenant_table = pytest.mark.parametrize("table", TENANT_TABLES)


def quoted(table: Table) -> str:
    """The table's name for SQL text, with names like `user` in quotes."""
    return f'"{table.schema}"."{table.name}"'


def rights(table: Table) -> set[str]:
    """What the declaration allows a tenant's transaction."""
    return {right.strip() for right in table.info["rights"].split(",")}


async def rows_of(tx: Tx, table: Table, tenant: int) -> list[str]:
    """Every row of a tenant as text, in a fixed order."""
    query = f"SELECT t::text AS line FROM {quoted(table)} AS t WHERE tenant_id = :tenant ORDER BY 1"
    return [row["line"] for row in await tx.all(query, tenant=tenant)]


@pytest.fixture
async def before(db: Database, table: Table, tenant: int, other_tenant: int) -> dict[int, list[str]]:
    """One row of each tenant in the table, and what the table then holds, by tenant."""
    async with db.system() as tx:
        await add_row(tx, table, tenant)
        await add_row(tx, table, other_tenant)
        return {each: await rows_of(tx, table, each) for each in (tenant, other_tenant)}


async def assert_unchanged(db: Database, table: Table, before: dict[int, list[str]]) -> None:
    """Both tenants still have exactly the rows they had."""
    async with db.system() as tx:
        assert {each: await rows_of(tx, table, each) for each in before} == before


@every_tenant_table
async def test_a_tenant_reads_its_own_rows_and_no_others(
    db: Database, table: Table, tenant: int, other_tenant: int, before: dict[int, list[str]]
) -> None:
    async with db.tenant(tenant, read_only=True) as tx:
        assert await tx.all(f"SELECT DISTINCT tenant_id FROM {quoted(table)}") == [(tenant,)]
        assert await rows_of(tx, table, tenant) == before[tenant]
        assert await rows_of(tx, table, other_tenant) == []


@every_tenant_table
async def test_a_tenant_counts_only_its_own_rows(
    db: Database, table: Table, tenant: int, other_tenant: int, before: dict[int, list[str]]
) -> None:
    async with db.tenant(tenant, read_only=True) as tx:
        assert await tx.scalar(f"SELECT count(*) FROM {quoted(table)}") == len(before[tenant])
        assert await tx.scalar(f"SELECT max(tenant_id) FROM {quoted(table)}") == tenant
        assert await tx.scalar(f"SELECT min(tenant_id) FROM {quoted(table)}") == tenant


@every_tenant_table
async def test_a_join_does_not_reach_another_tenants_rows(
    db: Database, table: Table, tenant: int, other_tenant: int, before: dict[int, list[str]]
) -> None:
    name = quoted(table)
    async with db.tenant(tenant, read_only=True) as tx:
        given = "(SELECT CAST(:other AS integer) AS id) AS given"
        by_number = f"SELECT count(t.tenant_id) FROM {given} LEFT JOIN {name} AS t ON t.tenant_id = given.id"
        assert await tx.scalar(by_number, other=other_tenant) == 0
        assert await tx.scalar(f"SELECT count(*) FROM {name} AS a JOIN {name} AS b ON b.tenant_id <> a.tenant_id") == 0
        assert (
            await tx.scalar(f"SELECT EXISTS (SELECT FROM {name} WHERE tenant_id = :other)", other=other_tenant) is False
        )


@every_tenant_table
async def test_a_tenant_cannot_insert_a_row_for_another(
    db: Database, table: Table, tenant: int, other_tenant: int, before: dict[int, list[str]]
) -> None:
    async with db.system() as tx:
        row = minimal(table, other_tenant) | await parents(tx, table, other_tenant)
        expected = {each: await rows_of(tx, table, each) for each in before}
    statement = Statement(insert(table).values({name: bindparam(name) for name in row}))
    reason = "row-level security" if "INSERT" in rights(table) else "permission denied"
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match=reason):
        async with db.tenant(tenant) as tx:
            await tx.run(statement, **row)
    await assert_unchanged(db, table, expected)


@every_tenant_table
async def test_a_tenant_cannot_change_another_tenants_row(
    db: Database, table: Table, tenant: int, other_tenant: int, before: dict[int, list[str]]
) -> None:
    change = f"UPDATE {quoted(table)} SET tenant_id = tenant_id WHERE tenant_id = :other"
    await refused_or_nothing_found(db, tenant, change, allowed="UPDATE" in rights(table), other=other_tenant)
    await assert_unchanged(db, table, before)


@every_tenant_table
async def test_a_tenant_cannot_give_its_row_to_another(
    db: Database, table: Table, tenant: int, other_tenant: int, before: dict[int, list[str]]
) -> None:
    reason = "row-level security" if "UPDATE" in rights(table) else "permission denied"
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match=reason):
        async with db.tenant(tenant) as tx:
            await tx.run(f"UPDATE {quoted(table)} SET tenant_id = :other", other=other_tenant)
    await assert_unchanged(db, table, before)


@every_tenant_table
async def test_a_tenant_cannot_delete_another_tenants_row(
    db: Database, table: Table, tenant: int, other_tenant: int, before: dict[int, list[str]]
) -> None:
    removal = f"DELETE FROM {quoted(table)} WHERE tenant_id = :other"
    await refused_or_nothing_found(db, tenant, removal, allowed="DELETE" in rights(table), other=other_tenant)
    await assert_unchanged(db, table, before)


@every_tenant_table
async def test_without_a_tenant_nothing_is_seen_and_nothing_is_written(
    db: Database, table: Table, tenant: int, other_tenant: int, before: dict[int, list[str]]
) -> None:
    async with db.connection() as connection, connection.transaction():
        await connection.execute(f"SET LOCAL ROLE {TENANT_ROLE}")
        assert await connection.fetchval(f"SELECT count(*) FROM {quoted(table)}") == 0
    for right, command in (
        ("UPDATE", f"UPDATE {quoted(table)} SET tenant_id = tenant_id"),
        ("DELETE", f"DELETE FROM {quoted(table)}"),
    ):
        async with db.connection() as connection, connection.transaction():
            await connection.execute(f"SET LOCAL ROLE {TENANT_ROLE}")
            if right in rights(table):
                assert (await connection.execute(command)).endswith(" 0")
            else:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    async with connection.transaction():
                        await connection.execute(command)
    await assert_unchanged(db, table, before)


@every_tenant_table
async def test_a_tenants_rights_are_the_declared_ones(db: Database, table: Table) -> None:
    granted = "SELECT has_table_privilege(:role, :table, :right)"
    async with db.system() as tx:
        held = {
            right
            for right in PRIVILEGES
            if await tx.scalar(granted, role=TENANT_ROLE, table=quoted(table), right=right)
        }
    assert held == rights(table)


@pytest.mark.parametrize("name", SYSTEM_TABLES)
async def test_a_tenant_has_no_right_on_a_table_of_the_installation(db: Database, name: str) -> None:
    schema, table = name.split(".")
    granted = "SELECT has_table_privilege(:role, :table, :rights)"
    async with db.system() as tx:
        any_right = ", ".join(PRIVILEGES)
        assert not await tx.scalar(granted, role=TENANT_ROLE, table=f'"{schema}"."{table}"', rights=any_right)


async def test_every_relation_that_a_tenant_can_read_is_under_row_level_security(db: Database) -> None:
    """Partitions have no rights of their own; a view that could be read looks with the eyes of its reader."""
    readable = """
        SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public')
          AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND has_table_privilege(:role, c.oid, 'SELECT')
          AND NOT (c.relkind IN ('r', 'p') AND c.relrowsecurity)
          AND NOT (c.relkind = 'v' AND coalesce(c.reloptions::text, '') ~ 'security_invoker=(true|on|1)')
    """
    async with db.system() as tx:
        assert [row["name"] for row in await tx.all(readable, role=TENANT_ROLE)] == []


async def test_no_function_lends_a_tenant_the_rights_of_its_owner(db: Database) -> None:
    lending = """
        SELECT p.oid::regprocedure::text AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prosecdef AND n.nspname !~ '^pg_' AND has_function_privilege(:role, p.oid, 'EXECUTE')
          AND has_schema_privilege(:role, n.oid, 'USAGE')
    """
    async with db.system() as tx:
        assert [row["name"] for row in await tx.all(lending, role=TENANT_ROLE)] == []


async def test_the_tenants_role_is_nobody_special(db: Database) -> None:
    query = "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin FROM pg_roles WHERE rolname = :role"
    owned = "SELECT count(*) FROM pg_class WHERE relowner = CAST(:role AS regrole)"
    async with db.system() as tx:
        found: Any = await tx.one(query, role=TENANT_ROLE)
        assert tuple(found) == (False, False, False, False, False)
        assert await tx.scalar(owned, role=TENANT_ROLE) == 0


async def refused_or_nothing_found(db: Database, tenant: int, command: str, *, allowed: bool, **values: Any) -> None:
    """With the right the command finds no row; without it the server refuses it."""
    if allowed:
        async with db.tenant(tenant) as tx:
            assert await tx.run(command, **values) == 0
        return
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
        async with db.tenant(tenant) as tx:
            await tx.run(command, **values)
