"""Whether a database has exactly the tables that the code declares.

The declared tables are made a second time in schemas of their own, inside a transaction that is rolled back; then the
server's own catalogue is asked about both. So every definition is compared in the words of the same server: columns,
types, defaults, constraints of every kind, indexes, partitioning, policies and rights.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, MetaData, Table, create_engine, make_url, text
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateIndex, CreateTable

from gridloom.kernel.database.tables import metadata, tenant_tables
from gridloom.kernel.database.tenancy import policy_of

_SHADOW = "drift__"

_RELATIONS = """
    SELECT c.*, n.nspname || '.' || c.relname AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY(:schemas) AND NOT c.relispartition
      AND n.nspname || '.' || c.relname <> ALL(:others)
"""

_FACTS = f"""
WITH relation AS ({_RELATIONS})
SELECT name, 'table' AS kind, coalesce(pg_get_partkeydef(oid), '') AS definition FROM relation
UNION ALL
SELECT r.name, 'column ' || a.attname,
       concat_ws(' ', format_type(a.atttypid, a.atttypmod),
                 CASE WHEN a.attcollation <> t.typcollation THEN 'collate ' || a.attcollation::regcollation END,
                 CASE WHEN a.attnotnull THEN 'not null' END,
                 CASE a.attidentity WHEN 'a' THEN 'identity always' WHEN 'd' THEN 'identity' END,
                 CASE WHEN a.attgenerated <> '' THEN 'generated' END,
                 'default ' || pg_get_expr(d.adbin, d.adrelid))
FROM relation r
JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
UNION ALL
SELECT r.name, 'constraint ' || k.conname, pg_get_constraintdef(k.oid)
FROM relation r JOIN pg_constraint k ON k.conrelid = r.oid WHERE k.contype <> 'n'
UNION ALL
SELECT r.name, 'index ' || c.relname, pg_get_indexdef(i.indexrelid)
FROM relation r JOIN pg_index i ON i.indrelid = r.oid JOIN pg_class c ON c.oid = i.indexrelid
WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
UNION ALL
SELECT name, 'row-level security', 'on' FROM relation WHERE relrowsecurity
UNION ALL
SELECT r.name, 'policy ' || p.polname,
       concat_ws(' ', p.polcmd, CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END,
                 (SELECT string_agg(each::regrole::text, ',' ORDER BY 1) FROM unnest(p.polroles) AS each),
                 pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
FROM relation r JOIN pg_policy p ON p.polrelid = r.oid
UNION ALL
SELECT r.name, 'right of ' || coalesce(nullif(g.grantee, 0)::regrole::text, 'everybody'), g.privilege_type
FROM relation r CROSS JOIN aclexplode(r.relacl) AS g WHERE g.grantee <> r.relowner
"""


def drift(url: str) -> list[str]:
    """What is missing in the database and what is not declared, one sentence each; empty when they agree.

    Changes nothing, but makes and drops schemas while it looks, so it needs the owner's rights.
    """
    from gridloom.kernel.discovery import load_tables

    load_tables()
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.connect() as connection:
        return differences(connection)


def differences(connection: Connection) -> list[str]:
    """The same on an open connection, whose transaction is rolled back."""
    schemas = sorted({table.schema for table in metadata.tables.values() if table.schema})
    try:
        connection.execute(text("SET LOCAL search_path TO pg_catalog"))  # so that the server writes every name in full
        found = _facts(connection, schemas)
        _make_shadow(connection, schemas)
        declared = _facts(connection, [f"{_SHADOW}{schema}" for schema in schemas])
    finally:
        connection.rollback()
    missing = (f"{table} lacks its {kind}: {what}".rstrip(": ") for table, kind, what in sorted(declared - found))
    surplus = (
        f"{table} has an undeclared {kind}: {what}".rstrip(": ") for table, kind, what in sorted(found - declared)
    )
    return [*missing, *surplus]


def is_ours(schema: str | None, name: str, children: Collection[str] = ()) -> bool:
    """Whether versions speak of a table: it is neither a partition nor one that a library keeps in the same schema."""
    return f"{schema}.{name}" not in children and not name.startswith(("procrastinate_", "alembic_"))


def partitions(connection: Connection) -> set[str]:
    """Every partition, as `schema.name`; they follow their parent, and no version speaks of them."""
    query = "SELECT oid::regclass::text FROM pg_class WHERE relispartition AND relkind IN ('r', 'p')"
    return set(connection.scalars(text(query)))


def _facts(connection: Connection, schemas: list[str]) -> set[tuple[str, str, str]]:
    tables = text("SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY(:schemas)")
    rows = connection.execute(tables, {"schemas": schemas}).all()
    others = [f"{schema}.{name}" for schema, name in rows if not is_ours(schema, name)]
    facts: Any = connection.execute(text(_FACTS), {"schemas": schemas, "others": others}).all()
    return {
        (table, kind, what) for table, kind, what in ([part.replace(_SHADOW, "") for part in fact] for fact in facts)
    }


def _make_shadow(connection: Connection, schemas: list[str]) -> None:
    shadow = MetaData(naming_convention=metadata.naming_convention)
    copies: dict[str, Table] = {}
    for table in metadata.sorted_tables:
        copies[table.fullname] = table.to_metadata(
            shadow,
            schema=f"{_SHADOW}{table.schema}",
            referred_schema_fn=lambda _t, _to, _c, schema: f"{_SHADOW}{schema}",
        )
    for schema in schemas:
        connection.execute(text(f"CREATE SCHEMA {_SHADOW}{schema}"))
    # The shadow's foreign keys point into the shadow, so nothing that others use is locked.
    connection.execute(text("SET LOCAL search_path TO public, pg_catalog"))
    for copy in shadow.sorted_tables:
        connection.execute(CreateTable(copy))  # not create_all, whose events would reach for the real tables
        for index in copy.indexes:
            connection.execute(CreateIndex(index))
    connection.execute(text("SET LOCAL search_path TO pg_catalog"))
    for table in tenant_tables():
        copy = copies[table.fullname]
        copy.info.update(table.info)
        for command in policy_of(copy):
            connection.execute(text(command))
