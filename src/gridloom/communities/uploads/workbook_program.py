"""The grid operator's workbook, read in a process of its own: `python -m … WORKBOOK OUT`.

A workbook is somebody else's file, and the library that reads it takes memory for every cell between the first and the last: a
few kilobytes with one cell in the last corner end the process that opens them. So this program reads it with limits of its own,
and knows nothing of the rest (no settings, no database; nothing is imported but the library).

Three sheets of one form, or only the first of them: row 1 says in each column `Prélèvement` or `Injection`, row 2 the EAN,
rows 3 and 4 anything; from row 5 on the first column has the time and the others kWh. On standard output goes a JSON object:
`wrong` (a sentence of `texts.py` with sheet, row, column and words), or `columns`, `rows` and `sheet`. OUT then holds, in the
machine's form and one after the other: the rows' numbers and times (int64), whether each time is the clock on the wall
(int8), and for each column its gross, shared and net values (double).
"""

import json
import re
import resource
import sys
import unicodedata
import zipfile
from array import array
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice, zip_longest
from math import isfinite, nan
from pathlib import Path
from typing import Any, NamedTuple

import python_calamine

SHEETS = ("Brut Rep", "Partagé Rep", "Net Rep")
WAYS = {"prelevement": "consumption", "injection": "injection"}
FIRST_ROW = 5
# No zone is further from UTC.
FARTHEST = timedelta(hours=14)
MOST_SHEETS = 20
MEMORY_BYTES = 1 << 30
SECONDS = 30
UNPACKED_BYTES = 250_000_000
# The stream of a workbook under a password, which the library does not take for a workbook at all.
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a serial is the clock on the wall
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the same
_SERIALS = (1.0, 200_000.0)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}([.,]0+)?)?\s*([Zz]|[+-]\d{2}:?[0-5]\d)?")


class Wrong(Exception):
    """What stands in the workbook cannot be taken."""

    def __init__(self, says: str, sheet: str = "", row: int = 0, column: str = "", **words: object) -> None:
        super().__init__(says)
        self.found = {"says": says, "sheet": sheet, "row": row, "column": column, "words": words}


class Column(NamedTuple):
    """A column of values: its letters, and the way and the EAN of its meter."""

    letters: str
    way: str
    ean: str


class Time(NamedTuple):
    """Milliseconds since 1970 in UTC, or of the clock on the wall as if it were UTC."""

    ms: int
    is_local: bool


class Sheet:
    """One sheet, read whole and checked cell by cell."""

    def __init__(self, name: str, cells: Iterator[Sequence[Any]]) -> None:
        head = [list(row) for row in islice(cells, FIRST_ROW - 1)]
        self.name = name
        self.places = self._columns(head)
        self.rows = array("q")
        self.times: list[Time] = []
        self.values = {place: array("d") for place in self.places}
        for number, row in enumerate(cells, FIRST_ROW):
            if any(cell not in ("", None) for cell in row):
                self._take(number, row)

    def _columns(self, head: list[list[Any]]) -> dict[int, Column]:
        """The columns with a meter, by their place."""
        ways, eans = ([*head, [], []][place] for place in (0, 1))
        found: dict[int, Column] = {}
        for place, (heading, ean) in enumerate(zip_longest(ways[1:], eans[1:], fillvalue=""), 1):
            if heading in ("", None) and ean in ("", None):
                continue
            letters = letters_of(place)
            plain = plain_of(str(heading))
            way = next((way for word, way in WAYS.items() if word in plain), None)
            if way is None:
                raise Wrong("upload_no_way", self.name, 1, letters)
            found[place] = Column(letters, way, self._ean(ean, letters))
        named = [(column.way, column.ean) for column in found.values()]
        for column in found.values():
            if named.count((column.way, column.ean)) > 1:
                raise Wrong("upload_column_twice", self.name, 2, column.letters, ean=column.ean)
        return found

    def _ean(self, cell: Any, letters: str) -> str:
        if isinstance(cell, float | int) and not isinstance(cell, bool):
            # Above 2^53 not every whole number is one: the last digits are gone.
            if cell != int(cell) or not 0 < cell < 2**53:
                raise Wrong("upload_ean_rounded", self.name, 2, letters, cell=f"{cell:g}")
            return str(int(cell))
        if not isinstance(cell, str) or not cell.strip():
            raise Wrong("upload_no_ean", self.name, 2, letters)
        return cell.strip()

    def _take(self, number: int, row: Sequence[Any]) -> None:
        self.rows.append(number)
        self.times.append(self._time(row[0], number))
        for place, column in self.places.items():
            cell = row[place] if place < len(row) else ""
            if isinstance(cell, float | int) and not isinstance(cell, bool) and isfinite(cell):
                self.values[place].append(float(cell))
            elif cell in ("", None):
                raise Wrong("upload_no_value", self.name, number, column.letters)
            else:
                raise Wrong("upload_not_number", self.name, number, column.letters, cell=shown(cell))

    def _time(self, cell: Any, number: int) -> Time:
        try:
            if isinstance(cell, datetime):
                return wall(cell)
            if isinstance(cell, date):
                return wall(datetime(cell.year, cell.month, cell.day))  # noqa: DTZ001 - the clock on the wall
            if isinstance(cell, float | int) and not isinstance(cell, bool):
                if _SERIALS[0] <= cell < _SERIALS[1]:
                    return wall(_DAY_ZERO + timedelta(days=cell))
            elif isinstance(cell, str) and _TIME.fullmatch(text := cell.strip()):
                return read(text)
        except (ValueError, OverflowError):
            pass
        raise Wrong("upload_time_unreadable", self.name, number, "A", cell=shown(cell))


def wall(time: datetime) -> Time:
    """A time on the wall, to the second: serials are fractions, and miss it by some microseconds."""
    return Time(round((time - _EPOCH).total_seconds()) * 1000, is_local=True)


def read(text: str) -> Time:
    """An ISO text, with a zone or as the clock on the wall. Raises ValueError."""
    found = datetime.fromisoformat(re.sub(r"\s+(?=[Zz+-]|$)", "", text).replace(",", ".").upper())
    if found.tzinfo is None:
        return wall(found)
    if abs(found.utcoffset() or timedelta()) > FARTHEST:
        raise ValueError(text)
    return Time(round(found.astimezone(UTC).timestamp()) * 1000, is_local=False)


def shown(cell: object) -> str:
    """A cell in a sentence."""
    text = f"{cell:g}" if isinstance(cell, float) else str(cell)
    return text if len(text) <= 60 else f"{text[:57]}…"


def plain_of(text: str) -> str:
    """A text without case, accents and spaces around it."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(each for each in apart if not unicodedata.combining(each)).casefold().strip()


def letters_of(place: int) -> str:
    """The letters of a column, from its place (0: A)."""
    letters = ""
    place += 1
    while place:
        place, digit = divmod(place - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters


def sheets(path: Path) -> list[Sheet]:
    """The three sheets, or only the first. Raises Wrong."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            if sum(each.file_size for each in packed.infolist()) > UNPACKED_BYTES:
                raise Wrong("upload_swollen")
    elif _LOCKED in path.read_bytes():
        raise Wrong("upload_locked")
    workbook = python_calamine.CalamineWorkbook.from_path(path)
    names = {plain_of(name): name for name in workbook.sheet_names}
    found = []
    # Before the sharing there is only what flowed.
    is_shared = any(plain_of(each) in names for each in SHEETS[1:])
    for wanted in SHEETS if is_shared else SHEETS[:1]:
        if plain_of(wanted) not in names:
            others = ", ".join(f"“{shown(name)}”" for name in workbook.sheet_names[:MOST_SHEETS])
            raise Wrong("upload_no_sheet", name=wanted, others=others or "–")
        sheet = workbook.get_sheet_by_name(names[plain_of(wanted)])
        found.append(Sheet(wanted, aligned(sheet)))
        if not found[-1].rows or not found[-1].places:
            raise Wrong("upload_no_rows", wanted)
    return found


def aligned(sheet: Any) -> Iterator[Sequence[Any]]:
    """The rows of a sheet from its first row and column on, also when nothing stands in them."""
    start = sheet.start or (0, 0)
    before = [""] * start[1]
    for _ in range(start[0]):
        yield [""]
    for row in sheet.to_python(skip_empty_area=True):
        yield before + row if before else row


def compare(gross: Sheet, other: Sheet) -> None:
    """Raises Wrong where a sheet has other meters or other times than the first one."""
    mine, theirs = ({(c.way, c.ean): c for c in each.places.values()} for each in (gross, other))
    for key, column in [*mine.items(), *theirs.items()]:
        if key not in mine or key not in theirs:
            sheet, missing = (gross, other) if key in mine else (other, gross)
            raise Wrong("upload_sheets_differ", sheet.name, 2, column.letters, other=missing.name)
    for place in range(max(len(gross.times), len(other.times))):
        if place >= min(len(gross.times), len(other.times)) or gross.times[place] != other.times[place]:
            longer = gross if place < len(gross.times) else other
            raise Wrong("upload_sheets_differ", longer.name, longer.rows[place], "A", other=_not(longer, gross, other))


def _not(sheet: Sheet, one: Sheet, other: Sheet) -> str:
    return other.name if sheet is one else one.name


def write(found: list[Sheet], out: Path) -> dict[str, Any]:
    """The sheets as columns in a file; gives what has to be known of them."""
    gross, *others = found
    for other in others:
        compare(gross, other)
    with out.open("wb") as file:
        gross.rows.tofile(file)
        array("q", [time.ms for time in gross.times]).tofile(file)
        array("b", [time.is_local for time in gross.times]).tofile(file)
        for place, column in gross.places.items():
            gross.values[place].tofile(file)
            for other in others:
                at = next(p for p, c in other.places.items() if (c.way, c.ean) == (column.way, column.ean))
                other.values[at].tofile(file)
            if not others:
                (array("d", [nan]) * (2 * len(gross.rows))).tofile(file)
    columns = [column._asdict() for column in gross.places.values()]
    return {"columns": columns, "rows": len(gross.rows), "sheet": gross.name}


def main(arguments: list[str]) -> None:
    """Read one workbook within the limits."""
    for what, limit in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (limit, limit))
    try:
        answer = write(sheets(Path(arguments[0])), Path(arguments[1]))
    except Wrong as wrong:
        answer = {"wrong": wrong.found}
    except python_calamine.PasswordError:
        answer = {"wrong": Wrong("upload_locked").found}
    except MemoryError:
        answer = {"wrong": Wrong("upload_swollen").found}
    except (python_calamine.CalamineError, zipfile.BadZipFile, OSError, ValueError):
        answer = {"wrong": Wrong("upload_unreadable").found}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1:])
