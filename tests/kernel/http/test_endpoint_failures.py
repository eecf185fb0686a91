"""When the database says no: deadlocks, conflicts of versions, time limits, servers that went away."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from structlog.testing import capture_logs
from tests.kernel.http.gate import Gate
from tests.kernel.http.kit import Plain, TinyApi, client_of, subject_of

from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Conflict, Invalid, Unavailable
from gridloom.kernel.http.endpoint import ATTEMPTS, fault_of
from gridloom.kernel.http.operation import ANYONE, action

ADD = "INSERT INTO tiny.shelf (tenant_id, name, holder_id) VALUES (:tenant, :name, 0) RETURNING id"
RAISE = "UPDATE tiny.shelf SET holder_id = holder_id + 1 WHERE name = :name"
COUNTS = "SELECT name, holder_id FROM tiny.shelf ORDER BY name"
AWAY = {"code": "unavailable", "message": "The database cannot be reached.", "errors": []}
SLOW = {"code": "unavailable", "message": "This took too long and was given up.", "errors": []}


def client(database: Database, tenant: int, handler: Any, method: str = "POST") -> httpx.AsyncClient:
    made = action(method, "/tiny/do", scope=ANYONE, answers={200: dict})(handler)
    return client_of(TinyApi(made, dialect=Plain({"me": subject_of(tenant, "*")})), database, bearer="me")


async def counts(database: Database, tenant: int) -> dict[str, int]:
    async with database.tenant(tenant, read_only=True) as tx:
        return {row["name"]: row["holder_id"] for row in await tx.all(COUNTS)}


async def add(database: Database, tenant: int, *names: str) -> None:
    async with database.tenant(tenant) as tx:
        for name in names:
            await tx.run(ADD, tenant=tenant, name=name)


# --- others at the same time ------------------------------------------------------------------------------------------


async def test_of_two_requests_that_wait_for_each_other_both_succeed(tiny: Database, owner: int) -> None:
    await add(tiny, owner, "a", "b")
    runs: list[list[str]] = []
    effects: list[list[str]] = []
    locked = asyncio.Barrier(2)

    async def work(tx: Tx, body: list[str]) -> dict[str, Any]:
        runs.append(body)

        async def effect() -> None:
            effects.append(body)

        tx.after_commit(effect)
        await tx.run(RAISE, name=body[0])
        if len(runs) <= 2:
            await locked.wait()
        await tx.run(RAISE, name=body[1])
        return {}

    me = client(tiny, owner, work)
    first, second = await asyncio.gather(*(me.post("/tiny/do", json=names) for names in (["a", "b"], ["b", "a"])))
    assert (first.status_code, second.status_code) == (200, 200)
    assert len(runs) == 3
    assert await counts(tiny, owner) == {"a": 2, "b": 2}
    assert sorted(effects) == [["a", "b"], ["b", "a"]]


async def interfere(database: Database, tenant: int, name: str) -> None:
    async with database.tenant(tenant) as tx:
        await tx.run(RAISE, name=name)


@pytest.mark.parametrize("disturbed", [1, ATTEMPTS - 1])
async def test_a_change_that_was_overtaken_is_tried_again(tiny: Database, owner: int, disturbed: int) -> None:
    await add(tiny, owner, "a")
    runs: list[int] = []

    async def work(tx: Tx) -> dict[str, Any]:
        await tx.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        runs.append(await tx.scalar("SELECT holder_id FROM tiny.shelf WHERE name = 'a'"))
        if len(runs) <= disturbed:
            await interfere(tiny, owner, "a")
        await tx.run(RAISE, name="a")
        return {"seen": runs[-1]}

    answer = await client(tiny, owner, work).post("/tiny/do")
    assert (answer.status_code, answer.json()) == (200, {"seen": disturbed})
    assert runs == list(range(disturbed + 1))
    assert await counts(tiny, owner) == {"a": disturbed + 1}


async def test_a_change_that_is_always_overtaken_is_a_conflict_in_the_end(tiny: Database, owner: int) -> None:
    await add(tiny, owner, "a")
    runs: list[int] = []

    async def work(tx: Tx) -> dict[str, Any]:
        await tx.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        runs.append(await tx.scalar("SELECT holder_id FROM tiny.shelf WHERE name = 'a'"))
        await interfere(tiny, owner, "a")
        await tx.run(RAISE, name="a")
        return {}

    answer = await client(tiny, owner, work).post("/tiny/do")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert answer.json()["message"] == "Others changed the same data at the same time; try again."
    assert runs == [0, 1, 2]
    assert await counts(tiny, owner) == {"a": ATTEMPTS}


async def test_a_table_that_was_changed_meanwhile_is_read_anew(tiny_url: str, owner: int) -> None:
    runs: list[str] = []

    async def work(tx: Tx) -> dict[str, Any]:
        runs.append("ran")
        return {"columns": len(dict(await tx.one("SELECT * FROM tiny.changing") or {}))}

    database = await Database(tiny_url, size=1).open()
    async with database.system() as tx:
        await tx.run("CREATE TABLE tiny.changing AS SELECT 1 AS a")
        await tx.run("GRANT SELECT ON tiny.changing TO gridloom_tenant")
    me = client(database, owner, work)
    try:
        assert (await me.post("/tiny/do")).json() == {"columns": 1}
        async with database.system() as tx:
            await tx.run("ALTER TABLE tiny.changing ADD COLUMN b integer")
        assert (await me.post("/tiny/do")).json() == {"columns": 2}
        assert len(runs) == 3
    finally:
        async with database.system() as tx:
            await tx.run("DROP TABLE tiny.changing")
        await database.close()


# --- too slow ---------------------------------------------------------------------------------------------------------


@pytest.fixture
async def hasty(tiny_url: str) -> AsyncIterator[Database]:
    database = await Database(tiny_url, size=2, statement_timeout_s=0.1).open()
    yield database
    await database.close()


async def test_a_statement_that_takes_too_long_is_given_up_and_undone(
    hasty: Database, tiny: Database, owner: int
) -> None:
    async def work(tx: Tx) -> dict[str, Any]:
        await tx.run(ADD, tenant=tx.tenant, name="undone")
        await tx.run("SELECT pg_sleep(10)")
        return {}

    answer = await client(hasty, owner, work).post("/tiny/do")
    assert (answer.status_code, answer.json()) == (503, SLOW)
    assert await counts(tiny, owner) == {}


async def test_the_connection_serves_on_after_a_statement_that_was_given_up(hasty: Database, owner: int) -> None:
    async def work(tx: Tx, body: float) -> dict[str, Any]:
        await tx.run("SELECT pg_sleep(:seconds)", seconds=body)
        return {}

    me = client(hasty, owner, work)
    for seconds, status in ((10, 503), (0, 200), (10, 503), (10, 503), (10, 503), (0, 200)):
        assert (await me.post("/tiny/do", json=seconds)).status_code == status


async def test_a_time_limit_of_the_handlers_own_is_no_crash(tiny: Database, owner: int) -> None:
    async def work(tx: Tx) -> dict[str, Any]:
        await tx.run(ADD, tenant=tx.tenant, name="undone")
        async with asyncio.timeout(0.05):
            await tx.run("SELECT pg_sleep(10)")
        return {}

    answer = await client(tiny, owner, work).post("/tiny/do")
    assert (answer.status_code, answer.json()) == (503, SLOW)
    assert await counts(tiny, owner) == {}


# --- gone -------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def gate(tiny_url: str) -> AsyncIterator[Gate]:
    made = await Gate(tiny_url).open()
    yield made
    await made.shut()


@pytest.fixture
async def gated(gate: Gate) -> AsyncIterator[Database]:
    database = await Database(gate.url, size=4).open()
    yield database
    database._pool.terminate()


async def test_a_database_that_is_away_is_told_and_found_again(
    gate: Gate, gated: Database, tiny: Database, owner: int
) -> None:
    async def work(tx: Tx, body: str) -> dict[str, Any]:
        await tx.run(ADD, tenant=tx.tenant, name=body)
        return {}

    me = client(gated, owner, work)
    assert (await me.post("/tiny/do", json="before")).status_code == 200
    await gate.shut()
    for number in range(5):
        with capture_logs() as logs:
            answer = await me.post("/tiny/do", json=f"lost {number}")
        assert (answer.status_code, answer.json()) == (503, AWAY)
        assert answer.headers["retry-after"] == "5"
        [told] = [each for each in logs if each["event"] == "request_unavailable"]
        assert (told["log_level"], told["reason"]) == ("warning", AWAY["message"])
        assert told["cause"]
    await gate.open()
    for number in range(5):
        assert (await me.post("/tiny/do", json=f"after {number}")).status_code == 200
    assert list(await counts(tiny, owner)) == [*[f"after {number}" for number in range(5)], "before"]


async def test_requests_that_are_under_way_when_the_database_goes_are_told(
    gate: Gate, gated: Database, tiny: Database, owner: int
) -> None:
    inside = asyncio.Barrier(4)

    async def work(tx: Tx, body: str) -> dict[str, Any]:
        await tx.run(ADD, tenant=tx.tenant, name=body)
        await inside.wait()
        await tx.run("SELECT pg_sleep(10)")
        return {}

    me = client(gated, owner, work)
    requests = [asyncio.create_task(me.post("/tiny/do", json=str(number))) for number in range(3)]
    await inside.wait()
    await asyncio.sleep(0.05)
    await gate.shut()
    answers = await asyncio.gather(*requests)
    assert [(each.status_code, each.json()) for each in answers] == [(503, AWAY)] * 3
    assert await counts(tiny, owner) == {}


async def test_a_connection_that_the_server_ends_in_the_middle_is_told_and_replaced(
    tiny_url: str, tiny: Database, owner: int
) -> None:
    async def work(tx: Tx, body: bool) -> dict[str, Any]:
        await tx.run(ADD, tenant=tx.tenant, name="x")
        if body:
            number = await tx.scalar("SELECT pg_backend_pid()")
            async with tiny.system() as other:
                await other.run("SELECT pg_terminate_backend(:number)", number=number)
            await tx.run("SELECT pg_sleep(10)")
        return {}

    database = await Database(tiny_url, size=1).open()
    me = client(database, owner, work)
    answer = await me.post("/tiny/do", json=True)
    assert (answer.status_code, answer.json()) == (503, AWAY)
    assert await counts(tiny, owner) == {}
    assert (await me.post("/tiny/do", json=False)).status_code == 200
    await database.close()


# --- what each refusal of the database amounts to ---------------------------------------------------------------------


async def provoked(database: Database, tenant: int, *statements: str) -> Exception:
    with pytest.raises(asyncpg.PostgresError) as caught:
        async with database.tenant(tenant) as tx:
            for statement in statements:
                await tx.connection.execute(statement)
    return caught.value


REFUSED = [
    "SELECT 1/0", "SELECT 'x'::int", "SELECT 2147483647 + 1",
    "SELECT 'x'::timestamptz", "SELECT '{'::jsonb", "SELECT E'\\x00'",
    "SELECT '\\u0000'::jsonb ->> 0",
]  # fmt: skip


@pytest.mark.parametrize("statement", REFUSED, ids=range(len(REFUSED)))
async def test_a_value_that_the_database_refuses_is_a_wrong_value(tiny: Database, owner: int, statement: str) -> None:
    fault = fault_of(await provoked(tiny, owner, statement))
    assert isinstance(fault, Invalid)
    assert fault.message == "A value is outside of what can be stored."


async def test_a_row_of_another_tenant_is_never_written(tiny: Database, owner: int, stranger: int) -> None:
    error = await provoked(tiny, owner, f"INSERT INTO tiny.shelf (tenant_id, name) VALUES ({stranger}, 'x')")
    assert fault_of(error).status == 500
    assert await counts(tiny, stranger) == {}


async def test_a_reference_is_named_by_its_column_even_where_the_database_keeps_the_key_to_itself(
    tiny: Database, owner: int
) -> None:
    error = await provoked(
        tiny,
        owner,
        "INSERT INTO identity.token (tenant_id, kind, digest, user_id) "
        f"VALUES ({owner}, 'service', '\\x00', 987654321)",
    )
    fault = fault_of(error)
    assert isinstance(fault, Invalid)
    assert [(each.path, each.message) for each in fault.errors] == [(("user_id",), "A reference points at nothing.")]
    assert json.dumps([each.message for each in fault.errors]).find(str(owner)) == -1


AWAY_ERRORS = [
    asyncpg.AdminShutdownError("x"), asyncpg.CrashShutdownError("x"), asyncpg.CannotConnectNowError("x"),
    asyncpg.TooManyConnectionsError("x"), asyncpg.DiskFullError("x"), asyncpg.OutOfMemoryError("x"),
    asyncpg.ConnectionDoesNotExistError("x"), asyncpg.InterfaceError("x"), ConnectionRefusedError("x"), OSError("Multiple"),
]  # fmt: skip


@pytest.mark.parametrize("error", AWAY_ERRORS, ids=lambda error: type(error).__name__)
def test_a_server_that_cannot_work_now_is_not_available(error: Exception) -> None:
    fault = fault_of(error)
    assert isinstance(fault, Unavailable)
    assert (fault.status, fault.headers) == (503, {"Retry-After": "5"})


def test_a_fault_stays_what_it_is() -> None:
    fault = Conflict("Mine.")
    assert fault_of(fault) is fault
