"""The grid operator's workbook as content; `workbook_program.py` says what it looks like."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from gridloom.communities.uploads.content import Content, Line
from gridloom.communities.uploads.faults import Place, WrongFile, WrongTime
from gridloom.communities.uploads.rows import Rows, complete

PROGRAM = "gridloom.communities.uploads.workbook_program"
PATIENCE_S = 60
# Nothing else of our surroundings goes to a program that opens somebody else's file.
_PASSED = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "SYSTEMROOT")
_TIMES = frozenset({"upload_time_unreadable"})


def read(path: Path, content: Content, folder: Path) -> None:
    """Put the values of a workbook into `content`. folder: for files of ours. Raises WrongFile and WrongTime."""
    out = folder / "columns"
    found = _run(path, out)
    if (wrong := found.get("wrong")) is not None:
        place = Place(wrong["sheet"], wrong["row"], wrong["column"])
        raise (WrongTime if wrong["says"] in _TIMES else WrongFile)(wrong["says"], place, **wrong["words"])
    count, columns = found["rows"], found["columns"]
    with out.open("rb") as file:
        numbers, times = (np.fromfile(file, np.int64, count) for _ in range(2))
        is_local = np.fromfile(file, np.int8, count).astype(np.bool_)
        values = np.fromfile(file, np.float64).reshape(len(columns), 3, count)
    content.sheet = found["sheet"]
    for column, (gross, shared, net) in zip(columns, values, strict=True):
        given = Rows(numbers, times, is_local, gross, shared, net)
        rows = complete(given, partial(_place, content.sheet, column["letters"]))
        series = content.number.get(Line(column["ean"], column["way"]))
        if series is None:
            content.skip([column["ean"]], count)
        else:
            content.letters[series] = column["letters"]
            content.add(np.full(count, series), rows)


def _place(sheet: str, letters: str, _: int, row: int) -> Place:
    return Place(sheet, row, letters)


def _run(path: Path, out: Path) -> dict[str, Any]:
    surroundings = {name: os.environ[name] for name in _PASSED if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 - our own program; the paths are ours as well
            [sys.executable, "-P", "-m", PROGRAM, str(path), str(out)],
            env=surroundings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise WrongFile("upload_swollen") from None
    if done.returncode in (-signal.SIGABRT, -signal.SIGKILL, -signal.SIGXCPU):
        raise WrongFile("upload_swollen")
    if done.returncode:
        raise WrongFile("upload_unreadable")
    found: dict[str, Any] = msgspec.json.decode(done.stdout)
    return found
