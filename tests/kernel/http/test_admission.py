"""Rate limits at the door."""

import httpx
import pytest
from tests.kernel.http.kit import BASE, Plain, TinyApi, dispatcher, services_with, subject_of

from gridloom.kernel.http.admission import Limits
from gridloom.kernel.http.operation import ANYONE, PUBLIC, action

REFUSED = {"code": "rate_limited", "message": "Too many requests. Please try again later.", "errors": []}


class Door:
    """Clients from several addresses of one application with narrow limits."""

    def __init__(self, *, per_subject: int = 3, per_address: int = 2) -> None:
        self.ran = 0
        subjects = {
            "one": subject_of(1, "*", name="token:1"),
            "two": subject_of(1, "*", name="token:2"),
            "elsewhere": subject_of(2, "*", name="token:1"),
            "narrow": subject_of(1, name="token:3"),
        }

        @action("GET", "/tiny/mine", scope=ANYONE, answers={200: dict})
        async def mine() -> dict[str, str]:
            self.ran += 1
            return {}

        @action("GET", "/tiny/admin", scope="tiny.admin:read", answers={200: dict})
        async def admin() -> dict[str, str]:
            return {}

        @action("GET", "/tiny/open", scope=PUBLIC, answers={200: dict})
        async def everybody() -> dict[str, str]:
            self.ran += 1
            return {}

        limits = Limits(per_subject=per_subject, per_address=per_address)
        api = TinyApi(mine, admin, everybody, dialect=Plain(subjects))
        self._app = dispatcher([api], services_with(admission=limits), trusted_proxies=["10.0.0.1"])

    async def get(self, path: str, bearer: str = "", address: str = "1.1.1.1") -> httpx.Response:
        transport = httpx.ASGITransport(app=self._app, client=(address, 4711))
        headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
        async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as client:
            return await client.get(f"/tiny/{path}")


async def test_every_answer_says_how_much_is_left() -> None:
    door = Door()
    told = []
    for _ in range(3):
        answer = await door.get("mine", "one")
        told.append([answer.headers[f"x-ratelimit-{name}"] for name in ("limit", "remaining", "reset")])
    assert told == [["3", "2", "20"], ["3", "1", "40"], ["3", "0", "60"]]


async def test_who_asks_too_often_is_refused_and_told_when_to_come_back() -> None:
    door = Door()
    for _ in range(3):
        assert (await door.get("mine", "one")).status_code == 200
    answer = await door.get("mine", "one")
    assert (answer.status_code, answer.json()) == (429, REFUSED)
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert answer.headers["x-ratelimit-limit"] == "3"
    assert 1 <= int(answer.headers["retry-after"]) <= 20
    assert door.ran == 3


async def test_each_caller_has_a_budget_of_its_own_wherever_it_comes_from() -> None:
    door = Door()
    for number in range(3):
        assert (await door.get("mine", "one", address=f"1.1.1.{number}")).status_code == 200
    assert (await door.get("mine", "one", address="1.1.1.9")).status_code == 429
    assert (await door.get("mine", "two")).status_code == 200
    assert (await door.get("mine", "elsewhere")).status_code == 200


async def test_the_refusal_of_a_right_counts_like_any_request() -> None:
    door = Door()
    assert [(await door.get("admin", "narrow")).status_code for _ in range(4)] == [403, 403, 403, 429]


@pytest.mark.parametrize("bearer", ["", "unknown"])
async def test_failed_tokens_count_against_the_address(bearer: str) -> None:
    door = Door()
    assert [(await door.get("mine", bearer)).status_code for _ in range(4)] == [401, 401, 429, 429]
    assert (await door.get("mine", bearer, address="2.2.2.2")).status_code == 401
    answer = await door.get("mine", bearer)
    assert answer.headers["x-ratelimit-limit"] == "2"
    assert "retry-after" in answer.headers
    assert door.ran == 0


async def test_guessing_from_an_address_does_not_lock_out_who_has_a_token_there() -> None:
    door = Door()
    for _ in range(5):
        await door.get("mine", "unknown")
    assert (await door.get("mine", "one")).status_code == 200


async def test_public_operations_count_by_address_whoever_asks() -> None:
    door = Door()
    assert [(await door.get("open", who)).status_code for who in ("", "one", "two")] == [200, 200, 429]
    assert (await door.get("open", address="2.2.2.2")).status_code == 200


async def test_neighbours_in_one_network_of_version_six_share_a_budget() -> None:
    door = Door()
    statuses = [(await door.get("open", address=f"2001:db8::{number}")).status_code for number in range(1, 4)]
    assert statuses == [200, 200, 429]
    assert (await door.get("open", address="2001:db8:0:1::1")).status_code == 200


async def test_a_path_that_is_nowhere_costs_nothing() -> None:
    door = Door(per_address=1)
    for _ in range(5):
        assert (await door.get("nowhere")).status_code == 404
    assert (await door.get("open")).status_code == 200
