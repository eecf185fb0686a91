"""Row-level security, written for every tenant table from its declaration.

The policy compares with the tenant set on the transaction; the sub-select makes PostgreSQL evaluate the setting once a
statement and lets it use the index that `tenant_id` leads. A transaction without a tenant sees nothing.
"""

from sqlalchemy import Connection, Table, text

from gridloom.kernel.database.pool import TENANT_SETTING
from gridloom.kernel.database.tables import metadata, tenant_tables
from gridloom.kernel.database.transaction import TENANT_ROLE

POLICY = "tenant"
CONDITION = f"tenant_id = (SELECT nullif(current_setting('{TENANT_SETTING}', true), '')::integer)"


def secure(connection: Connection) -> None:
    """Give each tenant table its policy and the tenant role its rights; safe to repeat, part of every migration run."""
    _create_role(connection)
    for schema in sorted({table.schema for table in metadata.tables.values() if table.schema}):
        connection.execute(text(f"GRANT USAGE ON SCHEMA {schema} TO {TENANT_ROLE}"))
    for table in tenant_tables():
        for command in policy_of(table):
            connection.execute(text(command))


def policy_of(table: Table) -> list[str]:
    """The commands that put one table under row-level security."""
    name = f"{table.schema}.{table.name}"
    return [
        f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS {POLICY} ON {name}",
        f"CREATE POLICY {POLICY} ON {name} TO {TENANT_ROLE} USING ({CONDITION}) WITH CHECK ({CONDITION})",
        f"REVOKE ALL ON {name} FROM {TENANT_ROLE}",
        f"GRANT {table.info['rights']} ON {name} TO {TENANT_ROLE}",
    ]


def _create_role(connection: Connection) -> None:
    connection.execute(
        text(
            # Asked first: who may not create roles is refused even where the role is there.
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{TENANT_ROLE}') THEN "
            f"CREATE ROLE {TENANT_ROLE} NOLOGIN NOINHERIT NOBYPASSRLS; END IF; "
            "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
    )
    # From PostgreSQL 16 on, a login that is no superuser may administer a role that it made, and not switch to it.
    kind = "SET" if (connection.dialect.server_version_info or (0,)) >= (16,) else "MEMBER"
    asked = text("SELECT pg_has_role(current_user, :role, :kind)")
    if not connection.scalar(asked, {"role": TENANT_ROLE, "kind": kind}):
        connection.execute(text(f"GRANT {TENANT_ROLE} TO current_user"))
