"""Bringing a database to the tables of this version of the code.

One run does all of it in one transaction: schemas and extensions, the steps in `migrations/versions`, row-level
security and rights, and what a module's `ddl.py` adds beyond tables (views, partitions). A mark on the version table
says which code did it, so that an up-to-date database is recognised by one query.
"""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, create_engine, make_url, text

from gridloom.kernel.database.tables import metadata

SCHEMA = "gridloom"
VERSION_TABLE = f"{SCHEMA}.alembic_version"
SCRIPTS = Path(__file__).parent / "migrations"
VERSIONS = SCRIPTS / "versions"
EXTENSIONS = ("pg_trgm", "btree_gist", "unaccent")
LOCK = 7_361_001
"""Advisory lock of a run: of two processes that start at once, one migrates and the other finds it done."""

_PACKAGE = Path(__file__).parents[2]
_BEYOND_TABLES = (("ddl", "create"), ("schema", "install"))
"""File and function of a module that makes what is not a table; each is safe to repeat."""

log = structlog.get_logger(__name__)


class MigrationRefused(RuntimeError):
    """The database cannot be brought to this version; the message says why."""


def migrate(url: str, *, versions: Path = VERSIONS) -> bool:
    """Bring the database to the newest version; safe to call at every start and by several processes at once.

    Returns whether anything was done. Raises MigrationRefused when the database was migrated by a newer gridloom.
    """
    if is_current(url, versions=versions):
        return False
    from gridloom.kernel.discovery import load_tables

    load_tables()
    with _engine(url).connect() as connection, connection.begin():
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        before = _state(connection)
        if before == (newest(versions), mark()):
            return False
        if before[0] > newest(versions):
            raise MigrationRefused(
                f"the database is at version {before[0]}, and this gridloom knows versions up to {newest(versions)}: "
                "start the newer gridloom, or restore the backup made before it"
            )
        create_schemas(connection)
        upgrade(connection, versions)
        complete(connection)
        connection.execute(text(f"COMMENT ON TABLE {VERSION_TABLE} IS '{mark()}'"))
    log.info("database_migrated", since=before[0] or "nothing", till=newest(versions))
    return True


def is_current(url: str, *, versions: Path = VERSIONS) -> bool:
    """Whether the newest version is there, written by the same declarations; one query, and alembic stays unloaded."""
    with _engine(url).connect() as connection:
        return _state(connection) == (newest(versions), mark())


def newest(versions: Path = VERSIONS) -> str:
    """The number of the last step, "" when there is none."""
    return max((file.name[:4] for file in versions.glob("[0-9][0-9][0-9][0-9]_*.py")), default="")


@cache
def mark() -> str:
    """A fingerprint of everything that declares tables, rights, policies and views, without importing any of it."""
    digest = hashlib.blake2b(version("procrastinate").encode(), digest_size=12)  # the queue brings tables of its own
    names = {"tables.py", "tenancy.py", *(f"{name}.py" for name, _ in _BEYOND_TABLES)}
    for file in sorted(file for file in _PACKAGE.rglob("*.py") if file.name in names):
        digest.update(file.relative_to(_PACKAGE).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def create_schemas(connection: Connection) -> None:
    """The schemas of all declared tables, and the extensions that they use in schema public; safe to repeat."""
    for name in EXTENSIONS:
        connection.execute(text(f"CREATE EXTENSION IF NOT EXISTS {name} SCHEMA public"))
    for schema in sorted({SCHEMA, *(table.schema for table in metadata.tables.values() if table.schema)}):
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))


def complete(connection: Connection) -> None:
    """Row-level security and rights on every table, then what stands beyond tables; safe to repeat.

    Beyond tables stand the commands of a table's `info["commands"]` (its triggers), and what a module's `ddl.py`
    creates (views, partitions).
    """
    from gridloom.kernel.database.tenancy import secure
    from gridloom.kernel.discovery import modules

    secure(connection)
    for table in metadata.sorted_tables:
        for command in table.info.get("commands", ()):
            connection.exec_driver_sql(command, execution_options={"no_parameters": True})
    for file, function in _BEYOND_TABLES:
        for module in modules(file):
            if make := getattr(module, function, None):
                make(connection)


def configuration(connection: Connection, versions: Path = VERSIONS) -> Any:
    """Alembic's configuration, made here so that no file has to be shipped beside the package."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("version_locations", str(versions).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, versions: Path) -> None:
    from alembic import command

    command.upgrade(configuration(connection, versions), "head")


def _state(connection: Connection) -> tuple[str, str]:
    """Version and mark of the database; empty strings where it has none."""
    if connection.scalar(text("SELECT to_regclass(:name)"), {"name": VERSION_TABLE}) is None:
        return "", ""
    row = connection.execute(
        text(f"SELECT version_num, obj_description('{VERSION_TABLE}'::regclass) FROM {VERSION_TABLE}")
    ).one_or_none()
    return (row[0], row[1] or "") if row else ("", "")


def _engine(url: str) -> Any:
    from sqlalchemy.pool import NullPool

    return create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
