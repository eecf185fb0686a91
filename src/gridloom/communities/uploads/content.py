"""What a file says, whatever its form: series of known meters with a common step."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridloom.communities.uploads import times
from gridloom.communities.uploads.faults import NoMeterOfOperation, Place, WrongTime
from gridloom.communities.uploads.rows import Rows, Spool
from gridloom.core.series.moments import EARLIEST, latest
from gridloom.core.series.public import ABSENT
from gridloom.core.series.structs import Floats, Ints
from gridloom.kernel import clock

CONSUMPTION, INJECTION = "consumption", "injection"
DIRECTIONS = (CONSUMPTION, INJECTION)
_MOST_NAMED = 20


class Line(NamedTuple):
    """One way of one meter."""

    ean: str
    direction: str


class Columns(NamedTuple):
    """One series, ascending in time. time_ms: (n,) in UTC; gross, shared, net: (n,) kWh, NaN where the file says nothing."""

    time_ms: Ints
    gross: Floats
    shared: Floats
    net: Floats


class Content:
    """A file that has been read. Values are put in with `add`; `check` looks at all of them together, and must be called.

    step_ms, since_ms, till_ms: as `check` found them; till_ms is the end of the last interval. settled: the series of which
    the file says how much was shared. sheet, letters: of a workbook, its first sheet and the column of each series.
    """

    step_ms: int
    since_ms: int
    till_ms: int

    def __init__(self, folder: Path, eans: Iterable[str]) -> None:
        """folder: for files of ours while the content is used. eans: the meters that count."""
        self.lines = [Line(ean, direction) for ean in sorted(set(eans)) for direction in DIRECTIONS]
        self.number = {line: number for number, line in enumerate(self.lines)}
        self.letters: dict[int, str] = {}
        self.sheet = ""
        self.settled: set[int] = set()
        self.skipped_count = 0
        self.skipped: set[str] = set()
        self._spool = Spool(folder / "rows", len(self.lines))

    def add(self, series: NDArray[np.integer], rows: Rows) -> None:
        """Put in rows that `rows.complete` has passed. series: (n,) places in `lines`."""
        if len(series):
            self._spool.add(series, rows)

    def skip(self, eans: Sequence[str], count: int) -> None:
        """Note values of meters that do not count. eans: whose; some of them are remembered."""
        self.skipped_count += count
        if len(self.skipped) < _MOST_NAMED:
            self.skipped.update(eans[: _MOST_NAMED - len(self.skipped)])

    def check(self) -> None:
        """Look at the times of all series.

        Raises NoMeterOfOperation without a value of a known meter, WrongTime for a time that never was, comes twice or is off
        the grid of quarter hours, and for a file without a common step.
        """
        steps: list[times.Steps] = []
        firsts, lasts = [], []
        for number in self.filled:
            columns = self.columns(number)
            steps.append(times.steps_of(columns.time_ms))
            firsts.append(int(columns.time_ms[0]))
            lasts.append(int(columns.time_ms[-1]))
            if not np.isnan(columns.shared).all():
                self.settled.add(number)
        if not steps:
            raise NoMeterOfOperation
        step = times.common_step_ms(steps)
        if step is None:
            raise WrongTime("upload_irregular")
        self.step_ms, self.since_ms, self.till_ms = step, min(firsts), max(lasts) + step

    @property
    def is_settled(self) -> bool:
        """Whether the file says of anything how much was shared."""
        return bool(self.settled)

    @property
    def filled(self) -> list[int]:
        """The series that have values."""
        return self._spool.filled

    def columns(self, number: int) -> Columns:
        """One series in UTC, ascending. Raises WrongTime as `check` does."""
        rows = self._spool.read(number)
        found = times.in_utc(rows.time_ms, rows.is_local)
        lowest, highest = clock.to_ms(EARLIEST), clock.to_ms(latest(clock.now()))
        for wrong, says in (
            (found == ABSENT, "upload_time_left_out"),
            ((found < lowest) | (found >= highest), "upload_time_too_far"),
            (found % times.QUARTER_MS != 0, "upload_time_off_grid"),
        ):
            if wrong.any():
                self._refuse(says, number, int(rows.row[wrong.argmax()]))
        order = np.argsort(found, kind="stable")
        ascending = found[order]
        twice = np.flatnonzero(ascending[1:] == ascending[:-1])
        if len(twice):
            self._refuse("upload_time_twice", number, int(rows.row[order][twice + 1].min()))
        return Columns(ascending, rows.gross[order], rows.shared[order], rows.net[order])

    def place(self, number: int, row: int) -> Place:
        """Where in the file a value of a series stands."""
        return Place(self.sheet, row, self.letters.get(number, ""))

    def close(self) -> None:
        """Let go of our files."""
        self._spool.close()

    def _refuse(self, says: str, number: int, row: int) -> None:
        raise WrongTime(says, self.place(number, row), ean=self.lines[number].ean)
