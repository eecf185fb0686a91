"""What a file says, whatever its form: series of known meters with a common step."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gridloom.communities.uploads import times
from gridloom.communities.uploads.faults import NoMeterOfOperation, Place, WrongFile, WrongTime
from gridloom.communities.uploads.rows import Rows, Spool
from gridloom.core.series.moments import EARLIEST
from gridloom.core.series.public import ABSENT
from gridloom.core.series.structs import Floats, Ints, Mask
from gridloom.kernel import clock

CONSUMPTION, INJECTION = "consumption", "injection"
DIRECTIONS = (CONSUMPTION, INJECTION)
_MOST_NAMED = 20
# Quarters of an hour of fifty years.
MOST_TIMES = 50 * 366 * 96


class Line(NamedTuple):
    """One way of one meter."""

    ean: str
    direction: str


Spans: TypeAlias = tuple[tuple[int, int], ...]
"""Stretches of time, ascending: milliseconds of the first moment, and of the first one after it."""


class Columns(NamedTuple):
    """One series, ascending in time. time_ms: (n,) in UTC; gross, shared, net: (n,) kWh, NaN where the file says nothing."""

    time_ms: Ints
    gross: Floats
    shared: Floats
    net: Floats


class Content:
    """A file that has been read. Values are put in with `add`; `check` looks at all of them together, and must be called.

    step_ms, since_ms, till_ms: as `check` found them; till_ms is the end of the last interval. is_certain: whether two values
    of a series show the step. filled: the series with values that count. settled: those of which the file says how much was
    shared. skipped: the first EANs that do not count, in the order of the file. sheet, letters: of a workbook, its first sheet
    and the column of each series.
    """

    step_ms: int
    is_certain: bool
    since_ms: int
    till_ms: int

    def __init__(self, folder: Path, eans: Iterable[str], spans: Mapping[str, Spans] | None = None) -> None:
        """folder: for files of ours while the content is used. eans: the meters that count; spans: when, else always."""
        self.spans = spans
        self.filled: list[int] = []
        self.lines = [Line(ean, direction) for ean in sorted(set(eans)) for direction in DIRECTIONS]
        self.number = {line: number for number, line in enumerate(self.lines)}
        self.letters: dict[int, str] = {}
        self.sheet = ""
        self.settled: set[int] = set()
        self.skipped_count = 0
        self.skipped: dict[str, None] = {}
        self._outside_count = 0
        self._spool = Spool(folder / "rows", len(self.lines))

    def add(self, series: NDArray[np.integer], rows: Rows) -> None:
        """Put in rows that `rows.complete` has passed. series: (n,) places in `lines`."""
        if not len(series):
            return
        self._spool.add(series, rows)
        if self._spool.longest > MOST_TIMES:
            # There are not as many times to tell apart; and a series is looked at whole.
            raise WrongTime("upload_time_twice", Place(self.sheet, int(rows.row[-1])), ean=self._longest().ean)

    def skip(self, eans: Sequence[str], count: int) -> None:
        """Note values of meters that do not count. eans: whose; some of them are remembered."""
        self.skipped_count += count
        if len(self.skipped) < _MOST_NAMED:
            self.skipped |= dict.fromkeys(each for each in eans if each not in self.skipped)
            self.skipped = dict.fromkeys(islice(self.skipped, _MOST_NAMED))

    def check(self) -> None:
        """Look at the times of all series; may be called again when `spans` are others.

        Raises WrongFile without any value, NoMeterOfOperation without one that counts, WrongTime for a time that never was, is
        yet to come, comes twice or is off the grid of quarter hours, and for a file without a common step.
        """
        self.skipped_count -= self._outside_count
        self._outside_count = 0
        self.filled, self.settled = [], set()
        steps: list[times.Steps] = []
        firsts, lasts = [], []
        for number in self._spool.filled:
            whole = self._whole(number)
            # Also what does not count shows the step: a value that is left alone does not.
            steps.append(times.steps_of(whole.time_ms))
            columns = self._counted(number, whole)
            self._pass_over(number, len(whole.time_ms) - len(columns.time_ms))
            if not len(columns.time_ms):
                continue
            self.filled.append(number)
            firsts.append(int(columns.time_ms[0]))
            lasts.append(int(columns.time_ms[-1]))
            if not np.isnan(columns.shared).all():
                self.settled.add(number)
        if not steps and not self.skipped_count:
            raise WrongFile("upload_no_readings")
        if not steps:
            raise NoMeterOfOperation(next(iter(self.skipped)))
        step = times.common_step_ms(steps)
        if step is None:
            raise WrongTime("upload_irregular")
        if not self.filled:
            raise NoMeterOfOperation(next(iter(self.skipped)), says="no_meter_on_days")
        self.is_certain = any(each.least_ms is not None for each in steps)
        self.step_ms, self.since_ms, self.till_ms = step, min(firsts), max(lasts) + step

    @property
    def is_settled(self) -> bool:
        """Whether the file says of anything how much was shared."""
        return bool(self.settled)

    def columns(self, number: int) -> Columns:
        """What counts of one series, in UTC, ascending."""
        return self._counted(number, self._whole(number))

    def _counted(self, number: int, whole: Columns) -> Columns:
        if self.spans is None:
            return whole
        inside: Mask = np.zeros(len(whole.time_ms), np.bool_)
        for since, till in self.spans.get(self.lines[number].ean, ()):
            inside |= (whole.time_ms >= since) & (whole.time_ms < till)
        time_ms, gross, shared, net = whole
        return Columns(time_ms[inside], gross[inside], shared[inside], net[inside])

    def _longest(self) -> Line:
        return self.lines[self._spool.counts.index(self._spool.longest)]

    def _pass_over(self, number: int, count: int) -> None:
        if count:
            self.skip([self.lines[number].ean], count)
            self._outside_count += count

    def _whole(self, number: int) -> Columns:
        rows = self._spool.read(number)
        found = times.in_utc(rows.time_ms, rows.is_local)
        lowest, highest = clock.to_ms(EARLIEST), clock.to_ms(clock.now()) + times.DAY_MS
        for wrong, says in (
            (found == ABSENT, "upload_time_left_out"),
            (found < lowest, "upload_time_too_far"),
            (found > highest, "upload_time_ahead"),
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
