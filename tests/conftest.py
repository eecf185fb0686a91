"""A real PostgreSQL for every run of the tests: one server, one template of all tables, one database for each worker.

Without TEST_DATABASE_URL an embedded server starts in a folder of its own: with xdist in the controller, which hands
its address to the workers, else on the first use. With it, that server is used (PostgreSQL 15 or later, a login that
may create databases and roles), and what the run made there is dropped at the end.
"""

import itertools
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql
from sqlalchemy import create_engine, make_url

from gridloom.kernel.database.embedded import EmbeddedServer
from gridloom.kernel.database.migrate import complete, create_schemas, migrate, newest
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.tables import metadata
from gridloom.kernel.discovery import load_tables
from gridloom.kernel.observability import configure_logging

pytest_plugins = ["tests.suites.fixtures"]

# The same examples in every run, so that a red run is red again; HYPOTHESIS_PROFILE=search looks for new ones.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

# Plain lines: the traces that structlog draws by default hold every local variable, and take seconds each.
configure_logging("console", "info")

UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "64MB"}


class Cluster:
    """The server of a run and the databases that the run made in it."""

    def __init__(self) -> None:
        self.run = f"test_{secrets.token_hex(4)}"
        self.template = f"{self.run}_template"
        self._folder: Path | None = None
        self._server: EmbeddedServer | None = None
        self._external = os.environ.get("TEST_DATABASE_URL")
        if self._external is None:
            self._folder = Path(tempfile.mkdtemp(prefix="gridloom-tests-"))
            try:
                self._server = EmbeddedServer(self._folder, settings=UNSAFE).start()
            except BaseException:
                shutil.rmtree(self._folder, ignore_errors=True)
                raise

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        if self._server is not None:
            return self._server.url(database)
        return str(
            make_url(self._external or "").set(drivername="postgresql", database=database).render_as_string(False)
        )

    def build_template(self) -> None:
        """All tables, as an installation would have them."""
        create_database(self.url("postgres"), self.template)
        load_tables()
        url = self.url(self.template)
        if newest():
            migrate(url)
            return
        options = {"no_parameters": True}  # a percent sign in DDL is one
        engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), execution_options=options)
        with engine.begin() as connection:
            create_schemas(connection)
            metadata.create_all(connection)
            complete(connection)
        engine.dispose()

    def close(self) -> None:
        """Stop the server of ours, or drop what this run made in the other's."""
        if self._server is not None and self._folder is not None:
            self._server.stop()
            shutil.rmtree(self._folder, ignore_errors=True)
            return
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            made = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
            for (name,) in connection.execute(made, [self.run]).fetchall():
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def create_database(url: str, name: str, template: str = "template0") -> None:
    """Make a database as a copy of another."""
    command = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(command)


_cluster = pytest.StashKey[Cluster]()


def _cluster_of(config: pytest.Config) -> Cluster:
    if _cluster not in config.stash:
        config.stash[_cluster] = Cluster()
        config.stash[_cluster].build_template()
    return config.stash[_cluster]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """In the controller of xdist, before a worker starts: everything the worker has to know."""
    cluster = _cluster_of(node.config)
    node.workerinput["server_url"] = cluster.url("postgres")
    node.workerinput["run"] = cluster.run
    node.workerinput["template"] = cluster.template


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A run in which every test was skipped has proven nothing, and fails."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    idle = reporter is not None and not reporter.stats.get("passed") and not session.config.option.collectonly
    if idle and exitstatus == pytest.ExitCode.OK and not hasattr(session.config, "workerinput"):
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED


def pytest_unconfigure(config: pytest.Config) -> None:
    """The run is over."""
    if _cluster in config.stash:
        config.stash[_cluster].close()
        del config.stash[_cluster]


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> dict[str, str]:
    """The run's server: `url` (of the database postgres, as owner), `run` (prefix of every database), `template`."""
    given = getattr(request.config, "workerinput", None)
    if given is not None:
        return {"url": given["server_url"], "run": given["run"], "template": given["template"]}
    cluster = _cluster_of(request.config)
    return {"url": cluster.url("postgres"), "run": cluster.run, "template": cluster.template}


@pytest.fixture(scope="session")
def new_database(server: dict[str, str]) -> Any:
    """Make a further database: `new_database("empty", template="template0")` gives its URL (default: all tables)."""
    numbers = itertools.count(1)

    def make(name: str, template: str | None = None) -> str:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        full = f"{server['run']}_{worker}_{name}_{next(numbers)}"
        create_database(server["url"], full, template or server["template"])
        return make_url(server["url"]).set(database=full).render_as_string(hide_password=False)

    return make


@pytest.fixture(scope="session")
def database_url(new_database: Any) -> str:
    """This worker's own database with all tables, for asyncpg and psycopg."""
    url: str = new_database("own")
    return url


@pytest.fixture(scope="session")
async def db(database_url: str) -> AsyncIterator[Database]:
    """A pool on the worker's database. Set no flushers on it: a test that needs them opens its own `Database`."""
    database = await Database(database_url).open()
    yield database
    await database.close()


async def _fresh_tenant(db: Database) -> int:
    slug = f"t-{secrets.token_hex(6)}"
    async with db.system() as tx:
        number: int = await tx.scalar(
            "INSERT INTO identity.tenant (slug, name) VALUES (:slug, :name) RETURNING id",
            slug=slug,
            name=f"Tenant {slug}",
        )
    return number


@pytest.fixture
async def tenant(db: Database) -> int:
    """The number of a tenant that only this test knows."""
    return await _fresh_tenant(db)


@pytest.fixture
async def other_tenant(db: Database) -> int:
    """Another one, whose rows the first must never see."""
    return await _fresh_tenant(db)
