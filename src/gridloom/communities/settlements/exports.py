"""A settlement as a file: CSV, workbook, Parquet."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from gridloom.communities.settlements.rules import Line, kwh
from gridloom.communities.settlements.schemas import Format
from gridloom.communities.workbooks import Row, Sheet, workbook

MEDIA: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
HEADER = (
    "day", "ean", "member_id", "member", "gross_kwh", "shared_kwh", "net_kwh",
    "injected_gross_kwh", "injected_shared_kwh", "injected_net_kwh", "missing_count",
)  # fmt: skip

NOTES: tuple[Row, ...] = (
    ("Days", "Local days in Brussels (Europe/Brussels), from midnight to midnight: 23 or 25 hours when the clocks change"),
    ("Energy", "kWh; gross is what was taken from the grid (shared and net), injected what was fed into it"),
    ("missing_count", "Intervals of the meter on that day without a reading; they count as 0"),
)  # fmt: skip

_KWH = pl.Decimal(18, 6)
_WIDTHS = (12, 22, 12, 24, *(22,) * 6, 15)
_TYPES: dict[str, Any] = {
    **dict.fromkeys(HEADER, _KWH), "day": pl.Date, "ean": pl.String, "member_id": pl.Int64, "member": pl.String,
    "missing_count": pl.Int32,
}  # fmt: skip


def frame(lines: Sequence[Line], eans: Mapping[int, str], members: Mapping[int, str]) -> pl.DataFrame:
    """One row a meter and day, by day and EAN. eans: by meter; members: names by member."""
    rows = [
        (
            line.day, eans[line.meter_id], line.member_id, members.get(line.member_id or 0),
            *(kwh(each) for each in line.amounts), line.missing,
        )
        for line in lines
    ]  # fmt: skip
    return pl.DataFrame(rows, schema={name: _TYPES[name] for name in HEADER}, orient="row").sort("day", "ean")


def rendered(table: pl.DataFrame, form: Format) -> bytes:
    """The bytes of a file; the same table gives the same bytes."""
    match form:
        case "csv":
            return _safe(table).write_csv().encode()
        case "xlsx":
            rows: list[Row] = [HEADER, *table.iter_rows()]
            notes = Sheet("Notes", NOTES, widths=(16, 110))
            return workbook(Sheet("Settlement", rows, widths=_WIDTHS, bold_rows=(0,)), notes)
        case "parquet":
            stream = io.BytesIO()
            table.write_parquet(stream, compression="zstd")
            return stream.getvalue()


def _safe(table: pl.DataFrame) -> pl.DataFrame:
    """Texts that a spreadsheet would take for a formula get an apostrophe in front."""
    return table.with_columns(_plain("ean"), _plain("member"))


def _plain(name: str) -> pl.Expr:
    is_formula = pl.col(name).str.contains(r"^[=+\-@\t\r]")
    return pl.when(is_formula).then("'" + pl.col(name)).otherwise(pl.col(name)).alias(name)
