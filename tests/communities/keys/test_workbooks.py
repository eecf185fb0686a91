"""Writing workbooks."""

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from gridloom.communities.workbooks import Merge, Row, Sheet, workbook

# A cell has no zone.
NOON = datetime(2026, 3, 1, 12, 15, tzinfo=UTC).replace(tzinfo=None)


def sheets(raw: bytes) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(BytesIO(raw))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_every_kind_of_cell_is_read_back() -> None:
    row: Row = ("text", 3, 0.25, Decimal("0.125"), True, date(2026, 3, 1), NOON, None, "last")
    read = sheets(workbook(Sheet("One", [row]), Sheet("Deux é", [["=2"]])))
    assert read == {
        "One": [["text", 3, 0.25, 0.125, True, date(2026, 3, 1), NOON, "", "last"]],
        "Deux é": [["=2"]],
    }


def test_many_rows_are_written_one_by_one() -> None:
    def rows() -> Iterator[Row]:
        for number in range(5_000):
            yield NOON, number, "=text"

    read = sheets(workbook(Sheet("Rows", rows(), widths=(20,), bold_rows=(0,)), many_rows=True))["Rows"]
    assert read == [[NOON, number, "=text"] for number in range(5_000)]


def test_what_xml_cannot_hold_is_left_out() -> None:
    assert sheets(workbook(Sheet("S", [["a\x01b\x0bc\td\ud800e"]])))["S"] == [["abc\tde"]]


@pytest.mark.parametrize("number", [math.nan, math.inf, Decimal("NaN")])
def test_a_number_that_is_none_is_refused(number: Any) -> None:
    with pytest.raises(ValueError, match="number"):
        workbook(Sheet("S", [[number]]))


def test_text_that_is_too_long_an_instant_with_a_zone_and_merging_row_by_row_are_refused() -> None:
    with pytest.raises(ValueError, match="32767"):
        workbook(Sheet("S", [["x" * 32_768]]))
    with pytest.raises(ValueError, match="zone"):
        workbook(Sheet("S", [[datetime(2026, 1, 1, tzinfo=UTC)]]))
    with pytest.raises(ValueError, match="merged"):
        workbook(Sheet("S", [["a", "b"]], merges=(Merge(0, 0, 1),)), many_rows=True)
