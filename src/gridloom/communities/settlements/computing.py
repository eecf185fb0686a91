"""From what meters took and injected to the lines of a settlement, and to the columns that are frozen. No I/O."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gridloom.communities.balance.public import (
    Agreed,
    Amounts,
    Days,
    Found,
    Given,
    Span,
    Standing,
    covered,
    rounds_of,
    share,
    split_key,
)
from gridloom.communities.meters.public import Presence
from gridloom.communities.settlements import rules
from gridloom.communities.settlements.freezing import SCHEMA
from gridloom.communities.settlements.rules import Line
from gridloom.communities.sharing.public import Approved

Ints: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]

QUARTER_MS, HOUR_MS = 900_000, 3_600_000


class Part(NamedTuple):
    """Some days of a settlement: their lines, and the readings they were computed from (`freezing.SCHEMA`)."""

    lines: list[Line]
    readings: pl.DataFrame


def settle_days(
    days: Days,
    taken: Found,
    fed: Found,
    present: Sequence[Presence],
    approved: Sequence[Approved],
    *,
    places: Mapping[int, int],
) -> Part:
    """Share some days and add them up by meter and day. places: point -> column.

    What was injected is expected of every meter that injects; what was taken is expected of the others, and of one that injects
    only on days on which it says something about it: most roofs have a meter that never does.
    """
    takes, feeds = presence(days, present, places)
    eans = {each.ean: places[each.point_id] for each in present}
    agreed = [
        Agreed(inside, rounds_of(each.key, eans))
        for each in approved
        if (inside := Span(each.start, each.end).meets(days.span)) is not None
    ]
    as_consumers, as_producers, _ = share(days, taken, fed, takes, feeds, agreed)
    sums = [*_by_day(days, as_consumers.stands, len(places)), *_by_day(days, as_producers.stands, len(places))]
    says = np.zeros_like(takes)
    says[days.of_times(as_consumers.rows.time_ms), as_consumers.rows.place] = True
    missing = np.where(takes & (~feeds | says), _missing(days, as_consumers.rows, len(places)), 0)
    missing += np.where(feeds, _missing(days, as_producers.rows, len(places)), 0)
    meter_of = {places[each.point_id]: each.meter_id for each in present}
    readings = pl.concat([
        _frozen(as_consumers.rows, _inside(taken.shared, takes, days), _inside(taken.net, takes, days), meter_of, fed=False),
        _frozen(as_producers.rows, _inside(fed.shared, feeds, days), _inside(fed.net, feeds, days), meter_of, fed=True),
    ])  # fmt: skip
    return Part(list(_lines(days, present, places, sums, missing)), readings)


def presence(days: Days, present: Sequence[Presence], places: Mapping[int, int]) -> tuple[Mask, Mask]:
    """(days, places) who takes part as a consumer, and who as a producer."""
    takes = np.zeros((len(days), len(places)), dtype=np.bool_)
    feeds = np.zeros_like(takes)
    for each in present:
        if (inside := Span(each.start, each.end).meets(days.span)) is not None:
            where = days.places(inside), places[each.point_id]
            takes[where] = True
            feeds[where] |= each.injects
    return takes, feeds


def _by_day(days: Days, stands: Standing, places: int) -> list[Ints]:
    """(days, places) gross, shared and net."""
    at = (days.of_times(stands.time_ms), stands.place)
    found = []
    for column in (stands.gross, stands.shared, stands.net):
        filled = np.zeros((len(days), places), dtype=np.int64)
        np.add.at(filled, at, column)
        found.append(filled)
    return found


def _missing(days: Days, rows: Amounts, places: int) -> Ints:
    """(days, places) intervals without an amount; of a meter that says nothing on a day, its quarter hours."""
    length = np.diff(days.begin_ms)[:, np.newaxis]
    step = np.full((len(days), places), QUARTER_MS, dtype=np.int64)
    at = (days.of_times(rows.time_ms), rows.place)
    # Amounts and what a register counted between them may stand at two steps on one day.
    step[at] = HOUR_MS
    np.minimum.at(step, at, rows.step_ms)
    known = covered(rows, days, places).reshape(places, len(days)).T
    missing: Ints = np.maximum(length - known, 0) // step
    return missing


def _inside(given: Given, present: Mask, days: Days) -> Given:
    place, time_ms = split_key(given.key)
    inside = present[days.of_times(time_ms), place]
    return Given(given.key[inside], given.micro[inside])


def _frozen(rows: Amounts, shared: Given, net: Given, meter_of: Mapping[int, int], *, fed: bool) -> pl.DataFrame:
    key = np.unique(np.concatenate([rows.keys, shared.key, net.key]))
    place, time_ms = split_key(key)
    known = sorted(meter_of)
    meters = np.array([meter_of[each] for each in known], dtype=np.int64)
    table = pl.DataFrame(
        {
            "meter_id": meters[np.searchsorted(known, place)] if len(key) else np.empty(0, dtype=np.int64),
            "is_injection": np.full(len(key), fed),
            "time_ms": time_ms,
        }
    )
    columns = (("gross", rows.keys, rows.micro), ("shared", shared.key, shared.micro), ("net", net.key, net.micro))
    for name, have, values in columns:
        known_at = np.searchsorted(key, have)
        filled, is_there = np.zeros(len(key), dtype=np.int64), np.zeros(len(key), dtype=np.bool_)
        filled[known_at], is_there[known_at] = values, True
        column = pl.when(pl.Series(is_there)).then(pl.Series(filled)).otherwise(None)
        table = table.with_columns(column.alias(name))
    return table.select(list(SCHEMA)).cast(pl.Schema(SCHEMA))


def _lines(
    days: Days, present: Sequence[Presence], places: Mapping[int, int], sums: Sequence[Ints], missing: Ints
) -> "list[Line]":
    found: list[Line] = []
    for each in present:
        if (inside := Span(each.start, each.end).meets(days.span)) is None:
            continue
        column = places[each.point_id]
        where = days.places(inside)
        for row in range(where.start, min(where.stop, len(days))):
            amounts = rules.Amounts(*(int(one[row, column]) for one in sums))
            day = days.span.first + timedelta(days=row)
            found.append(Line(each.meter_id, day, each.member_id, amounts, int(missing[row, column])))
    return found
