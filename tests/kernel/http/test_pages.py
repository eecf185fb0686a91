"""Pages by number and by cursor."""

import base64
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kernel.http.kit import thing
from tests.kernel.http.shop import URL, fill, speaker, things

from gridloom.kernel.database.pool import Database
from gridloom.kernel.errors import Invalid
from gridloom.kernel.http.pages import Pages, decode_cursor, digest_of, encode_cursor

DIGEST = digest_of("list")
CURSOR_REFUSED = {"code": "invalid", "message": "The cursor is not valid."}
CURSOR_FOREIGN = {"code": "invalid", "message": "The cursor belongs to another list or to other filters."}


def raw_cursor(value: Any) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).decode().rstrip("=")


# --- the cursor itself ------------------------------------------------------------------------------------------------

KEYS = st.tuples(
    st.integers(-(2**63), 2**63 - 1),
    st.text(st.characters(codec="utf-8")),
    st.datetimes(timezones=st.just(UTC)),
    st.uuids(),
    st.decimals(allow_nan=False, allow_infinity=False),
)
KINDS = (int, str, datetime, UUID, Decimal)


@given(KEYS, st.booleans())
def test_a_cursor_gives_back_what_it_was_made_of(key: tuple[Any, ...], backwards: bool) -> None:
    found = decode_cursor(encode_cursor(DIGEST, key, backwards=backwards), DIGEST, KINDS)
    assert tuple(found.key) == key
    assert found.backwards is backwards


@given(st.text(max_size=60) | st.binary(max_size=40).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        decode_cursor(text, DIGEST, [int])
    assert [(each.where, each.path) for each in caught.value.errors] == [("query", ("cursor",))]


DAMAGED = [
    raw_cursor([DIGEST, False]), raw_cursor([DIGEST, False, []]), raw_cursor([DIGEST, False, [1, 2]]),
    raw_cursor([DIGEST, False, ["x"]]), raw_cursor([DIGEST, False, [None]]), raw_cursor([DIGEST, "no", [1]]),
    raw_cursor([5, False, [1]]), raw_cursor({"list_digest": DIGEST}), raw_cursor(None), raw_cursor([DIGEST, False, [1.5]]),
    encode_cursor(DIGEST, [1])[:-3], "=", "....", "%", "ä", "\ud800",
    base64.urlsafe_b64encode(b'["%s",false,' % DIGEST.encode() + b"[" * 40_000).decode(),
]  # fmt: skip


@pytest.mark.parametrize("text", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_cursor_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="The cursor is not valid"):
        decode_cursor(text, DIGEST, [int])


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(Invalid, match="belongs to another list"):
        decode_cursor(encode_cursor(digest_of("other"), [1]), DIGEST, [int])


# --- walks over HTTP --------------------------------------------------------------------------------------------------


@pytest.fixture
def me(tiny: Database, owner: int) -> httpx.AsyncClient:
    return speaker(tiny, owner, things())


async def page(client: httpx.AsyncClient, **params: Any) -> dict[str, Any]:
    answer = await client.get(URL, params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def names(found: dict[str, Any]) -> list[str]:
    return [item["name"] for item in found["items"]]


async def test_a_walk_goes_to_the_end_and_back_to_the_beginning(me: httpx.AsyncClient) -> None:
    await fill(me, *"abcdefg")
    first = await page(me, cursor="", size=3)
    assert (names(first), first["previous"], first["total"]) == (["a", "b", "c"], None, None)
    second = await page(me, cursor=first["next"], size=3)
    third = await page(me, cursor=second["next"], size=3)
    assert (names(second), names(third), third["next"]) == (["d", "e", "f"], ["g"], None)
    back = await page(me, cursor=third["previous"], size=3)
    assert names(back) == ["d", "e", "f"]
    start = await page(me, cursor=back["previous"], size=3)
    assert (names(start), start["previous"]) == (["a", "b", "c"], None)
    assert names(await page(me, cursor=start["next"], size=3)) == ["d", "e", "f"]


async def test_the_size_may_change_on_the_way(me: httpx.AsyncClient) -> None:
    await fill(me, *"abcdefg")
    first = await page(me, cursor="", size=1)
    assert names(await page(me, cursor=first["next"], size=5)) == ["b", "c", "d", "e", "f"]


async def test_a_page_that_is_exactly_full_is_the_last_one(me: httpx.AsyncClient) -> None:
    await fill(me, *"abc")
    assert (await page(me, cursor="", size=3))["next"] is None
    empty = await page(me, cursor="", size=3, **{"filter[name]": "nothing"})
    assert (empty["items"], empty["next"], empty["previous"]) == ([], None, None)


async def test_rows_that_come_and_go_during_a_walk_repeat_and_hide_nothing(me: httpx.AsyncClient) -> None:
    numbers = await fill(me, *"abcdef")
    first = await page(me, cursor="", size=2)
    await me.delete(f"{URL}/{numbers[0]}")
    await me.delete(f"{URL}/{numbers[1]}")
    await fill(me, "g")
    second = await page(me, cursor=first["next"], size=2)
    third = await page(me, cursor=second["next"], size=5)
    assert (names(second), names(third)) == (["c", "d"], ["e", "f", "g"])


async def test_a_cursor_ends_with_the_filters_it_was_made_with(me: httpx.AsyncClient) -> None:
    await fill(me, *["same"] * 5)
    walked = (await page(me, cursor="", size=2, **{"filter[name]": "same"}))["next"]
    for other in ({}, {"filter[name]": "sam"}, {"filter[name]": "same", "filter[count]": "1"}):
        answer = await me.get(URL, params={"cursor": walked, **other})
        assert answer.status_code == 422
        assert answer.json() == {**CURSOR_FOREIGN, "errors": [["query", "cursor", CURSOR_FOREIGN["message"]]]}
    assert names(await page(me, cursor=walked, size=9, **{"filter[name]": "same"})) == ["same"] * 3


async def test_a_cursor_of_another_resource_is_refused(tiny: Database, owner: int) -> None:
    twin = things()
    twin.path = "/tiny/twins"
    me = speaker(tiny, owner, things(), twin)
    await fill(me, *"abc")
    walked = (await page(me, cursor="", size=2))["next"]
    answer = await me.get("/tiny/twins", params={"cursor": walked})
    assert answer.status_code == 422
    assert answer.json()["message"] == CURSOR_FOREIGN["message"]


async def test_a_cursor_of_another_tenant_leads_to_rows_of_ones_own_only(
    me: httpx.AsyncClient, tiny: Database, stranger: int
) -> None:
    await fill(me, *"abc")
    walked = (await page(me, cursor="", size=1))["next"]
    other = speaker(tiny, stranger, things())
    await fill(other, "theirs")
    assert names(await page(other, cursor=walked)) == ["theirs"]


TAMPERED = ["x", "a.b", "%20", "W10", "bnVsbA", "A" * 5000]


@pytest.mark.parametrize("text", TAMPERED)
async def test_a_tampered_cursor_is_a_wrong_field_of_the_query(me: httpx.AsyncClient, text: str) -> None:
    answer = await me.get(URL, params={"cursor": text})
    assert answer.status_code == 422
    assert answer.json() == {**CURSOR_REFUSED, "errors": [["query", "cursor", CURSOR_REFUSED["message"]]]}


@pytest.mark.parametrize("key", [[10**30], [-(10**30)], [2**63]])
async def test_a_key_that_no_row_can_have_is_refused(me: httpx.AsyncClient, key: list[Any]) -> None:
    walked = (await page(me, cursor="", size=1, **{"filter[name]": "x"}))["next"]
    assert walked is None
    made = encode_cursor(digest_of(URL, {"removed": "0"}, {}), key)
    answer = await me.get(URL, params={"cursor": made})
    assert answer.status_code == 422, answer.text


async def test_a_walk_in_another_order_is_a_walk_too(tiny: Database, owner: int) -> None:
    newest = things(order=(thing.c.made_at, thing.c.id), descending=True)
    me = speaker(tiny, owner, newest)
    day = datetime(2024, 3, 1, tzinfo=UTC)
    for index, name in enumerate("abcdef"):
        await fill(me, name, made_at=(day + timedelta(days=index // 2)).isoformat())
    found, cursor = [], ""
    while cursor is not None:
        one = await page(me, cursor=cursor, size=1)
        found += names(one)
        cursor, last = one["next"], one
    assert found == ["f", "e", "d", "c", "b", "a"]
    assert names(await page(me, cursor=last["previous"], size=2)) == ["c", "b"]


# --- numbered pages ---------------------------------------------------------------------------------------------------


async def test_numbered_pages_count_everything_that_the_filters_leave(me: httpx.AsyncClient) -> None:
    await fill(me, *"abcde")
    await fill(me, "ab")
    second = await page(me, page=2, size=4)
    assert (names(second), second["total"], second["next"]) == (["e", "ab"], 6, None)
    assert (await page(me, size=1, **{"filter[name]": "A"}))["total"] == 2
    beyond = await page(me, page=9, size=4)
    assert (beyond["items"], beyond["total"]) == ([], 6)


@pytest.mark.parametrize(
    ("params", "wrong"),
    [
        ({"size": "0"}, ["size"]),
        ({"size": "51"}, ["size"]),
        ({"size": "many", "page": "0"}, ["size", "page"]),
        ({"page": "-1"}, ["page"]),
        ({"page": "1.5"}, ["page"]),
        ({"page": ""}, ["page"]),
        ({"size": ["1", "2"]}, ["size"]),
    ],
)
async def test_a_page_that_cannot_be_is_named(me: httpx.AsyncClient, params: dict[str, Any], wrong: list[str]) -> None:
    answer = await me.get(URL, params=params)
    assert answer.status_code == 422
    assert [(where, path) for where, path, _ in answer.json()["errors"]] == [("query", name) for name in wrong]


async def test_a_page_number_beyond_what_can_be_counted_is_no_crash(me: httpx.AsyncClient) -> None:
    for number in (2**62, 2**63, 2**64, 10**30):
        answer = await me.get(URL, params={"page": str(number)})
        assert answer.status_code in (200, 422), answer.text


async def test_a_list_without_pages_has_everything(tiny: Database, owner: int) -> None:
    me = speaker(tiny, owner, things(pages=Pages.NONE))
    await fill(me, *[f"n{index}" for index in range(60)])
    assert len((await me.get(URL, params={"size": "2", "page": "2"})).json()["items"]) == 60
