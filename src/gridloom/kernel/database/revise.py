"""Writing the next migration: `python -m gridloom.kernel.database.revise "contacts get a language"`.

An embedded server is brought to the newest version, compared with the tables in the code, and what differs becomes a
file to read and to correct. What alembic cannot see (check constraints, policies) is named.
"""

import sys
import tempfile
from pathlib import Path

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from gridloom.kernel.database.drift import drift
from gridloom.kernel.database.embedded import EmbeddedServer
from gridloom.kernel.database.migrate import LOCK, VERSIONS, configuration, create_schemas, migrate, newest, upgrade
from gridloom.kernel.discovery import load_tables


def revise(url: str, message: str, *, versions: Path = VERSIONS) -> Path:
    """Write the step from the newest version to the declared tables (an empty one when nothing differs).

    url: a database whose content does not matter; it is migrated first.
    """
    from alembic import command

    load_tables()
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        create_schemas(connection)
        if newest(versions):
            # Without policies and rights: the declared tables that get them are not all there yet.
            upgrade(connection, versions)
        number = f"{int(newest(versions) or 0) + 1:04d}"
        config = configuration(connection, versions)
        config.set_section_option("post_write_hooks", "hooks", "format")
        config.set_section_option("post_write_hooks", "format.type", "module")
        config.set_section_option("post_write_hooks", "format.module", "ruff")
        config.set_section_option("post_write_hooks", "format.options", "format --quiet REVISION_SCRIPT_FILENAME")
        command.revision(config, message, autogenerate=True, rev_id=number)
    return next(versions.glob(f"{number}_*.py"))


def main(message: str) -> None:
    """Write the file and say what it leaves open."""
    with tempfile.TemporaryDirectory(prefix="gridloom-revise-") as folder:
        server = EmbeddedServer(Path(folder), settings={"fsync": "off"}).start()
        try:
            path = revise(server.url(), message)
            sys.stdout.write(f"Written: {path}. Read it before you keep it.\n")
            migrate(server.url())
            for line in drift(server.url()):
                sys.stdout.write(f"To add by hand: {line}\n")
        finally:
            server.stop()


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
