"""What hypothesis draws for the rules of series."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st
from tests.core.series.series_kit import QUARTER_MS, ms

from gridloom.core.series.public import Calendar, FixedStep, Samples

HOUR_MS = 4 * QUARTER_MS
BRUSSELS = "Europe/Brussels"
ZONES = [BRUSSELS, "UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Beirut"]

written = st.decimals(min_value=-(10**6), max_value=10**6, places=3).map(float)
any_float = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15)
moments = st.integers(min_value=ms("2000-01-01T00:00Z") // 1000, max_value=ms("2036-01-01T00:00Z") // 1000)


def decimal_sum(values: list[float]) -> float:
    """The sum as somebody with a pencil makes it: on the decimals as they were written."""
    return float(sum((Fraction(Decimal(repr(value))) for value in values), Fraction(0)))


@st.composite
def series(draw: st.DrawFn, values: st.SearchStrategy[float] = written, *, least: int = 0) -> Samples:
    """Some values at ascending times."""
    start = draw(moments) * 1000
    steps = draw(st.lists(st.integers(min_value=1, max_value=5000), min_size=least, max_size=60))
    times = np.cumsum(np.array([start, *(step * 60_000 for step in steps)], dtype=np.int64))[: len(steps)]
    column = draw(st.lists(values, min_size=len(times), max_size=len(times)))
    return Samples(times.astype(np.int64), np.array(column, dtype=float))


def of(times: list[int], values: list[float]) -> Samples:
    return Samples(np.array(times, dtype=np.int64), np.array(values, dtype=float))


grids = st.one_of(
    st.sampled_from([1, 7, 15, 60, 1440]).map(FixedStep),
    st.builds(Calendar, st.sampled_from(["hour", "day", "month", "year"]), st.sampled_from(ZONES)),
)
