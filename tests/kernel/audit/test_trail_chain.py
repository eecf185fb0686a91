"""The links of the chain, without a database: each stands for everything before it."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridloom.kernel.audit.chain import GENESIS, Broken, Walk, canonical, link

ROW = {
    "tenant_id": 7,
    "id": UUID("01900000-0000-7000-8000-000000000001"),
    "occurred_at": datetime(2026, 11, 20, 12, 0, 0, 250, tzinfo=UTC),
    "subject": "user:7",
    "action": "charging.taxes.update",
    "object_kind": "charging.tax",
    "object_id": "12",
    "detail": '{"percentage": "21"}',
    "request_id": "r-1",
}
texts = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20)
rows = st.fixed_dictionaries(
    {
        "tenant_id": st.integers(1, 2**31 - 1),
        "id": st.uuids(),
        "occurred_at": st.datetimes(datetime(2000, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - zone given beside it
        **dict.fromkeys(("subject", "action", "object_kind", "object_id", "detail", "request_id"), texts),
    }
)


def test_the_canonical_form_never_changes_between_releases():
    # Chains of years hang on it: another form here would make every trail look forged.
    assert canonical(ROW, 3).decode() == (
        '[1,7,3,"01900000-0000-7000-8000-000000000001","2026-11-20T12:00:00.000250Z","user:7",'
        '"charging.taxes.update","charging.tax","12","{\\"percentage\\": \\"21\\"}","r-1"]'
    )
    assert link(GENESIS, b"entry") == hashlib.sha256(bytes(32) + b"entry").digest()


def test_an_instant_counts_whatever_zone_it_is_told_in():
    elsewhere = {**ROW, "occurred_at": ROW["occurred_at"].astimezone(timezone(timedelta(hours=5)))}
    assert canonical(elsewhere, 3) == canonical(ROW, 3)


@given(rows, rows, st.integers(1, 2**62), st.integers(1, 2**62))
def test_two_entries_share_a_form_only_when_they_are_the_same(left, right, here, there):
    assert (canonical(left, here) == canonical(right, there)) == ((left, here) == (right, there))


def chain_of(contents):
    digests = [GENESIS]
    for content in contents:
        digests.append(link(digests[-1], content))
    return [(n + 1, content, digests[n], digests[n + 1]) for n, content in enumerate(contents)]


@given(st.lists(st.binary(max_size=8), max_size=20))
def test_a_whole_chain_is_walked_to_its_end(contents):
    walk = Walk()
    assert [walk.step(*each) for each in chain_of(contents)] == [None] * len(contents)
    assert (walk.position, walk.checked) == (len(contents), len(contents))


@given(st.lists(st.binary(max_size=8), min_size=2, max_size=12, unique=True), st.data())
def test_a_change_a_gap_and_a_swap_show_where_they_are(contents, data):
    at = data.draw(st.integers(0, len(contents) - 2))
    links = chain_of(contents)
    position, content, previous, digest = links[at]
    changed = [*links[:at], (position, content + b"!", previous, digest), *links[at + 1 :]]
    rewritten = [*links[:at], (position, content + b"!", previous, link(previous, content + b"!")), *links[at + 1 :]]
    missing = [*links[:at], *links[at + 1 :]]
    swapped = [*links[:at], links[at + 1], links[at], *links[at + 2 :]]
    for wrong, shows_at in ((changed, at), (rewritten, at + 1), (missing, at), (swapped, at)):
        walk = Walk()
        found = next(broken for each in wrong if (broken := walk.step(*each)))
        assert (found.position, walk.position) == (shows_at + 1, shows_at)


def test_a_break_is_told_in_words():
    first, second, third = chain_of([b"a", b"b", b"c"])
    walk = Walk()
    walk.step(*first)
    assert walk.step(*third) == Broken(2, "entry 2 is missing")
    assert walk.step(2, b"b", b"x" * 32, second[3]) == Broken(2, "entry 2 does not follow the entry before it")
    assert walk.step(2, b"changed", second[2], second[3]) == Broken(2, "entry 2 is not what was sealed")


@pytest.mark.parametrize("start", [0, 1, 2])
def test_a_walk_can_begin_anywhere_its_digest_is_known(start):
    links = chain_of([b"a", b"b", b"c"])
    walk = Walk(start, links[start][2])
    assert [walk.step(*each) for each in links[start:]] == [None] * (3 - start)
    assert walk.checked == 3 - start
