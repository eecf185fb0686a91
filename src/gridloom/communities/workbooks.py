"""Workbooks (xlsx) for download: sheets of rows, written safely and, where there are many rows, in little memory."""

import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any, NamedTuple, TypeAlias

import xlsxwriter

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_ROWS, MAX_TEXT = 1_048_576, 32_767


class Link(NamedTuple):
    """A cell that leads to another sheet of the same workbook."""

    text: str
    sheet: str


Filled: TypeAlias = str | int | float | Decimal | bool | date | datetime | Link
Cell: TypeAlias = Filled | None
Row: TypeAlias = Sequence[Cell]

# Text is written as text, whatever it begins with: a name like `=1+1` or `https://…` is a name, and no program computes or
# fetches anything when the file is opened.
_OPTIONS: dict[str, Any] = {
    "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False,
}  # fmt: skip
_DAY, _INSTANT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"


class _Plain(float):
    """A number that is written with the digits that name it: 79.4, where 16 of them would read 79.40000000000001."""

    def __format__(self, form: str) -> str:
        return repr(float(self))


class Merge(NamedTuple):
    """Cells of one row shown as one, with the content of the first. Row and columns count from 0; both columns belong to it."""

    row: int
    first: int
    last: int


class Sheet(NamedTuple):
    """A sheet. rows: from the top, written once. widths: of the columns in characters. bold_rows: those of the head (dates
    stay plain)."""

    name: str
    rows: Iterable[Row]
    widths: Sequence[float] = ()
    merges: Sequence[Merge] = ()
    bold_rows: Iterable[int] = ()


def workbook(*sheets: Sheet, many_rows: bool = False) -> bytes:
    """The bytes of a workbook. many_rows: keep one row at a time in memory; such a sheet has no merged cells.

    Raises ValueError for a number that is none, for text or a sheet that is too long, and for an instant with a zone (a cell
    has none; say which one you mean). A sheet's name has 31 characters at most.
    """
    raw = BytesIO()
    with xlsxwriter.Workbook(raw, {**_OPTIONS, "constant_memory": many_rows, "in_memory": not many_rows}) as book:
        formats = _Formats(book)
        for sheet in sheets:
            if many_rows and sheet.merges:
                raise ValueError("cells are not merged where rows are written one by one")
            _write(book.add_worksheet(sheet.name), sheet, formats)
    return raw.getvalue()


def attachment(file_name: str) -> dict[str, str]:
    """The header that gives a download its name, which is plain ASCII without quotes."""
    return {"content-disposition": f'attachment; filename="{file_name}"'}


def prefers_json(accepted: str) -> bool:
    """Whether an `Accept` header asks for JSON rather than for a workbook (RFC 9110, 12.5.1).

    Browsers name JSON in front of `*/*` on every request and mean the file: only what a workbook satisfies less is JSON.
    """
    return _quality(accepted, "application/json") > _quality(accepted, MEDIA_TYPE)


def _quality(accepted: str, media_type: str) -> float:
    """How welcome a media type is, 0 to 1; the most exact range that holds it counts. No header: everything is."""
    ranges = {media_type: 3, f"{media_type.partition('/')[0]}/*": 2, "*/*": 1}
    best, quality = 0, 0.0
    for part in (accepted or "*/*")[:500].lower().split(","):
        name, _, rest = part.partition(";")
        if (rank := ranges.get(name.strip(), 0)) > best:
            best, quality = rank, _weight(rest)
    return quality


def _weight(parameters: str) -> float:
    for each in parameters.split(";"):
        name, _, value = each.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


class _Formats:
    """How cells look, made once for a workbook."""

    def __init__(self, book: Any) -> None:
        self.bold = book.add_format({"bold": True})
        self.merged = book.add_format({"bold": True, "align": "center"})
        self.day = book.add_format({"num_format": _DAY})
        self.instant = book.add_format({"num_format": _INSTANT})


def _write(page: Any, sheet: Sheet, formats: _Formats) -> None:
    for column, width in enumerate(sheet.widths):
        page.set_column(column, column, width)
    bold = frozenset(sheet.bold_rows)
    merged = {(each.row, each.first): each for each in sheet.merges}
    hidden = {(each.row, column) for each in sheet.merges for column in range(each.first + 1, each.last + 1)}
    for number, row in enumerate(sheet.rows):
        if number >= MAX_ROWS:
            raise ValueError(f"a sheet has {MAX_ROWS} rows at most")
        look = formats.bold if number in bold else None
        for column, cell in enumerate(row):
            if (number, column) in hidden or cell is None:
                continue
            if (found := merged.get((number, column))) is not None:
                page.merge_range(number, found.first, number, found.last, "", formats.merged)
                look_here = formats.merged
            else:
                look_here = look
            _write_cell(page, number, column, cell, look_here, formats)


def _write_cell(page: Any, row: int, column: int, cell: Filled, look: Any, formats: _Formats) -> None:
    match cell:
        case Link():
            target = cell.sheet.replace("'", "''")
            page.write_url(row, column, f"internal:'{target}'!A1", look, cell.text)
        case str():
            if len(cell) > MAX_TEXT:
                raise ValueError(f"the text of a cell has {MAX_TEXT} characters at most")
            page.write_string(row, column, _printable(cell), look)
        case bool():
            page.write_boolean(row, column, cell, look)
        case datetime():
            if cell.tzinfo is not None:
                raise ValueError("an instant in a cell has no zone")
            page.write_datetime(row, column, cell, formats.instant)
        case date():
            page.write_datetime(row, column, cell, formats.day)
        case _:
            if not math.isfinite(number := float(cell)):
                raise ValueError("a cell holds no number without an end")
            page.write_number(row, column, _Plain(number), look)


def _printable(text: str) -> str:
    """Without the control characters that XML cannot hold even when they are escaped, and without lone surrogates."""
    return "".join(each for each in text if each in "\t\n\r" or (each >= " " and not "\ud800" <= each <= "\udfff"))
