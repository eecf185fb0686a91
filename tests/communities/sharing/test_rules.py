"""How keys follow each other, whatever happens."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gridloom.communities.sharing import rules
from gridloom.communities.sharing.rules import APPROVED, PENDING, REJECTED, Row

START = date(2026, 3, 1)
DAYS = [START + timedelta(days=n) for n in range(40)]
days = st.sampled_from(DAYS)
keys = st.integers(1, 4)


def on(rows: list[Row], day: date) -> int | None:
    """Which version an operation follows on a day; never more than one."""
    found = [row.key_version_id for row in rows if rules.holds_on(row, day)]
    assert len(found) <= 1
    return found[0] if found else None


class KeysOverTime(RuleBasedStateMachine):
    """Handing in, approving and rejecting, on days that go on, in the way the store writes them."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.today = START
        self.versions = dict.fromkeys(range(1, 5), 1)

    def write(self, written: list[Row]) -> None:
        for row in written:
            if row.id is None:
                self.rows.append(row._replace(id=len(self.rows) + 1))
            else:
                (place,) = [n for n, each in enumerate(self.rows) if each.id == row.id]
                assert (self.rows[place].key_version_id, self.rows[place].start) == (row.key_version_id, row.start)
                self.rows[place] = row
            # What the database holds after each single row.
            assert all(each.end is None or each.start <= each.end for each in self.rows)
            for day in DAYS:
                on(self.rows, day)

    def pending(self) -> list[Row]:
        return [row for row in self.rows if rules.waits(row)]

    @rule(days_=st.integers(0, 3))
    def time_goes_on(self, days_: int) -> None:
        self.today += timedelta(days=days_)

    @rule(key=keys)
    def a_key_changes(self, key: int) -> None:
        self.versions[key] += 1

    @rule(key=keys)
    def a_key_is_handed_in(self, key: int) -> None:
        before = [on(self.rows, day) for day in DAYS]
        version = 100 * key + self.versions[key]
        self.write(rules.hand_in(self.rows, key, version, self.today))
        assert [row.key_version_id for row in self.pending() if row.key_id == key] == [version]
        assert [on(self.rows, day) for day in DAYS] == before
        assert rules.hand_in(self.rows, key, version, self.today) == []

    @precondition(lambda self: self.pending())
    @rule(data=st.data(), since=days)
    def a_key_is_approved(self, data: st.DataObject, since: date) -> None:
        before = [on(self.rows, day) for day in DAYS]
        chosen = data.draw(st.sampled_from(self.pending()))
        self.write(rules.approve(self.rows, chosen, since, self.today))
        for day, was in zip(DAYS, before, strict=True):
            assert on(self.rows, day) == (was if day < since else chosen.key_version_id)
        assert chosen not in self.pending()

    @precondition(lambda self: self.pending())
    @rule(data=st.data(), day=days)
    def a_key_is_rejected(self, data: st.DataObject, day: date) -> None:
        before = [on(self.rows, each) for each in DAYS]
        chosen = data.draw(st.sampled_from(self.pending()))
        self.write(rules.reject(chosen, day))
        assert [on(self.rows, each) for each in DAYS] == before
        assert chosen not in self.pending()

    @invariant()
    def what_is_shown_is_everything_once(self) -> None:
        shown = rules.shown(self.rows, self.today)
        told = [row for row in (shown.key, shown.waiting, *shown.others) if row is not None]
        assert sorted(told, key=lambda row: row.id or 0) == self.rows
        assert shown.waiting is None or rules.waits(shown.waiting)
        assert (shown.waiting is None) == (not self.pending())
        current = on(self.rows, self.today)
        if current is not None:
            assert shown.key is not None
            assert shown.key.key_version_id == current
        elif shown.key is not None:
            assert shown.key.status == APPROVED
            assert shown.key.start > self.today
        starts = [row.start for row in shown.others]
        assert starts == sorted(starts, reverse=True)

    @invariant()
    def winding_up_keeps_the_past_and_ends_the_rest(self) -> None:
        after = {row.id: row for row in self.rows} | {row.id: row for row in rules.wind_up(self.rows, self.today)}
        rows = list(after.values())
        assert len(rows) == len(self.rows)
        assert not any(rules.waits(row) for row in rows)
        for day in DAYS:
            assert on(rows, day) == (on(self.rows, day) if day <= self.today else None)


TestKeysOverTime = KeysOverTime.TestCase


@given(days, days)
def test_a_waiting_row_closes_the_day_before_its_key_begins(handed_in: date, since: date) -> None:
    pending = Row(1, 11, handed_in, None, PENDING, 1)
    decided, begun = rules.approve([pending], pending, since, handed_in)
    assert decided == pending._replace(end=max(handed_in, since - timedelta(days=1)))
    assert begun == Row(1, 11, since, None, APPROVED)


def test_a_key_that_was_to_come_gives_way_and_is_told_among_the_rejected() -> None:
    first = Row(1, 11, DAYS[0], DAYS[19], APPROVED, 1)
    coming = Row(2, 21, DAYS[20], None, APPROVED, 2)
    pending = Row(3, 31, DAYS[5], None, PENDING, 3)
    assert rules.approve([first, coming, pending], pending, DAYS[10], DAYS[6]) == [
        first._replace(end=DAYS[9]),
        coming._replace(end=DAYS[20], status=REJECTED),
        pending._replace(end=DAYS[9]),
        Row(3, 31, DAYS[10], None, APPROVED),
    ]


def test_what_is_over_before_stays_as_it_is() -> None:
    over = Row(1, 11, DAYS[0], DAYS[3], APPROVED, 1)
    pending = Row(2, 21, DAYS[5], None, PENDING, 2)
    assert over.id not in [row.id for row in rules.approve([over, pending], pending, DAYS[4], DAYS[5])]
