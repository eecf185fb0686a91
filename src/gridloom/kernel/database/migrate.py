"""Bringing a database to the schema of this version."""

from pathlib import Path

from sqlalchemy import Connection, create_engine, make_url, text

from gridloom.kernel.database.tables import metadata

VERSIONS = Path(__file__).parent / "migrations" / "versions"
EXTENSIONS = ("pg_trgm", "btree_gist", "unaccent")


def create_schemas(connection: Connection) -> None:
    """The schemas of all declared tables and the extensions that they use, in schema public; safe to repeat."""
    for name in EXTENSIONS:
        connection.execute(text(f"CREATE EXTENSION IF NOT EXISTS {name} SCHEMA public"))
    for schema in sorted({table.schema for table in metadata.tables.values() if table.schema}):
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))


def migrate(url: str) -> None:
    """Bring the database to the newest version."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        create_schemas(connection)
    engine.dispose()
