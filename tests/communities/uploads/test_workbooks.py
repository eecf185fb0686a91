"""The grid operator's workbook, without a database."""

import io
import struct
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from tests.communities.uploads.old_workbook import locked, xls
from tests.communities.uploads.samples import EAN, GROSS, NET, OTHER, SHARED, SHEETS, TAKEN, book, grid, read, said

from gridloom.communities.uploads.faults import Place, WrongFile, WrongTime
from gridloom.communities.uploads.workbook_program import letters_of

T0 = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
WALL = T0.replace(tzinfo=None)
GROSS_SHEET, SHARED_SHEET, NET_SHEET = SHEETS


def refused(raw: bytes, folder: Path) -> WrongFile:
    with pytest.raises(WrongFile) as caught:
        read(raw, folder)
    return caught.value


def taken(times: list[Any], value: float = 1.0) -> list[list[list[Any]]]:
    """Three sheets of one column with these times."""
    return [
        grid([[time, each] for time in times], [TAKEN], [EAN])
        for each in (value, value * 0.25, value * 0.75)
    ]  # fmt: skip


def test_two_columns_of_one_meter_are_its_two_ways(tmp_path: Path) -> None:
    content = read(book(), tmp_path)
    assert said(content) == [(T0, 1.0, 0.4, 0.6), (T0 + HOUR, 2.0, 0.6, 1.4)]
    assert said(content, direction="injection") == [(T0, 0.0, 0.0, 0.0), (T0 + HOUR, 0.5, 0.2, 0.3)]
    assert (content.step_ms, content.is_settled, content.skipped_count) == (3_600_000, True, 0)


def test_sheets_are_found_by_name_and_columns_by_their_headings(tmp_path: Path) -> None:
    def turned(sheet: list[list[Any]]) -> list[list[Any]]:
        return [[row[0], "", row[2], row[1]] for row in sheet]

    raw = book([["notes"]], turned(NET), GROSS, SHARED, names=("Info", " NET rep", "Brut Rep", "partage REP"))
    content = read(raw, tmp_path)
    assert said(content) == [(T0, 1.0, 0.4, 0.6), (T0 + HOUR, 2.0, 0.6, 1.4)]
    assert said(content, direction="injection")[1] == (T0 + HOUR, 0.5, 0.2, 0.3)


@pytest.mark.parametrize(
    "times",
    [
        [46082.0, 46082 + 1 / 96],
        [WALL, WALL + timedelta(minutes=15)],
        ["2026-03-01T00:00:00", "2026-03-01 00:15"],
        ["2026-02-28T23:00:00Z", "2026-03-01T00:15:00+01:00"],
        [46082, "2026-03-01T00:15"],
    ],
)
def test_times_are_serials_dates_or_texts_on_the_wall_in_brussels(tmp_path: Path, times: list[Any]) -> None:
    found = [each[0] for each in said(read(book(*taken(times)), tmp_path))]
    assert found == [T0 - HOUR, T0 - HOUR + timedelta(minutes=15)]


def test_serials_that_were_added_up_are_on_the_grid_to_the_end_of_the_year(tmp_path: Path) -> None:
    serials = [45658.0]
    while len(serials) < 365 * 24 - 1:
        serials.append(serials[-1] + 1 / 24)
    # The hour that spring leaves out does not stand in a file of the wall's time.
    missing = (45746 - 45658) * 24 + 2
    del serials[missing]
    content = read(book(*taken(serials)), tmp_path)
    assert len(said(content)) == 365 * 24 - 2
    # And the double hour of autumn stood there once.
    assert content.till_ms - content.since_ms == (365 * 24 - 1) * 3_600_000


def test_a_day_of_twenty_five_hours_is_told_apart_by_order(tmp_path: Path) -> None:
    hours = [0, 1, 2, 2, 3]
    content = read(
        book(*taken([datetime(2026, 10, 25, hour, tzinfo=UTC).replace(tzinfo=None) for hour in hours])), tmp_path
    )
    first = datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert [each[0] for each in said(content)] == [first + place * HOUR for place in range(5)]


def test_an_ean_of_thirteen_digits_may_be_a_number(tmp_path: Path) -> None:
    sheets = [grid([[46082, 1.0 if place == 0 else 0.5]], [TAKEN], [5414488000006]) for place in range(3)]
    path = tmp_path / "one"
    path.mkdir()
    assert said(read(book(*sheets), path, ["5414488000006"]), "5414488000006") == [(T0 - HOUR, 1.0, 0.5, 0.5)]


def test_columns_of_meters_that_do_not_count_are_passed_over(tmp_path: Path) -> None:
    sheets = [grid([[46082, value, value]], [TAKEN, TAKEN], [EAN, "999"]) for value in (1.0, 0.5, 0.5)]
    content = read(book(*sheets), tmp_path)
    assert [each[1:] for each in said(content)] == [(1.0, 0.5, 0.5)]
    assert (content.skipped_count, list(content.skipped)) == (1, ["999"])


def changed(sheet: list[list[Any]], row: int, column: int, cell: Any) -> list[list[Any]]:
    copy = [list(each) for each in sheet]
    copy[row - 1][column - 1] = cell
    return copy


@pytest.mark.parametrize(
    ("sheets", "says", "place"),
    [
        ((changed(GROSS, 5, 2, "one"), SHARED, NET), "upload_not_number", Place(GROSS_SHEET, 5, "B")),
        ((changed(GROSS, 5, 2, True), SHARED, NET), "upload_not_number", Place(GROSS_SHEET, 5, "B")),
        ((GROSS, changed(SHARED, 6, 3, ""), NET), "upload_no_value", Place(SHARED_SHEET, 6, "C")),
        ((GROSS, SHARED, changed(NET, 6, 2, "=1/0")), "upload_no_value", Place(NET_SHEET, 6, "B")),
        ((changed(GROSS, 6, 2, -2.0), SHARED, NET), "upload_negative", Place(GROSS_SHEET, 6, "B")),
        ((GROSS, changed(SHARED, 6, 3, 0.6), NET), "upload_more_shared", Place(GROSS_SHEET, 6, "C")),
        ((GROSS, SHARED, changed(NET, 5, 2, 0.7)), "upload_parts_differ", Place(GROSS_SHEET, 5, "B")),
        ((changed(GROSS, 1, 2, "Import"), SHARED, NET), "upload_no_way", Place(GROSS_SHEET, 1, "B")),
        ((changed(GROSS, 2, 2, ""), SHARED, NET), "upload_no_ean", Place(GROSS_SHEET, 2, "B")),
        ((changed(GROSS, 2, 2, 541448800000000009), SHARED, NET), "upload_ean_rounded", Place(GROSS_SHEET, 2, "B")),
        ((changed(GROSS, 1, 3, TAKEN), SHARED, NET), "upload_column_twice", Place(GROSS_SHEET, 2, "B")),
        ((GROSS, changed(SHARED, 2, 3, OTHER), NET), "upload_sheets_differ", Place(GROSS_SHEET, 2, "C")),
        ((GROSS, [row[:2] for row in SHARED], NET), "upload_sheets_differ", Place(GROSS_SHEET, 2, "C")),
        (([row[:2] for row in GROSS], SHARED, NET), "upload_sheets_differ", Place(SHARED_SHEET, 2, "C")),
        ((GROSS, SHARED[:5], NET), "upload_sheets_differ", Place(GROSS_SHEET, 6, "A")),
        ((GROSS[:5], SHARED[:5], NET), "upload_sheets_differ", Place(NET_SHEET, 6, "A")),
        ((GROSS, SHARED, changed(NET, 6, 1, "2026-03-01T02:00:00Z")), "upload_sheets_differ", Place(GROSS_SHEET, 6, "A")),
        ((GROSS[:4], SHARED[:4], NET[:4]), "upload_no_rows", Place(GROSS_SHEET)),
        (([["Date"]], SHARED, NET), "upload_no_rows", Place(GROSS_SHEET)),
        (([], SHARED, NET), "upload_no_rows", Place(GROSS_SHEET)),
        ((GROSS, SHARED), "upload_no_sheet", Place()),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_sheet_row_and_column(
    tmp_path: Path, sheets: tuple[list[list[Any]], ...], says: str, place: Place
) -> None:
    fault = refused(book(*sheets), tmp_path)
    assert (fault.says, fault.place, type(fault)) == (says, place, WrongFile)


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("yesterday", "upload_time_unreadable"),
        ("", "upload_time_unreadable"),
        (True, "upload_time_unreadable"),
        (0.5, "upload_time_unreadable"),
        (1e9, "upload_time_unreadable"),
        ("2026-02-30T00:00:00", "upload_time_unreadable"),
        ("2026-03-01", "upload_time_unreadable"),
        ("2026-03-29T02:15:00", "upload_time_left_out"),
        ("2026-03-01T00:07:00Z", "upload_time_off_grid"),
        (30000.0, "upload_time_too_far"),
        ("2026-03-01T00:00:00Z", "upload_time_twice"),
    ],
)
def test_a_wrong_time_is_named(tmp_path: Path, cell: Any, says: str) -> None:
    fault = refused(book(*(changed(each, 6, 1, cell) for each in (GROSS, SHARED, NET))), tmp_path)
    assert (type(fault), fault.says) == (WrongTime, says)
    assert (fault.place.sheet, fault.place.row) == (GROSS_SHEET, 6)


def test_the_old_form_is_read_like_the_new_one(tmp_path: Path) -> None:
    content = read(xls(dict(zip(SHEETS, (GROSS, SHARED, NET), strict=True))), tmp_path)
    assert said(content) == [(T0, 1.0, 0.4, 0.6), (T0 + HOUR, 2.0, 0.6, 1.4)]
    assert said(content, direction="injection") == [(T0, 0.0, 0.0, 0.0), (T0 + HOUR, 0.5, 0.2, 0.3)]
    serials = dict(zip(SHEETS, taken([46082.0, 46082 + 1 / 96]), strict=True))
    assert [each[0] for each in said(read(xls(serials), tmp_path))] == [T0 - HOUR, T0 - HOUR + timedelta(minutes=15)]


def test_what_is_wrong_in_the_old_form_is_named_too(tmp_path: Path) -> None:
    sheets = dict(zip(SHEETS, (GROSS, changed(SHARED, 6, 3, "x"), NET), strict=True))
    fault = refused(xls(sheets), tmp_path)
    assert (fault.says, fault.place) == ("upload_not_number", Place(SHARED_SHEET, 6, "C"))
    fault = refused(xls({SHEETS[0]: GROSS, SHEETS[2]: NET}), tmp_path)
    assert (fault.says, str(fault)) == (
        "upload_no_sheet", "There is no sheet “Partagé Rep”; there are: “Brut Rep”, “Net Rep”.",
    )  # fmt: skip


def test_a_workbook_under_a_password_is_refused(tmp_path: Path) -> None:
    assert refused(locked(), tmp_path).says == "upload_locked"


def test_a_damaged_workbook_is_refused(tmp_path: Path) -> None:
    whole = book()
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as packed:
        packed.writestr("hello.txt", "no workbook")
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 4000
    for raw in (whole[: len(whole) // 2], b"PK\x03\x04" + b"\0" * 100, other.getvalue(), old):
        assert refused(raw, tmp_path).says == "upload_unreadable"


def test_a_cell_in_the_last_corner_ends_nothing_but_its_own_reading(tmp_path: Path) -> None:
    out = io.BytesIO()
    file = xlsxwriter.Workbook(out, {"in_memory": True})
    for name in SHEETS:
        sheet = file.add_worksheet(name)
        sheet.write(0, 0, 1)
        sheet.write(1048575, 16383, 1)
    file.close()
    assert len(out.getvalue()) < 10_000
    assert refused(out.getvalue(), tmp_path).says == "upload_swollen"


def test_a_workbook_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book())) as good,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed,
    ):
        for each in good.infolist():
            packed.writestr(each, good.read(each))
        packed.writestr("xl/media/zeros.bin", bytes(300_000_000))
    assert len(out.getvalue()) < 500_000
    assert refused(out.getvalue(), tmp_path).says == "upload_swollen"


def test_a_bomb_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    sheet = (
        b"<worksheet><sheetData>" + b'<row r="1"><c r="A1"><v>1</v></c></row>' * 3_000_000 + b"</sheetData></worksheet>"
    )
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book())) as good,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed,
    ):
        for each in good.infolist():
            bomb = each.filename == "xl/worksheets/sheet1.xml"
            packed.writestr(each.filename, sheet if bomb else good.read(each))
    raw = out.getvalue().replace(struct.pack("<I", len(sheet)), struct.pack("<I", 1000))
    assert refused(raw, tmp_path).says in ("upload_unreadable", "upload_swollen", "upload_no_way", "upload_no_rows")


def test_columns_have_the_letters_of_a_spreadsheet() -> None:
    assert [letters_of(place) for place in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]
