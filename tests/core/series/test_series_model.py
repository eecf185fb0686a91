"""The store against a model of a few lines: a dictionary of lists, fed with the same random writes."""

from datetime import date

import numpy as np
import pytest
from obstore.store import MemoryStore
from tests.core.series.series_kit import NewChannel, ms, put

from gridloom.core.series.public import Batch, bind_archive, export_month, read, read_many
from gridloom.kernel.database.pool import Database

SINCE, TILL = ms("2023-02-20T00:00Z"), ms("2023-03-10T00:00Z")

Key = tuple[int, int, int]


class Model:
    """(channel, time, origin) -> what was written there, one after the other; None is a removal."""

    def __init__(self) -> None:
        self.rows: dict[Key, list[float | None]] = {}

    def write(self, rows: list[tuple[Key, float | None]]) -> int:
        """Write a batch and say how many rows are stored."""
        stored = 0
        for key, value in dict(rows).items():
            history = self.rows.setdefault(key, [])
            if (history[-1] if history else None) != value:
                history.append(value)
                stored += 1
        return stored

    def newest(self, channel: int) -> list[tuple[int, int, float]]:
        """What holds, by time and origin."""
        held = ((key, history[-1]) for key, history in sorted(self.rows.items()) if history)
        return [(key[1], key[2], value) for key, value in held if key[0] == channel and value is not None]

    def acquisitions(self, channel: int) -> int:
        """How many rows were ever stored for a channel."""
        return sum(len(history) for key, history in self.rows.items() if key[0] == channel)


@pytest.mark.parametrize("seed", range(6))
async def test_the_store_does_what_the_model_does(
    db: Database, tenant: int, new_channel: NewChannel, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    channels = [(await new_channel()).id for _ in range(3)]
    model = Model()
    files = MemoryStore()
    bind_archive(files)
    try:
        for step in range(14):
            size = int(rng.choice([1, 5, 60, 700]))
            grid = SINCE + rng.integers(0, (TILL - SINCE) // 3_600_000, size) * 3_600_000
            values = [None if rng.random() < 0.15 else float(v) for v in rng.integers(0, 4, size) / 10]
            keys = list(
                zip(rng.choice(channels, size).tolist(), grid.tolist(), rng.integers(1, 4, size).tolist(), strict=True)
            )
            batch = Batch.of([k[0] for k in keys], [k[1] for k in keys], values, origin=[k[2] for k in keys])
            written = await put(db, tenant, batch)
            assert written.stored == model.write(list(zip(keys, values, strict=True)))
            if step in (5, 10):
                await export_month(db, files, tenant, date(2023, 2 + step // 10, 1))
        async with db.tenant(tenant) as tx:
            found = await read_many(tx, channels, SINCE, TILL)
            every = await read_many(tx, channels, SINCE, TILL, newest=False)
            measured = await read(tx, channels[0], SINCE, TILL, origins=[1])
    finally:
        bind_archive(None)
    for channel in channels:
        got = found[channel]
        assert list(zip(got.time_ms.tolist(), got.origin.tolist(), got.value.tolist(), strict=True)) == model.newest(
            channel
        )
        assert len(every[channel]) == model.acquisitions(channel)
        order = list(zip(every[channel].time_ms.tolist(), every[channel].acq_us.tolist(), strict=True))
        assert order == sorted(order)
    expected = [value for _, origin, value in model.newest(channels[0]) if origin == 1]
    assert measured.value.tolist() == expected
