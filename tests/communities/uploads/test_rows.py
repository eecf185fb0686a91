"""What may stand in a row, and rows that wait on the disk."""

from math import isnan
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridloom.communities.uploads.faults import Place, WrongFile
from gridloom.communities.uploads.rows import Rows, Spool, complete

NAN = float("nan")


def rows(*values: tuple[float, float, float]) -> Rows:
    count = len(values)
    columns = [np.array(column, float) for column in zip(*values, strict=True)]
    return Rows(np.arange(2, count + 2), np.zeros(count, np.int64), np.zeros(count, np.bool_), *columns)


def completed(*values: tuple[float, float, float]) -> list[tuple[float | None, ...]]:
    done = complete(rows(*values), lambda _, row: Place(row=row))
    triples = zip(done.gross.tolist(), done.shared.tolist(), done.net.tolist(), strict=True)
    return [tuple(None if isnan(value) else value for value in triple) for triple in triples]


def test_of_what_is_shared_and_what_is_left_one_gives_the_other() -> None:
    assert completed((0.3, 0.1, NAN), (0.3, NAN, 0.1), (0.3, NAN, NAN), (0.3, 0.1, 0.2005)) == [
        (0.3, 0.1, 0.2), (0.3, 0.2, 0.1), (0.3, None, None), (0.3, 0.1, 0.2005),
    ]  # fmt: skip


def test_a_negative_zero_is_zero() -> None:
    done = complete(rows((-0.0, -0.0, -0.0)), lambda _, row: Place(row=row))
    assert [str(column[0]) for column in (done.gross, done.shared, done.net)] == ["0.0"] * 3


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ((-0.1, NAN, NAN), "upload_negative"),
        ((1.0, -0.1, NAN), "upload_negative"),
        ((1.0, NAN, -0.1), "upload_negative"),
        ((1e10, NAN, NAN), "upload_absurd"),
        ((1.0, 1.0001, NAN), "upload_more_shared"),
        ((1.0, NAN, 1.0011), "upload_more_left"),
        ((1.0, 0.4, 0.6011), "upload_parts_differ"),
        ((1.0, 0.4, 0.5989), "upload_parts_differ"),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_its_number(wrong: tuple[float, float, float], says: str) -> None:
    with pytest.raises(WrongFile) as caught:
        completed((1.0, 0.4, 0.6), (1.0, 0.4, 0.601), wrong, (-9.0, 0.0, 0.0))
    assert (caught.value.says, caught.value.place) == (says, Place(row=4))
    assert "nan" not in str(caught.value)


@given(st.lists(st.integers(0, 4), max_size=60), st.integers(1, 9))
def test_the_spool_gives_every_series_in_the_order_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, series: list[int], piece: int
) -> None:
    spool = Spool(Path(tmp_path_factory.mktemp("spool")) / "rows", 5)
    whole = Rows(
        np.arange(len(series)), np.arange(len(series)) * 10, np.arange(len(series)) % 2 == 0,
        np.arange(len(series)) + 0.5, np.full(len(series), NAN), np.arange(len(series)) + 0.25,
    )  # fmt: skip
    numbers = np.array(series, np.int64)
    for start in range(0, len(series), piece):
        part = np.arange(start, min(start + piece, len(series)))
        spool.add(numbers[part], whole.take(part))
    assert spool.filled == sorted(set(series))
    for number in range(5):
        expected = whole.take(np.flatnonzero(numbers == number))
        for column, wanted in zip(spool.read(number), expected, strict=True):
            np.testing.assert_array_equal(column, wanted)
    spool.close()
