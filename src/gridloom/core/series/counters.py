"""What the registers of a point are worth: its meters one after the other, for every API that reads them.

Who knows the meters of a point (the metering API) sets them; who counts registers reads them. A register that nobody said
anything about is one meter, and one count of it is worth one.
"""

import itertools
import math
from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

from gridloom.core.series.events import RegistersRecounted
from gridloom.core.series.registers import Period
from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.event import emit

_HOLD = sql("SELECT id FROM series.point WHERE id = :id FOR NO KEY UPDATE")
_OF_POINTS = sql(
    "SELECT point_id, code, since, till, value_for_since, value_for_till, factor FROM series.counter "
    "WHERE point_id = ANY(CAST(:points AS bigint[])) ORDER BY point_id, code, position"
)
# Rows that stay are written over: a row that goes and one that comes may not have the same key in one statement.
_SET = sql(
    """
    WITH gone AS (
        DELETE FROM series.counter WHERE point_id = :point_id AND code = :code AND position >= :count
    )
    INSERT INTO series.counter
        (tenant_id, point_id, code, position, since, till, value_for_since, value_for_till, factor)
    SELECT :tenant, :point_id, :code, p.place - 1, p.since, p.till, p.first, p.last, p.factor
    FROM unnest(
        CAST(:since AS timestamptz[]), CAST(:till AS timestamptz[]), CAST(:first AS double precision[]),
        CAST(:last AS double precision[]), CAST(:factor AS text[])
    ) WITH ORDINALITY p(since, till, first, last, factor, place)
    ON CONFLICT (tenant_id, point_id, code, position) DO UPDATE SET since = excluded.since, till = excluded.till,
        value_for_since = excluded.value_for_since, value_for_till = excluded.value_for_till, factor = excluded.factor,
        created_at = now()
    """
)


async def hold_counters(tx: Tx, point_id: int) -> None:
    """Nobody else sets the registers of this point until this transaction ends.

    For who works them out of what others change at the same time: hold first, then read. Readings may be written meanwhile.
    """
    await tx.all(_HOLD, id=point_id)


async def counters_of(tx: Tx, points: Sequence[int]) -> dict[tuple[int, int], list[Period]]:
    """The meters of each register of these points, by point and code, in one statement; who has none is left out."""
    found: dict[tuple[int, int], list[Period]] = {}
    for row in await tx.all(_OF_POINTS, points=list(points)):
        period = Period(
            None if row["since"] is None else clock.to_ms(row["since"]),
            None if row["till"] is None else clock.to_ms(row["till"]),
            row["value_for_since"],
            row["value_for_till"],
            Fraction(row["factor"]),
        )
        found.setdefault((row["point_id"], row["code"]), []).append(period)
    return found


async def set_counters(tx: Tx, point_id: int, code: int, periods: Sequence[Period]) -> bool:
    """Replace the meters of a register; says whether anything changed, and tells it (`RegistersRecounted`) if so.

    periods: as `ordered` gives them, so that no time is without a meter; none: nothing is known. A point that is not the
    caller's is refused by the database.
    """
    before = (await counters_of(tx, [point_id])).get((point_id, code), [])
    if before == list(periods):
        return False
    await tx.run(
        _SET,
        tenant=tx.tenant,
        point_id=point_id,
        code=code,
        count=len(periods),
        since=[_instant(each.since_ms) for each in periods],
        till=[_instant(each.till_ms) for each in periods],
        first=[each.value_for_since for each in periods],
        last=[each.value_for_till for each in periods],
        factor=[str(each.factor) for each in periods],
    )
    if (affected := recounted(before, periods)) is not None:
        since, till = affected
        emit(tx, RegistersRecounted(point_id=point_id, code=code, since=_instant(since), till=_instant(till)))
    return True


def recounted(before: Sequence[Period], after: Sequence[Period]) -> tuple[int | None, int | None] | None:
    """Between which times a register counts differently under other meters; None: nowhere.

    before, after: as `ordered` gives them. None in the answer is from ever, and for ever. What somebody read at the first
    beginning of all or at the last end counts for no step, so that another value there changes nothing.
    """
    old, new = list(before) or [Period()], list(after) or [Period()]
    old_changes, new_changes = _changes(old), _changes(new)
    times = sorted({*old_changes, *new_changes})
    edges = [-math.inf, *times, math.inf]
    parts = [
        (since, till)
        for since, till in itertools.pairwise(edges)
        if _factor_from(old, since) != _factor_from(new, since)
    ]
    parts += [(time, time) for time in times if old_changes.get(time) != new_changes.get(time)]
    if not parts:
        return None
    first, last = min(since for since, _ in parts), max(till for _, till in parts)
    return None if math.isinf(first) else int(first), None if math.isinf(last) else int(last)


def _changes(line: Sequence[Period]) -> dict[int, tuple[float | None, float | None]]:
    """The last register of the old meter and the first of the new one, by the time of the change."""
    return {
        new.since_ms: (old.value_for_till, new.value_for_since)
        for old, new in itertools.pairwise(line)
        if new.since_ms is not None
    }


def _factor_from(line: Sequence[Period], time: float) -> Fraction:
    """What one count is worth from this time on until the next change."""
    since = (-math.inf if each.since_ms is None else each.since_ms for each in line)
    return next(each.factor for each, begin in reversed(list(zip(line, since, strict=True))) if begin <= time)


def _instant(ms: int | None) -> datetime | None:
    return None if ms is None else clock.from_ms(ms)
