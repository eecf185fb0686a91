"""What the clock on the wall shows while a session runs, through changes of the clocks."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from msgspec import Struct

Stretch: TypeAlias = tuple[datetime, datetime]

MIDNIGHT = time(0)

_DAY = timedelta(days=1)


class Calendar(Struct, frozen=True):
    """The zone whose clock the prices follow, and which ordinary days count as which.

    special_days: days on which an electricity rate asks for another day of the week (a holiday that counts as a Sunday,
    1 = Monday to 7 = Sunday, ISO 8601). Dates with prices of their own are named by the tariff or the rate itself.
    """

    zone: ZoneInfo
    special_days: dict[date, int] = {}

    def week_day(self, day: date) -> int:
        """1 = Monday to 7 = Sunday."""
        return self.special_days.get(day) or day.isoweekday()


class _Piece(NamedTuple):
    start: datetime
    stop: datetime
    offset: timedelta


class Wall:
    """The wall clock of a zone between two instants. Built at the first question; a tariff of one price never asks."""

    def __init__(self, zone: ZoneInfo, start: datetime, stop: datetime) -> None:
        self._zone = zone
        self._start = start
        self._stop = stop
        self._pieces: list[_Piece] = []

    def shown(self, at: datetime) -> datetime:
        """Date and time on the wall, naive."""
        return at.astimezone(self._zone).replace(tzinfo=None)

    def cuts(self, times: Iterable[time]) -> list[datetime]:
        """The instants strictly inside at which the wall shows one of these times, and those at which it jumps.

        A time that is skipped makes no cut of its own (the jump does), one that comes twice makes two.
        """
        wanted = sorted(set(times))
        found: set[datetime] = set()
        for piece in self._walked():
            found.add(piece.start)
            day = (piece.start + piece.offset).date()
            last = (piece.stop + piece.offset).date()
            while day <= last:
                for each in wanted:
                    instant = datetime.combine(day, each, tzinfo=UTC) - piece.offset
                    if piece.start <= instant < piece.stop:
                        found.add(instant)
                day += _DAY
        found.discard(self._start)
        return sorted(found)

    def open(self, opens: time | None, closes: time | None) -> list[Stretch]:
        """The stretches in which the wall shows a time inside a window; a border that is not set is midnight."""
        opens, closes = opens or MIDNIGHT, closes or MIDNIGHT
        starts = [self._start, *self.cuts((opens, closes))]
        stretches = zip(starts, [*starts[1:], self._stop], strict=True)
        return [each for each in stretches if within(self.shown(each[0]).time(), opens, closes)]

    def _walked(self) -> list[_Piece]:
        """The stretches of one offset from UTC each."""
        if self._pieces or self._start == self._stop:
            return self._pieces
        start, offset, at = self._start, self._offset(self._start), self._start
        while at < self._stop:
            ahead = min(at + _DAY, self._stop)
            if self._offset(ahead) != offset:
                change = self._change(at, ahead, offset)
                self._pieces.append(_Piece(start, change, offset))
                start, offset, ahead = change, self._offset(change), change
            at = ahead
        if start < self._stop:
            self._pieces.append(_Piece(start, self._stop, offset))
        return self._pieces

    def _offset(self, at: datetime) -> timedelta:
        return at.astimezone(self._zone).utcoffset() or timedelta()

    def _change(self, low: datetime, high: datetime, before: timedelta) -> datetime:
        # Zones change on whole seconds; the search runs on them.
        first, last = int(low.timestamp()), int(high.timestamp()) + 1
        while last - first > 1:
            middle = (first + last) // 2
            if self._offset(datetime.fromtimestamp(middle, UTC)) == before:
                first = middle
            else:
                last = middle
        return datetime.fromtimestamp(last, UTC)


def within(at: time, start: time, stop: time) -> bool:
    """Whether a local time lies in [start, stop); a window may run over midnight, and one of equal ends is the whole day."""
    if start < stop:
        return start <= at < stop
    return at >= start or at < stop
