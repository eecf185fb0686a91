"""From nothing to the declared tables, once, whoever else starts at the same time."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Column, Connection, Text, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from gridloom.kernel.database.drift import differences, drift
from gridloom.kernel.database.embedded import EmbeddedServer
from gridloom.kernel.database.migrate import VERSIONS, MigrationRefused, is_current, mark, migrate, newest
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.revise import revise
from gridloom.kernel.database.tables import metadata, tenant_table

NewDatabase = Callable[..., str]

STEP = '''
revision = "{number}"
down_revision = "{before}"

from alembic import op


def upgrade() -> None:
    """A step of a test."""
    op.execute("CREATE TABLE identity.half_done (id integer)")
    op.execute("{command}")
'''


@pytest.fixture(scope="module")
def versions(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The steps of the package; while it has none, a first one made from the declared tables."""
    if newest():
        return VERSIONS
    folder = tmp_path_factory.mktemp("versions")
    revise(new_database("revised", template="template0"), "baseline", versions=folder)
    return folder


@pytest.fixture(scope="module")
def migrated(new_database: NewDatabase, versions: Path) -> str:
    """A database that the steps alone have made."""
    url = new_database("migrated", template="template0")
    assert migrate(url, versions=versions) is True
    return url


@pytest.fixture
def opened(migrated: str) -> Iterator[Connection]:
    """A connection to it, whose changes are rolled back."""
    with create_engine(make_url(migrated).set(drivername="postgresql+psycopg"), poolclass=NullPool).connect() as each:
        yield each


def test_the_steps_lead_to_exactly_the_declared_tables(migrated: str) -> None:
    assert drift(migrated) == []


def test_a_new_step_after_the_last_one_would_be_empty(migrated: str, versions: Path, tmp_path: Path) -> None:
    for file in versions.glob("*.py"):
        (tmp_path / file.name).write_text(file.read_text())
    step = revise(migrated, "nothing", versions=tmp_path)
    assert step.name == f"{int(newest(versions)) + 1:04d}_nothing.py"
    assert "op." not in step.read_text().split("def upgrade", 1)[1]


def test_a_step_for_a_new_table_can_be_written(new_database: NewDatabase, versions: Path, tmp_path: Path) -> None:
    for file in versions.glob("*.py"):
        (tmp_path / file.name).write_text(file.read_text())
    table = tenant_table("identity", "newcomer", Column("name", Text))
    try:
        step = revise(new_database("newcomer", template="template0"), "a newcomer", versions=tmp_path)
    finally:
        metadata.remove(table)
    made = step.read_text().split("def upgrade", 1)[1]
    assert made.count("op.create_table(") == 1
    assert '"newcomer"' in made


def test_the_second_run_finds_nothing_to_do(migrated: str, versions: Path) -> None:
    assert is_current(migrated, versions=versions) is True
    assert migrate(migrated, versions=versions) is False


async def test_of_several_processes_at_once_one_migrates(new_database: NewDatabase, versions: Path) -> None:
    url = new_database("at_once", template="template0")
    program = (
        "import sys; from pathlib import Path; from gridloom.kernel.database.migrate import migrate; "
        "sys.stdout.write(f'answer {migrate(sys.argv[1], versions=Path(sys.argv[2]))}')"
    )

    async def run() -> str:
        command = (sys.executable, "-c", program, url, str(versions))
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        output, _ = await process.communicate()
        assert process.returncode == 0
        return output.decode().rpartition("answer ")[2]

    assert sorted(await asyncio.gather(*(run() for _ in range(3)))) == ["False", "False", "True"]
    assert drift(url) == []


def test_an_up_to_date_database_is_recognised_without_alembic(migrated: str, versions: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from gridloom.kernel.database.migrate import migrate; "
        "sys.stdout.write(f'{migrate(sys.argv[1], versions=Path(sys.argv[2]))} {\"alembic\" in sys.modules}')"
    )
    command = [sys.executable, "-c", program, migrated, str(versions)]
    done, alembic = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert (done, alembic) == ("False", "False")


def test_a_step_that_fails_changes_nothing(new_database: NewDatabase, versions: Path, tmp_path: Path) -> None:
    url = new_database("failing", template="template0")
    migrate(url, versions=versions)
    for file in versions.glob("*.py"):
        (tmp_path / file.name).write_text(file.read_text())
    number = f"{int(newest(versions)) + 1:04d}"
    step = STEP.format(number=number, before=newest(versions), command="SELECT 1 / 0")
    (tmp_path / f"{number}_fails.py").write_text(step)
    with pytest.raises(Exception, match="division by zero"):
        migrate(url, versions=tmp_path)
    assert is_current(url, versions=versions)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regclass('identity.half_done')").fetchone() == (None,)
    (tmp_path / f"{number}_fails.py").write_text(step.replace("SELECT 1 / 0", "DROP TABLE identity.half_done"))
    assert migrate(url, versions=tmp_path) is True
    assert drift(url) == []


def test_a_database_of_a_newer_gridloom_is_refused(new_database: NewDatabase, versions: Path) -> None:
    url = new_database("newer", template="template0")
    migrate(url, versions=versions)
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE gridloom.alembic_version SET version_num = '9999'")
    with pytest.raises(MigrationRefused, match="at version 9999"):
        migrate(url, versions=versions)


def test_rights_declared_anew_are_given_without_a_step(new_database: NewDatabase, versions: Path) -> None:
    url = new_database("rights", template="template0")
    migrate(url, versions=versions)
    with psycopg.connect(url) as connection:
        connection.execute("COMMENT ON TABLE gridloom.alembic_version IS 'what an older code wrote'")
        connection.execute("GRANT TRUNCATE ON identity.user TO gridloom_tenant")
    assert drift(url) == ["identity.user has an undeclared right of gridloom_tenant: TRUNCATE"]
    assert migrate(url, versions=versions) is True
    assert drift(url) == []


def test_the_mark_is_the_same_in_every_process() -> None:
    program = "import sys; from gridloom.kernel.database.migrate import mark; sys.stdout.write(mark())"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert answer == mark()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            "ALTER TABLE identity.client ALTER name TYPE varchar(80)",
            {
                "identity.client lacks its column name: text not null",
                "identity.client has an undeclared column name: character varying(80) not null",
            },
        ),
        (
            "ALTER TABLE identity.client ALTER is_disabled DROP NOT NULL",
            {
                "identity.client lacks its column is_disabled: boolean not null default false",
                "identity.client has an undeclared column is_disabled: boolean default false",
            },
        ),
        (
            "ALTER TABLE identity.client ALTER is_disabled SET DEFAULT true",
            {
                "identity.client lacks its column is_disabled: boolean not null default false",
                "identity.client has an undeclared column is_disabled: boolean not null default true",
            },
        ),
        (
            "ALTER TABLE identity.tenant DROP CONSTRAINT ck_tenant_status",
            {
                (
                    "identity.tenant lacks its constraint ck_tenant_status: "
                    "CHECK ((status = ANY (ARRAY['active'::text, 'closed'::text])))"
                ),
            },
        ),
        (
            "DROP INDEX identity.ix_token_tenant_id_user_id",
            {
                (
                    "identity.token lacks its index ix_token_tenant_id_user_id: CREATE INDEX "
                    "ix_token_tenant_id_user_id ON identity.token USING btree (tenant_id, user_id)"
                ),
            },
        ),
        (
            "ALTER TABLE identity.client DISABLE ROW LEVEL SECURITY",
            {"identity.client lacks its row-level security: on"},
        ),
        (
            "REVOKE UPDATE ON identity.client FROM gridloom_tenant",
            {"identity.client lacks its right of gridloom_tenant: UPDATE"},
        ),
        (
            "GRANT SELECT ON identity.tenant TO gridloom_tenant",
            {"identity.tenant has an undeclared right of gridloom_tenant: SELECT"},
        ),
        (
            "CREATE TABLE identity.surplus (id integer)",
            {
                "identity.surplus has an undeclared table",
                "identity.surplus has an undeclared column id: integer",
            },
        ),
    ],
)
def test_drift_names_what_somebody_changed_by_hand(opened: Connection, damage: str, said: set[str]) -> None:
    opened.execute(text(damage))
    assert set(differences(opened)) == said


def test_drift_names_a_policy_that_lets_more_through(opened: Connection) -> None:
    opened.execute(text("ALTER POLICY tenant ON identity.client USING (true)"))
    lacking, surplus = differences(opened)
    assert lacking.startswith("identity.client lacks its policy tenant: * permissive gridloom_tenant (tenant_id = ")
    assert surplus.startswith("identity.client has an undeclared policy tenant: * permissive gridloom_tenant true (")


def test_looking_for_drift_leaves_nothing_behind(migrated: str) -> None:
    drift(migrated)
    with psycopg.connect(migrated) as connection:
        assert connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'drift%'").fetchall() == []


async def test_an_owner_without_special_rights_is_enough(versions: Path, tmp_path: Path) -> None:
    """As on a rented server: a login that may create roles, and owns its database."""
    server = EmbeddedServer(tmp_path / "rented", settings={"fsync": "off", "shared_buffers": "16MB"}).start()
    try:
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute("CREATE ROLE renter LOGIN CREATEROLE PASSWORD 'rented'")
            connection.execute("CREATE DATABASE rented OWNER renter")
        url = make_url(server.url("rented")).set(username="renter", password="rented")  # a login of this test's own
        address = url.render_as_string(hide_password=False)
        migrate(address, versions=versions)
        assert drift(address) == []
        database = await Database(address).open()
        try:
            async with database.system() as tx:
                tenant = await tx.scalar("INSERT INTO identity.tenant (slug, name) VALUES ('a', 'A') RETURNING id")
            async with database.tenant(tenant) as tx:
                assert await tx.scalar("SELECT current_user::text") == "gridloom_tenant"
        finally:
            await database.close()
    finally:
        server.stop()
