"""Settlements as files."""

from datetime import date

from gridloom.communities.settlements.exports import frame, rendered
from gridloom.communities.settlements.rules import Amounts, Line


def test_no_cell_of_a_csv_is_a_formula() -> None:
    lines = [Line(1, date(2026, 3, 1), 7, Amounts(1_500_000, 500_000, 1_000_000), 0)]
    table = frame(lines, {1: "-1-2-689891884"}, {7: "=cmd|'/c calc'!A1"})
    _, row, *_ = rendered(table, "csv").decode().splitlines()
    assert (
        row == "2026-03-01,'-1-2-689891884,7,'=cmd|'/c calc'!A1,1.500000,0.500000,1.000000,0.000000,0.000000,0.000000,0"
    )
