"""An Idempotency-Key makes a write happen once."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.kernel.http.kit import Plain, TinyApi, client_of, subject_of

from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import NotFound
from gridloom.kernel.http.admission import Limits
from gridloom.kernel.http.call import Answer, Call
from gridloom.kernel.http.jobs import prune_idempotency
from gridloom.kernel.http.operation import ANYONE, Operation, action

KEY = {"idempotency-key": "key-1"}
ADD = "INSERT INTO tiny.parcel (tenant_id, id, name) VALUES (:tenant, gen_random_uuid(), :name)"
RUNNING = "The first request with this idempotency key is still running."
OTHER = "This idempotency key was used with another request."


class Crash(BaseException):
    """What a test lets a request die of, as a killed process would."""


class Shop:
    """Two operations that add a parcel, and how often they really ran."""

    def __init__(self, database: Database, tenant: int, *, limits: Limits | None = None) -> None:
        self.ran = 0
        self.fails: BaseException | None = None
        self.waits: asyncio.Event | None = None
        self.inside = asyncio.Event()
        self._database = database
        self._tenant = tenant
        subjects = {"me": subject_of(tenant, "*"), "other": subject_of(tenant, "*", name="token:2")}
        api = TinyApi(self._add("buy"), self._add("sell"), dialect=Plain(subjects))
        self.client = client_of(api, database, admission=limits, bearer="me")

    def _add(self, name: str) -> Operation:
        @action("POST", f"/tiny/{name}/{{what}}", scope=ANYONE, answers={201: dict}, idempotent=True, name=name)
        async def add(tx: Tx, what: str, call: Call) -> Answer:
            self.ran += 1
            await tx.run(ADD, tenant=tx.tenant, name=what)
            self.inside.set()
            if self.waits is not None:
                await self.waits.wait()
            if self.fails is not None:
                raise self.fails
            return Answer({"ran": self.ran, "ü": "ü"}, headers={"X-Made": what})

        made: Operation = add
        return made

    async def buy(self, what: str = "x", *, path: str = "buy", **options: Any) -> httpx.Response:
        return await self.client.post(f"/tiny/{path}/{what}", **{"headers": KEY, **options})

    async def parcels(self) -> int:
        async with self._database.tenant(self._tenant, read_only=True) as tx:
            found: int = await tx.scalar("SELECT count(*) FROM tiny.parcel")
        return found


@pytest.fixture
def shop(tiny: Database, owner: int) -> Shop:
    return Shop(tiny, owner)


async def test_a_repetition_gets_the_stored_answer_and_changes_nothing(shop: Shop) -> None:
    first = await shop.buy(json={"a": 1})
    again = [await shop.buy(json={"a": 1}) for _ in range(3)]
    assert (first.status_code, first.json()) == (201, {"ran": 1, "ü": "ü"})
    assert "idempotent-replayed" not in first.headers
    for each in again:
        assert (each.status_code, each.content) == (first.status_code, first.content)
        assert (each.headers["x-made"], each.headers["content-type"]) == ("x", "application/json")
        assert each.headers["idempotent-replayed"] == "true"
    assert (shop.ran, await shop.parcels()) == (1, 1)


async def test_without_a_key_each_request_counts(shop: Shop) -> None:
    for _ in range(2):
        assert (await shop.buy(headers={})).status_code == 201
    assert (await shop.buy(headers={"idempotency-key": ""})).status_code == 201
    assert (shop.ran, await shop.parcels()) == (3, 3)


@pytest.mark.parametrize(
    "options", [{"json": {"a": 2}}, {}, {"json": {"a": 1}, "params": {"b": "1"}}, {"json": {"a": 1}, "what": "y"}]
)
async def test_the_same_key_with_another_request_is_refused(shop: Shop, options: dict[str, Any]) -> None:
    await shop.buy(json={"a": 1})
    answer = await shop.buy(**options)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [["header", "Idempotency-Key", OTHER]]
    assert (shop.ran, await shop.parcels()) == (1, 1)
    assert (await shop.buy(json={"a": 1})).headers["idempotent-replayed"] == "true"


async def test_keys_are_those_of_one_caller_one_operation_and_one_tenant(
    shop: Shop, tiny: Database, stranger: int
) -> None:
    await shop.buy()
    other = {**KEY, "authorization": "Bearer other"}
    assert "idempotent-replayed" not in (await shop.buy(headers=other)).headers
    assert "idempotent-replayed" not in (await shop.buy(path="sell")).headers
    theirs = Shop(tiny, stranger)
    assert "idempotent-replayed" not in (await theirs.buy()).headers
    assert (shop.ran, theirs.ran) == (3, 1)


@pytest.mark.parametrize(("length", "status"), [(255, 201), (256, 422), (5000, 422)])
async def test_a_key_has_at_most_255_characters(shop: Shop, length: int, status: int) -> None:
    answer = await shop.buy(headers={"idempotency-key": "k" * length})
    assert answer.status_code == status
    assert shop.ran == (1 if status == 201 else 0)


async def test_any_character_of_a_header_makes_a_key(shop: Shop) -> None:
    key = bytes(range(0x21, 0x7F)) + bytes(range(0xA1, 0x100))
    for _ in range(2):
        assert (await shop.client.post("/tiny/buy/x", headers=[(b"idempotency-key", key)])).status_code == 201
    assert shop.ran == 1


async def test_a_repetition_while_the_first_one_runs_is_told_to_wait(shop: Shop) -> None:
    shop.waits = asyncio.Event()
    first = asyncio.create_task(shop.buy())
    await shop.inside.wait()
    answer = await shop.buy()
    assert (answer.status_code, answer.json()["message"]) == (409, RUNNING)
    other = await shop.buy(json={"another": "body"})
    assert other.status_code == 409
    shop.waits.set()
    assert (await first).status_code == 201
    assert (await shop.buy()).headers["idempotent-replayed"] == "true"
    assert (shop.ran, await shop.parcels()) == (1, 1)


async def test_of_many_at_once_one_runs(shop: Shop) -> None:
    answers = await asyncio.gather(*(shop.buy() for _ in range(20)))
    assert {each.status_code for each in answers} <= {201, 409}
    assert (shop.ran, await shop.parcels()) == (1, 1)
    assert {each.json()["ran"] for each in answers if each.status_code == 201} == {1}


async def test_another_process_is_told_to_wait_too(shop: Shop, tiny_url: str, owner: int) -> None:
    shop.waits = asyncio.Event()
    first = asyncio.create_task(shop.buy())
    await shop.inside.wait()
    elsewhere = await Database(tiny_url, size=1).open()
    second = Shop(elsewhere, owner)
    assert (await second.buy()).status_code == 409
    shop.waits.set()
    await first
    assert (await second.buy()).headers["idempotent-replayed"] == "true"
    assert (second.ran, await second.parcels()) == (0, 1)
    await elsewhere.close()


async def test_a_refusal_is_not_kept_and_the_key_is_free_again(shop: Shop) -> None:
    shop.fails = NotFound()
    assert [(await shop.buy()).status_code for _ in range(2)] == [404, 404]
    shop.fails = RuntimeError("no")
    assert (await shop.buy()).status_code == 500
    assert (shop.ran, await shop.parcels()) == (3, 0)
    shop.fails = None
    assert (await shop.buy()).status_code == 201
    assert await shop.parcels() == 1


async def test_a_crash_between_the_work_and_the_answer_leaves_neither(shop: Shop) -> None:
    shop.fails = Crash()
    with pytest.raises(Crash):
        await shop.buy()
    assert (shop.ran, await shop.parcels()) == (1, 0)
    shop.fails = None
    answer = await shop.buy()
    assert (answer.status_code, "idempotent-replayed" in answer.headers) == (201, False)
    assert (shop.ran, await shop.parcels()) == (2, 1)


async def test_a_connection_that_dies_before_the_commit_leaves_neither(shop: Shop, tiny: Database) -> None:
    shop.waits = asyncio.Event()
    first = asyncio.create_task(shop.buy())
    await shop.inside.wait()
    async with tiny.system() as tx:
        ended = await tx.all(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND state = 'idle in transaction' AND pid <> pg_backend_pid()"
        )
    assert len(ended) == 1
    shop.waits.set()
    assert (await first).status_code == 503
    assert await shop.parcels() == 0
    shop.waits = None
    assert (await shop.buy()).status_code == 201
    assert (shop.ran, await shop.parcels()) == (2, 1)


async def test_limits_of_a_repetition_are_those_of_now(tiny: Database, owner: int) -> None:
    shop = Shop(tiny, owner, limits=Limits(per_subject=10, per_address=10))
    remaining = [(await shop.buy()).headers["x-ratelimit-remaining"] for _ in range(3)]
    assert remaining == ["9", "8", "7"]
    assert shop.ran == 1


async def test_answers_are_kept_for_thirty_days(shop: Shop, tiny: Database) -> None:
    class Running:
        db = tiny

    await shop.buy()
    with clock.travel(timedelta(days=29)):
        await prune_idempotency.function(Running(), keep_days=30)
    assert (await shop.buy()).headers["idempotent-replayed"] == "true"
    with clock.travel(timedelta(days=31)):
        await prune_idempotency.function(Running(), keep_days=30)
    assert "idempotent-replayed" not in (await shop.buy()).headers
    assert shop.ran == 2
