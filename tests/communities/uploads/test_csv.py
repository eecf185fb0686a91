"""Our long CSV, without a database."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.communities.uploads.samples import EAN, HEADER, OTHER, lines, quarters, read, said

from gridloom.communities.uploads import long_csv
from gridloom.communities.uploads.faults import NoMeterOfOperation, Place, WrongFile, WrongTime
from gridloom.kernel import clock

T0 = datetime(2026, 3, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
A, B = quarters(2)


def row(time: str = A, ean: str = EAN, direction: str = "consumption", rest: str = "1,,") -> str:
    return f"{time},{ean},{direction},{rest}"


def refused(raw: bytes, folder: Path) -> WrongFile:
    with pytest.raises(WrongFile) as caught:
        read(raw, folder)
    return caught.value


def test_rows_of_any_order_become_series(tmp_path: Path) -> None:
    content = read(
        lines(
            row(B, rest="2,0.5,1.5"),
            row(A, OTHER, "injection", "7,,"),
            row(A, rest="1,,"),
            row(B, OTHER, "Injection", "8,,"),
        ),
        tmp_path,
    )
    assert said(content) == [(T0, 1.0, None, None), (T0 + QUARTER, 2.0, 0.5, 1.5)]
    assert said(content, OTHER, "injection") == [(T0, 7.0, None, None), (T0 + QUARTER, 8.0, None, None)]
    assert (content.step_ms, content.since_ms, content.till_ms) == (900_000, 1772323200000, 1772325000000)
    assert (content.is_settled, content.skipped_count) == (True, 0)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_semicolons_come_with_decimal_commas(tmp_path: Path, mark: bytes, end: str) -> None:
    raw = lines(
        f"{A};{EAN};consumption;1,25;0,25;1", f"{B};{EAN};consumption;2.5;;", header=HEADER.replace(",", ";"), end=end
    )
    assert said(read(mark + raw, tmp_path)) == [(T0, 1.25, 0.25, 1.0), (T0 + QUARTER, 2.5, None, None)]


def test_columns_may_stand_in_any_order_and_some_be_left_out(tmp_path: Path) -> None:
    raw = lines(f'"3",consumption,"{EAN}",{A}', "", "   ", ",,,", header="gross,direction,EAN,Timestamp")
    assert said(read(raw, tmp_path)) == [(T0, 3.0, None, None)]


def test_the_last_row_needs_no_end(tmp_path: Path) -> None:
    assert said(read(lines(row()).rstrip(b"\n"), tmp_path)) == [(T0, 1.0, None, None)]


@pytest.mark.parametrize(
    "time",
    [
        "2026-03-01T00:00:00Z", "2026-03-01T01:00:00+01:00", "2026-03-01T00:00:00.000Z", "2026-03-01 00:00Z",
        "2026-03-01T01:00:00",
        "2026-03-01T01:00", "2026-03-01 01:00:00", "2026-03-01 01:00", "2026-02-28T19:00-0500", "2026-03-01 01:00:00 +0100",
        " 2026-03-01T00:00:00z ",
    ],
)  # fmt: skip
def test_a_time_is_iso_with_a_zone_or_the_wall_in_brussels(tmp_path: Path, time: str) -> None:
    assert said(read(lines(row(time)), tmp_path)) == [(T0, 1.0, None, None)]


def test_times_of_several_forms_may_stand_together(tmp_path: Path) -> None:
    raw = lines(row("2026-03-01T00:00:00Z"), row("2026-03-01 01:15"), row("2026-03-01T01:30:00+01:00"))
    assert [each[0] for each in said(read(raw, tmp_path))] == [T0, T0 + QUARTER, T0 + 2 * QUARTER]


def test_the_day_of_twenty_five_hours_is_told_apart_across_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_csv, "PIECE_BYTES", 150)
    hours = [0, 1, 2, 2, 3]
    rows = [row(f"2026-10-25T{hour:02}:00:00", ean) for hour in hours for ean in (EAN, OTHER)]
    content = read(lines(*rows), tmp_path)
    first = datetime(2026, 10, 24, 22, tzinfo=UTC)
    for ean in (EAN, OTHER):
        assert [each[0] for each in said(content, ean)] == [first + timedelta(hours=place) for place in range(5)]


def test_meters_that_do_not_count_are_passed_over(tmp_path: Path) -> None:
    content = read(lines(row(), row(ean="541448800000000999"), row(B, ean="X-1"), row(B)), tmp_path)
    assert [each[1] for each in said(content)] == [1.0, 1.0]
    assert (content.skipped_count, list(content.skipped)) == (2, ["541448800000000999", "X-1"])


def test_a_file_without_a_meter_that_counts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoMeterOfOperation) as caught:
        read(lines(row(ean="541448800000000999"), row(B, ean="X-1")), tmp_path)
    assert (caught.value.says, caught.value.words) == ("no_meter_of_operation", {"ean": "541448800000000999"})


@pytest.mark.parametrize("raw", [lines(), lines("", ",,,,,"), lines().rstrip(b"\n")])
def test_a_file_with_a_header_alone_has_no_readings(tmp_path: Path, raw: bytes) -> None:
    fault = refused(raw, tmp_path)
    assert (fault.says, str(fault)) == ("upload_no_readings", "The file has no readings.")


@pytest.mark.parametrize("raw", [b"", b"\n", b" \r\n\r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_a_file_without_anything_is_empty(tmp_path: Path, raw: bytes) -> None:
    fault = refused(raw, tmp_path)
    assert (fault.says, str(fault)) == ("upload_empty", "The file is empty.")


@pytest.mark.parametrize("time", ["01/03/2026 01:00", "01/03/2026 01:00:00", " 01/03/2026T01:00 ", "01/03/2026 00:00Z"])
def test_with_semicolons_the_day_may_come_first(tmp_path: Path, time: str) -> None:
    raw = lines(f"{time};{EAN};consumption;1,5", header="timestamp;ean;direction;gross")
    assert said(read(raw, tmp_path)) == [(T0, 1.5, None, None)]


def test_days_of_both_forms_may_stand_together_where_semicolons_do(tmp_path: Path) -> None:
    rows = (f"{time};{EAN};consumption;1" for time in ("01/03/2026 01:00", "2026-03-01 01:15", "2026-03-01T00:30:00Z"))
    raw = lines(*rows, header="timestamp;ean;direction;gross")
    assert [each[0] for each in said(read(raw, tmp_path))] == [T0, T0 + QUARTER, T0 + 2 * QUARTER]


@pytest.mark.parametrize("time", ["03/31/2026 00:00", "1/3/2026 00:00", "31/02/2026 00:00"])
def test_a_day_that_comes_first_and_is_none_is_told_as_it_was_written(tmp_path: Path, time: str) -> None:
    fault = refused(lines(f"{time};{EAN};consumption;1", header="timestamp;ean;direction;gross"), tmp_path)
    assert (fault.says, fault.place, fault.words) == ("upload_time_unreadable", Place(row=2), {"cell": time})


def test_what_is_read_is_not_yet_to_come(tmp_path: Path) -> None:
    now = clock.now().replace(minute=0, second=0, microsecond=0)
    for hours, is_taken in ((23, True), (26, False), (24 * 400, False)):
        time = f"{now + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"
        if is_taken:
            assert len(said(read(lines(row(time)), tmp_path))) == 1
        else:
            fault = refused(lines(row(), row(time)), tmp_path)
            assert (fault.says, fault.place, type(fault)) == ("upload_time_ahead", Place(row=3), WrongTime)


def test_the_first_twenty_eans_that_do_not_count_are_named_in_the_order_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_csv, "PIECE_BYTES", 150)
    rows = [row(ean=f"X-{number // 2}") for number in range(60, 0, -1)]
    content = read(lines(row(), *rows), tmp_path)
    assert (content.skipped_count, list(content.skipped)) == (60, [f"X-{n}" for n in range(30, 10, -1)])


@pytest.mark.parametrize(
    ("wrong", "says", "cell"),
    [
        (row(rest=",,"), "upload_no_value", None),
        (row(rest="one,,"), "upload_not_number", "one"),
        (row(rest="inf,,"), "upload_not_number", "inf"),
        (row(rest="nan,,"), "upload_not_number", "nan"),
        (row(rest="1,x,"), "upload_not_number", "x"),
        (row(rest="-1,,"), "upload_negative", None),
        (row(rest="1,2,"), "upload_more_shared", None),
        (row(rest="1,0.5,0.6"), "upload_parts_differ", None),
        (row(direction="both"), "upload_direction", "both"),
        (row(direction=""), "upload_direction", ""),
        (row(ean=""), "upload_no_ean", None),
        (row(ean="5.41449E+17"), "upload_ean_rounded", "5.41449E+17"),
        (row("yesterday"), "upload_time_unreadable", "yesterday"),
        (row(""), "upload_time_unreadable", ""),
        (row("2026-02-30T00:00:00Z"), "upload_time_unreadable", "2026-02-30T00:00:00Z"),
        (row("2026-03-01"), "upload_time_unreadable", "2026-03-01"),
        (row("2026-03-01T00:00:00+25:00"), "upload_time_unreadable", "2026-03-01T00:00:00+25:00"),
        (row("01/03/2026 00:00"), "upload_time_unreadable", "01/03/2026 00:00"),
        (row("2026-03-29T02:15:00"), "upload_time_left_out", None),
        (row("1999-12-31T00:00:00Z"), "upload_time_too_far", None),
        (row("2126-12-31T00:00:00Z"), "upload_time_ahead", None),
        (row("2026-03-01T00:05:00Z"), "upload_time_off_grid", None),
        (row(B), "upload_time_twice", None),
        (row() + ",9", "upload_many_cells", None),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, wrong: str, says: str, cell: str | None) -> None:
    fault = refused(lines(row(B, rest="2,,"), "", wrong), tmp_path)
    assert (fault.says, fault.place, fault.words.get("cell")) == (says, Place(row=4), cell)
    assert isinstance(fault, WrongTime) == says.startswith("upload_time")


def test_a_row_that_is_no_utf8_is_named(tmp_path: Path) -> None:
    fault = refused(lines(row(), row(B)) + b"\xe9,1,consumption,1,,\n", tmp_path)
    assert (fault.says, fault.place) == ("upload_not_utf8", Place(row=4))


def test_a_row_without_an_end_is_not_read_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_csv, "PIECE_BYTES", 100)
    fault = refused(lines(row(), "x" * 50_000), tmp_path)
    assert (fault.says, fault.place) == ("upload_long_row", Place(row=3))


def test_rows_are_counted_across_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_csv, "PIECE_BYTES", 200)
    rows = [row(time, rest=f"{place},,") for place, time in enumerate(quarters(200))]
    assert [each[1] for each in said(read(lines(*rows), tmp_path))] == list(range(200))
    rows[150] = row(rest="-1,,")
    assert refused(lines(*rows), tmp_path).place == Place(row=152)


@pytest.mark.parametrize(
    "header",
    ["a,b", "timestamp,ean,direction", HEADER + ",unit", HEADER + ",net", "timestamp;ean,direction,gross"],
)
def test_another_header_is_refused(tmp_path: Path, header: str) -> None:
    fault = refused(lines(row(), header=header), tmp_path)
    assert (fault.says, fault.place) == ("upload_header", Place(row=1))


@pytest.mark.parametrize("minutes", [30, 24 * 60])
def test_a_file_of_another_step_is_refused(tmp_path: Path, minutes: int) -> None:
    fault = refused(lines(*(row(time) for time in quarters(8, step_min=minutes))), tmp_path)
    assert (type(fault), fault.says) == (WrongTime, "upload_irregular")


def test_hours_are_hours_although_some_are_missing(tmp_path: Path) -> None:
    times = quarters(8, step_min=60)
    content = read(lines(*(row(time) for time in times[:3] + times[5:])), tmp_path)
    assert content.step_ms == 3_600_000
    assert content.till_ms - content.since_ms == 8 * 3_600_000
