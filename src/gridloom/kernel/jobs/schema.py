"""The tables of the queue: procrastinate brings their SQL, here it is installed and kept up to date in one schema."""

from collections.abc import Callable
from importlib import resources
from typing import Any

import psycopg
from sqlalchemy import Connection

from gridloom.kernel.events.event import lock_number

SCHEMA = "jobs"

_TABLE = f"{SCHEMA}.procrastinate_jobs"

# The functions of procrastinate name their tables without a schema; bound to this one they can be called from any
# connection, inside anybody's transaction.
_BIND = f"""
    DO $$ DECLARE each regprocedure; BEGIN
        FOR each IN
            SELECT p.oid::regprocedure FROM pg_proc AS p
            WHERE p.pronamespace = '{SCHEMA}'::regnamespace AND p.proname LIKE 'procrastinate%'
        LOOP
            EXECUTE format('ALTER FUNCTION %s SET search_path = {SCHEMA}, pg_catalog, pg_temp', each);
        END LOOP;
    END $$
"""


def install(connection: Connection | psycopg.Connection[Any]) -> None:
    """Bring the queue's tables and functions to the installed procrastinate; safe to repeat, part of every migration.

    connection: SQLAlchemy's (psycopg or asyncpg below) or psycopg's, of the owner. It runs in the connection's
    transaction and does not commit.
    """
    run = _runner(connection)
    run(f"SELECT pg_advisory_xact_lock({lock_number('jobs:install')})")
    before = run("SELECT current_setting('search_path')")
    run(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    run(f"SET LOCAL search_path TO {SCHEMA}, pg_catalog")
    scripts, version = _missing(run(f"SELECT obj_description(to_regclass('{_TABLE}'))"))
    for script in scripts:
        run(script)
    if scripts:
        run(f"COMMENT ON TABLE {_TABLE} IS '{version}'")
        run(_BIND)
    run(f"SELECT set_config('search_path', '{str(before).replace(chr(39), chr(39) * 2)}', true)")


def _missing(installed: str | None) -> tuple[list[str], str]:
    """The scripts that have not run yet, and the name of the last one; a table without a note is not there."""
    root = resources.files("procrastinate") / "sql"
    migrations = sorted(
        (each for each in (root / "migrations").iterdir() if each.name.endswith(".sql")), key=lambda each: each.name
    )
    version = migrations[-1].name
    if installed is None:
        return [(root / "schema.sql").read_text(encoding="utf-8")], version
    return [each.read_text(encoding="utf-8") for each in migrations if each.name > installed], version


def _runner(connection: Connection | psycopg.Connection[Any]) -> Callable[[str], Any]:
    """A function that runs a script, of one or many commands, and gives the first value of its last answer."""
    driver: Any = connection.connection.driver_connection if isinstance(connection, Connection) else connection

    def run(script: str) -> Any:
        cursor = driver.execute(script)
        while cursor.nextset():
            pass
        return cursor.fetchone()[0] if cursor.description else None

    return run
