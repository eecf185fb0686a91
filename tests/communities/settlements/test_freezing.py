"""What a settlement freezes, and how two of them are told apart."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from gridloom.communities.keys.public import Consumer, Key, Round
from gridloom.communities.meters.public import Presence
from gridloom.communities.settlements import freezing
from gridloom.communities.sharing.public import Approved

# Midnight of the 28th of March in Brussels; the 29th has 23 hours.
MIDNIGHT = int(datetime(2026, 3, 27, 23, tzinfo=UTC).timestamp() * 1000)
QUARTER = 900_000


def readings(*rows: tuple[int, bool, int, int, int | None, int | None]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=freezing.SCHEMA, orient="row")


ONE = (1, False, MIDNIGHT, 250_000, None, None)
TWO = (1, False, MIDNIGHT + QUARTER, 300_000, 100_000, 200_000)
KEY = Key((Round(0, Decimal("0.5"), (Consumer("541", Decimal("0.30")), Consumer("542", Decimal(-1)))),))
APPROVED = Approved(date(2026, 3, 1), date(2026, 3, 31), 4, 9, KEY)
PRESENCE = Presence(
    meter_id=1,
    ean="541",
    point_id=3,
    member_id=7,
    start=date(2026, 3, 1),
    end=date(2026, 3, 31),
    injects=False,
    status=1,
)


def test_what_is_frozen_comes_back_to_the_last_digit() -> None:
    table = readings(ONE, TWO)
    assert freezing.unpacked(freezing.packed(table)).equals(table)


def test_the_same_inputs_have_the_same_digest() -> None:
    keys = freezing.keys_of([APPROVED])
    one, other = (freezing.digest(readings(ONE, TWO), keys, [PRESENCE]) for _ in range(2))
    assert one == other
    assert len(one) == 32


CHANGED: list[tuple[str, dict[str, Any]]] = [
    ("a reading", {"table": readings(ONE, (*TWO[:3], 300_001, *TWO[4:]))}),
    ("a reading that is gone", {"table": readings(ONE)}),
    ("nothing stated instead of zero", {"table": readings((*ONE[:4], 0, None), TWO)}),
    ("the direction", {"table": readings((1, True, *ONE[2:]), TWO)}),
    ("a share of the key", {"approved": [APPROVED._replace(key=Key((KEY.rounds[0]._replace(share=Decimal("0.6")),)))]}),
    ("the days of the key", {"approved": [APPROVED._replace(end=date(2026, 3, 30))]}),
    ("the holder", {"presence": PRESENCE._replace(member_id=8)}),
    ("the days of the meter", {"presence": PRESENCE._replace(start=date(2026, 3, 2))}),
]


@pytest.mark.parametrize("changes", [each for _, each in CHANGED], ids=[name for name, _ in CHANGED])
def test_whatever_decides_about_the_result_changes_the_digest(changes: dict[str, Any]) -> None:
    def digest(table: pl.DataFrame, approved: list[Approved], presence: Presence) -> bytes:
        return freezing.digest(table, freezing.keys_of(approved), [presence])

    usual: dict[str, Any] = {"table": readings(ONE, TWO), "approved": [APPROVED], "presence": PRESENCE}
    assert digest(**usual) != digest(**{**usual, **changes})


def test_readings_that_differ_are_named_by_meter_and_day_of_the_grid() -> None:
    next_day = (1, False, MIDNIGHT + 96 * QUARTER, 1, None, None)
    before = readings(ONE, TWO, next_day, (2, True, MIDNIGHT, 5, None, None))
    after = readings(ONE, (*TWO[:4], 100_001, 200_000), (2, True, MIDNIGHT, 5, None, None))
    assert freezing.other_readings(before, after) == {(1, date(2026, 3, 28)), (1, date(2026, 3, 29))}
    assert freezing.other_readings(before, before) == set()


def test_an_operator_value_that_came_is_a_difference() -> None:
    assert freezing.other_readings(readings(ONE), readings((*ONE[:4], 0, None))) == {(1, date(2026, 3, 28))}


def test_the_days_of_another_key_are_those_on_which_the_rounds_differ() -> None:
    half = APPROVED._replace(end=date(2026, 3, 15))
    # The same rounds under another version are the same sharing.
    rest = APPROVED._replace(start=date(2026, 3, 16), key_version_id=10)
    same = freezing.other_keys(
        freezing.keys_of([APPROVED]), freezing.keys_of([half, rest]), date(2026, 3, 1), date(2026, 3, 31)
    )
    assert same == set()
    gone = freezing.other_keys(
        freezing.keys_of([APPROVED]), freezing.keys_of([half]), date(2026, 3, 14), date(2026, 3, 17)
    )
    assert gone == {date(2026, 3, 16), date(2026, 3, 17)}
