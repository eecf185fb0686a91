"""Files that are made to take memory or time, and offsets."""

import tracemalloc
from datetime import datetime
from pathlib import Path

import pytest
from tests.communities.uploads.samples import EAN, OTHER, TAKEN, book, grid, lines, quarters, read, said

from gridloom.communities.uploads import content, long_csv
from gridloom.communities.uploads.faults import Place, WrongFile, WrongTime

A, B = quarters(2)
MIB = 1 << 20


def row(time: str = A, amount: str = "1", ean: str = EAN) -> str:
    return f"{time},{ean},consumption,{amount},,"


def refused(raw: bytes, folder: Path) -> WrongFile:
    with pytest.raises(WrongFile) as caught:
        read(raw, folder)
    return caught.value


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_file_of_nothing_but_ends_of_rows_is_refused_before_it_is_read(tmp_path: Path, end: bytes) -> None:
    raw = lines(row()) + end * (long_csv.MOST_ROWS + 1)
    tracemalloc.start()
    with pytest.raises(WrongFile) as caught:
        read(raw, tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (caught.value.says, caught.value.words) == ("upload_many_rows", {"millions": "20"})
    assert peak < 200 * MIB


def test_as_many_rows_as_allowed_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_csv, "MOST_ROWS", 4)
    monkeypatch.setattr(long_csv, "PIECE_BYTES", 60)
    good = lines(row(), "", row(B), row(quarters(3)[2]))
    assert [each[1] for each in said(read(good, tmp_path))] == [1.0] * 3
    assert refused(good + b"\n", tmp_path).says == "upload_many_rows"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("piece", [30, 100, 8_000_000])
def test_empty_rows_count_but_say_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, piece: int
) -> None:
    monkeypatch.setattr(long_csv, "PIECE_BYTES", piece)
    monkeypatch.setattr(long_csv, "PIECE_ROWS", 2)
    rows = ["", "", row(), "", ",,,,,", "  ", row(B), "", "", "", row(quarters(3)[2], "-1")]
    fault = refused(lines(*rows, end=end), tmp_path)
    assert (fault.says, fault.place) == ("upload_negative", Place(row=12))
    assert [each[1] for each in said(read(lines(*rows[:-1], end=end), tmp_path))] == [1.0, 1.0]


def test_a_series_of_more_values_than_there_are_times_is_not_looked_at_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "MOST_TIMES", 3)
    monkeypatch.setattr(long_csv, "PIECE_ROWS", 2)
    fault = refused(lines(*[row()] * 9), tmp_path)
    assert (type(fault), fault.says, fault.place, fault.words) == (
        WrongTime, "upload_time_twice", Place(row=5), {"ean": EAN},
    )  # fmt: skip


@pytest.mark.parametrize("offset", ["+14:01", "+15:00", "-15:00", "+01:60"])
def test_no_offset_is_more_than_fourteen_hours(tmp_path: Path, offset: str) -> None:
    time = f"2026-03-01T12:00:00{offset}"
    for raw in (lines(row(time)), lines(row(A), row(time)), book(*([grid([[time, 0.0]], [TAKEN], [EAN])] * 3))):
        fault = refused(raw, tmp_path)
        assert (type(fault), fault.says, fault.words["cell"]) == (WrongTime, "upload_time_unreadable", time)


@pytest.mark.parametrize("offset", ["+14:00", "-14:00", "+05:45"])
def test_offsets_to_fourteen_hours_are_taken(tmp_path: Path, offset: str) -> None:
    time = f"2026-03-01T12:00:00{offset}"
    sheet = grid([[time, 0.0]], [TAKEN], [EAN])
    for raw in (lines(row(time)), lines(row(A, ean=OTHER), row(time)), book(sheet, sheet, sheet)):
        (only,) = said(read(raw, tmp_path))
        assert only[0] == datetime.fromisoformat(time)


def test_a_workbook_may_say_only_what_flowed(tmp_path: Path) -> None:
    found = read(book(grid([[A, 1.5, 2.5], [B, 3.0, 0.0]], eans=[EAN, OTHER])), tmp_path)
    assert [each[1:] for each in said(found)] == [(1.5, None, None), (3.0, None, None)]
    assert [each[1:] for each in said(found, OTHER, "injection")] == [(2.5, None, None), (0.0, None, None)]
    assert (found.is_settled, found.step_ms) == (False, 900_000)


@pytest.mark.parametrize(("there", "missing"), [("Partagé Rep", "Net Rep"), ("Net Rep", "Partagé Rep")])
def test_of_what_is_shared_and_what_is_left_a_workbook_has_both_or_none(
    tmp_path: Path, there: str, missing: str
) -> None:
    fault = refused(book(*[grid([[A, 1.0, 1.0]])] * 2, names=("Brut Rep", there)), tmp_path)
    assert (fault.says, fault.words["name"]) == ("upload_no_sheet", missing)
