"""The queue's tables are installed once, from any kind of connection, and brought up to date."""

from importlib import resources
from typing import Any

import asyncpg
import psycopg
import pytest
from sqlalchemy import create_engine, make_url

from gridloom.kernel.jobs.schema import install


async def _functions(url: str) -> dict[str, str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT proname, array_to_string(proconfig, ',') AS config FROM pg_proc"
            " WHERE pronamespace = 'jobs'::regnamespace AND proname LIKE 'procrastinate%'"
        )
    finally:
        await connection.close()
    return {row["proname"]: row["config"] for row in rows}


async def test_installing_twice_changes_nothing(new_database: Any) -> None:
    url = new_database("queue_twice", template="template0")
    with psycopg.connect(url) as connection:
        install(connection)
    first = await _functions(url)
    with psycopg.connect(url) as connection:
        connection.execute("SET search_path TO public, pg_catalog")
        install(connection)
        assert connection.execute("SHOW search_path").fetchone() == ("public, pg_catalog",)
    assert await _functions(url) == first
    assert "procrastinate_defer_jobs_v1" in first
    assert set(first.values()) == {"search_path=jobs, pg_catalog, pg_temp"}


async def test_sqlalchemy_installs_the_same_as_psycopg(new_database: Any) -> None:
    url = new_database("queue_sqlalchemy", template="template0")
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        install(connection)
    engine.dispose()
    other = new_database("queue_psycopg", template="template0")
    with psycopg.connect(other) as direct:
        install(direct)
    assert await _functions(url) == await _functions(other)


async def test_an_installation_that_is_rolled_back_leaves_nothing(new_database: Any) -> None:
    url = new_database("queue_undone", template="template0")

    def fail() -> None:
        with psycopg.connect(url) as connection:
            install(connection)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regnamespace('jobs')").fetchone() == (None,)


async def test_an_older_queue_gets_the_migrations_it_lacks_and_becomes_like_a_new_one(new_database: Any) -> None:
    older, new = new_database("queue_older", template="template0"), new_database("queue_new", template="template0")
    last = "03.02.00_50_post_batch_defer_jobs.sql"
    migrations = resources.files("procrastinate") / "sql" / "migrations"
    with psycopg.connect(older, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA jobs")
        connection.execute("SET search_path TO jobs")
        for each in sorted(migrations.iterdir(), key=lambda each: each.name):
            if each.name.endswith(".sql") and each.name <= last:
                connection.execute(each.read_text(encoding="utf-8"))
        connection.execute(f"COMMENT ON TABLE procrastinate_jobs IS '{last}'")
    assert "procrastinate_retry_job_v2" not in await _functions(older)
    for url in (older, new):
        with psycopg.connect(url) as connection:
            install(connection)
    assert (await _functions(new)).items() <= (await _functions(older)).items()
