"""Rows of a file on their way to the store: checked, and kept on the disk by series, so that no file fills the memory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gridloom.communities.uploads.faults import Place, WrongFile
from gridloom.core.series.structs import Floats, Ints, Mask

# What is shared and what is left may miss what was taken by a rounding of the grid operator.
TOLERANCE_KWH = 0.001
MOST_KWH = 1e9
_DECIMALS = 6
_ROUNDING = 1e-9

_FORM = np.dtype(
    [("row", "<u4"), ("time_ms", "<i8"), ("is_local", "?"), ("gross", "<f8"), ("shared", "<f8"), ("net", "<f8")]
)


class Rows(NamedTuple):
    """Rows of a file, in its order, as equally long columns.

    row: (n,) numbers in the file, from 1. time_ms, is_local: (n,) see `times.in_utc`. gross, shared, net: (n,) kWh, NaN for
    what the file does not say (never of gross).
    """

    row: Ints
    time_ms: Ints
    is_local: Mask
    gross: Floats
    shared: Floats
    net: Floats

    def take(self, rows: Ints | Mask) -> "Rows":
        """The rows with these places, or where the mask is set."""
        columns: list[Any] = [column[rows] for column in self]
        return Rows(*columns)


PlaceOf: TypeAlias = Callable[[int, int], Place]
"""Where in the file a value stands, from its place among the rows and its number in the file."""


def complete(rows: Rows, place: PlaceOf) -> Rows:
    """The rows with what follows from the rest: of what is shared and what is left one gives the other.

    Raises WrongFile for the first row that is impossible: something negative or absurdly large, more shared than taken, or
    parts that do not add up within `TOLERANCE_KWH`.
    """
    gross, shared, net = rows.gross, rows.shared, rows.net
    left = np.round(gross - shared, _DECIMALS)
    checks: list[tuple[Mask, str]] = [
        (np.fmin(np.fmin(gross, shared), net) < 0, "upload_negative"),
        (np.fmax(np.fmax(gross, shared), net) > MOST_KWH, "upload_absurd"),
        (shared > gross, "upload_more_shared"),
        (net > gross + TOLERANCE_KWH + _ROUNDING, "upload_parts_differ"),
        (np.abs(net - (gross - shared)) > TOLERANCE_KWH + _ROUNDING, "upload_parts_differ"),
    ]
    failed = [(int(wrong.argmax()), says) for wrong, says in checks if wrong.any()]
    if failed:
        at, says = min(failed, key=lambda each: each[0])
        if says == "upload_parts_differ" and np.isnan(shared[at]):
            says = "upload_more_left"
        words = {name: _shown(column[at]) for name, column in (("gross", gross), ("shared", shared), ("net", net))}
        raise WrongFile(says, place(at, int(rows.row[at])), **words)
    known_net = np.where(np.isnan(net), left, net)
    rest = np.round(np.maximum(gross - net, 0.0), _DECIMALS)
    known_shared = np.where(np.isnan(shared), rest, shared)
    # Adding zero turns -0.0 into 0.0.
    return rows._replace(gross=gross + 0.0, shared=known_shared + 0.0, net=known_net + 0.0)


def _shown(amount: float) -> str:
    return "–" if np.isnan(amount) else f"{amount:g}"


class Spool:
    """Rows by series in a file of ours, written in any order and read series by series."""

    def __init__(self, path: Path, count: int) -> None:
        """path: a file to make. count: how many series there may be, numbered from 0."""
        self._file = path.open("w+b")
        self._end = 0
        self._parts: list[list[tuple[int, int]]] = [[] for _ in range(count)]
        self.counts = [0] * count

    def add(self, series: NDArray[np.integer], rows: Rows) -> None:
        """Append rows. series: (n,) the series of each."""
        order = np.argsort(series, kind="stable")
        packed = np.empty(len(order), _FORM)
        for name, column in zip(_FORM.names or (), rows, strict=True):
            packed[name] = column[order]
        self._file.seek(self._end)
        self._file.write(packed.data.cast("B"))
        numbers, counts = np.unique(series, return_counts=True)
        for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
            self._parts[number].append((self._end, count))
            self.counts[number] += count
            self._end += count * _FORM.itemsize

    def read(self, series: int) -> Rows:
        """The rows of one series in the order of the file."""
        parts = []
        for start, count in self._parts[series]:
            self._file.seek(start)
            parts.append(np.frombuffer(self._file.read(count * _FORM.itemsize), _FORM))
        packed = np.concatenate(parts) if parts else np.empty(0, _FORM)
        columns = {name: np.ascontiguousarray(packed[name]) for name in _FORM.names or ()}
        return Rows(**columns | {"row": columns["row"].astype(np.int64)})

    @property
    def longest(self) -> int:
        """How many rows the series has that has the most."""
        return max(self.counts)

    @property
    def filled(self) -> list[int]:
        """The series that have rows."""
        return [number for number, parts in enumerate(self._parts) if parts]

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
