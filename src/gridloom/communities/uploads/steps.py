"""Whether values of one step may come where values of another one stand. No I/O."""

from typing import NamedTuple

import numpy as np

from gridloom.communities.uploads.times import HOUR_MS, QUARTER_MS
from gridloom.core.series.structs import Ints, Mask

_QUARTERS_MS = QUARTER_MS * np.arange(HOUR_MS // QUARTER_MS)


class Said(NamedTuple):
    """What a file says at one channel. time_ms: (n,) ascending; is_certain: whether the file shows that this is its step."""

    time_ms: Ints
    step_ms: int
    is_certain: bool


class Standing(NamedTuple):
    """What stands there. time_ms: (n,) ascending; is_hourly: whether the channel was made for hours."""

    time_ms: Ints
    is_hourly: bool


class Clash(NamedTuple):
    """A sentence of `texts.py`, and the day (its place) that it is about."""

    says: str
    day: int


def clash(said: Said, standing: Standing, days_ms: Ints) -> Clash | None:
    """Why the sum of a day would count something twice; None when nothing does.

    days_ms: (days + 1,) where each day begins, and where the last one ends; all that is said lies in them. Hours that stand are
    replaced by quarters when every hour of the day that stands has all four in the file: the first takes the hour's place.
    """
    days = len(days_ms) - 1
    inside = (standing.time_ms >= days_ms[0]) & (standing.time_ms < days_ms[-1])
    stood = standing.time_ms[inside]
    day, said_day = _days(stood, days_ms), _days(said.time_ms, days_ms)
    is_touched = _any(said_day, days)
    is_fine = is_touched & _any(day[stood % QUARTER_MS != 0], days)
    if is_fine.any():
        return Clash("upload_over_minutes", int(is_fine.argmax()))
    has_quarters = _any(day[stood % HOUR_MS != 0], days)
    if said.step_ms == HOUR_MS:
        is_wrong = is_touched & has_quarters
        return Clash("upload_over_quarters", int(is_wrong.argmax())) if is_wrong.any() else None
    if not said.is_certain:
        # One value at a full hour may be an hour as well, which then takes the place of the one that stands.
        is_touched = _any(said_day[said.time_ms % HOUR_MS != 0], days)
    is_hour = ~has_quarters[day] & ((np.bincount(day, minlength=days)[day] > 1) | _alone(standing)[inside])
    hours = is_hour & is_touched[day]
    is_whole = np.isin(stood[hours][:, None] + _QUARTERS_MS, said.time_ms).all(axis=1)
    return None if is_whole.all() else Clash("upload_over_hours", int(day[hours][is_whole.argmin()]))


def _days(time_ms: Ints, days_ms: Ints) -> Ints:
    found: Ints = np.searchsorted(days_ms, time_ms, side="right") - 1
    return found


def _any(day: Ints, days: int) -> Mask:
    found: Mask = np.zeros(days, np.bool_)
    found[day] = True
    return found


def _alone(standing: Standing) -> Mask:
    """Of each value whether it is an hour although it were the only one of its day: by what comes next to it."""
    apart = np.diff(standing.time_ms)
    far = np.array([2 * HOUR_MS])
    nearest = np.minimum(np.append(far, apart), np.append(apart, far)) if len(standing.time_ms) else apart
    found: Mask = (nearest == HOUR_MS) | ((nearest > HOUR_MS) & standing.is_hourly)
    return found
