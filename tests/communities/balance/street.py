"""A street that shares: an operation with meters, keys and readings, made without the API."""

import itertools
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
from tests.communities.kit import Community

from gridloom.communities import dates
from gridloom.communities.balance.days import QUARTER_MS, Days, Span
from gridloom.communities.balance.public import catch_up, mark
from gridloom.communities.meters import public as meters
from gridloom.communities.sharing import public as sharing
from gridloom.communities.sharing.public import Operation
from gridloom.core.series import codes
from gridloom.core.series.public import Batch, Origin, ensure_channel, ensure_point, prefer, read, write
from gridloom.kernel import clock

_eans = itertools.count(541448800000000000)

Rounds: TypeAlias = Sequence[tuple[str, Mapping[str, str]]]
"""(share of the production, EAN -> share of the round or "-1")."""

_ADDRESS = (
    "INSERT INTO parties.address (tenant_id, public_id, city) VALUES (:t, gen_random_uuid(), 'Brussels') RETURNING id"
)


class Meter:
    """A meter of the street."""

    def __init__(self, ean: str, number: int, point: int) -> None:
        self.ean = ean
        self.id = number
        self.point = point


class Street:
    """One sharing operation of a community, as the database has it."""

    def __init__(self, community: Community) -> None:
        self.community = community
        self.tenant = community.tenant
        self.database = community.world.database
        self.operation = Operation(0, community.id, "", 1, None)

    @classmethod
    async def of(cls, community: Community) -> "Street":
        street = cls(community)
        async with street.database.tenant(street.tenant) as tx:
            number = await tx.scalar(
                "INSERT INTO communities.sharing_operation (tenant_id, community_id, name, type) "
                "VALUES (:t, :c, 'Sun', 1) RETURNING id", t=street.tenant, c=community.id,
            )  # fmt: skip
        street.operation = Operation(number, community.id, "Sun", 1, None)
        return street

    async def meter(
        self, since: date, *, injects: bool = False, status: int = 1, is_in: bool = True, ean: str | None = None
    ) -> Meter:
        number = ean or str(next(_eans))
        async with self.database.tenant(self.tenant) as tx:
            point = await ensure_point(tx, eid=number)
            address = await tx.scalar(_ADDRESS, t=self.tenant)
            meter = await tx.scalar(
                "INSERT INTO communities.meter (tenant_id, community_id, ean, point_id, meter_number, address_id, "
                "tarif_group, phases_number, reading_frequency) VALUES (:t, :c, :ean, :p, '1', :a, 1, 1, 1) RETURNING id",
                t=self.tenant, c=self.community.id, ean=number, p=point.id, a=address,
            )  # fmt: skip
            await tx.run(
                "INSERT INTO communities.period (tenant_id, meter_id, point_id, start_date, status, rate, client_type, "
                "injection_status, sharing_operation_id) VALUES (:t, :m, :p, :s, :status, 1, 1, :i, :o)",
                t=self.tenant, m=meter, p=point.id, s=since, status=status, i=1 if injects else None,
                o=self.operation.id if is_in else None,
            )  # fmt: skip
            if is_in:
                await mark(tx, self.operation.id, since)
        return Meter(number, meter, point.id)

    async def change(self, meter: Meter, start: date, **changes: Any) -> None:
        async with self.database.tenant(self.tenant) as tx:
            await meters.open_period(tx, meter.id, start, **changes)

    async def key(self, since: date, rounds: Rounds, till: date | None = None) -> None:
        """Approve a key from this day on."""
        async with self.database.tenant(self.tenant) as tx:
            await tx.run(
                "UPDATE communities.operation_key SET end_date = CAST(:s AS date) - 1 "
                "WHERE sharing_operation_id = :o AND status = 1 AND end_date IS NULL AND start_date < :s",
                s=since, o=self.operation.id,
            )  # fmt: skip
            key = await tx.scalar(
                "INSERT INTO communities.allocation_key (tenant_id, community_id, name) VALUES (:t, :c, 'k') RETURNING id",
                t=self.tenant, c=self.community.id,
            )  # fmt: skip
            version = await tx.scalar(
                "INSERT INTO communities.key_version (tenant_id, key_id, number) VALUES (:t, :k, 1) RETURNING id",
                t=self.tenant, k=key,
            )  # fmt: skip
            for number, (share, consumers) in enumerate(rounds):
                iteration = await tx.scalar(
                    "INSERT INTO communities.iteration (tenant_id, key_version_id, number, energy_allocated_percentage) "
                    "VALUES (:t, :v, :n, :s) RETURNING id", t=self.tenant, v=version, n=number, s=Decimal(share),
                )  # fmt: skip
                for position, (name, part) in enumerate(consumers.items()):
                    await tx.run(
                        "INSERT INTO communities.consumer (tenant_id, iteration_id, position, name, "
                        "energy_allocated_percentage) VALUES (:t, :i, :p, :n, :s)",
                        t=self.tenant, i=iteration, p=position, n=name, s=Decimal(part),
                    )  # fmt: skip
            await tx.run(
                "INSERT INTO communities.operation_key (tenant_id, sharing_operation_id, key_id, key_version_id, "
                "start_date, end_date, status) VALUES (:t, :o, :k, :v, :s, :e, 1)",
                t=self.tenant, o=self.operation.id, k=key, v=version, s=since, e=till,
            )  # fmt: skip
            await mark(tx, self.operation.id, since)

    async def reject_keys(self, since: date) -> None:
        async with self.database.tenant(self.tenant) as tx:
            await tx.run(
                "UPDATE communities.operation_key SET status = 3 WHERE sharing_operation_id = :o", o=self.operation.id
            )
            await mark(tx, self.operation.id, since)

    async def readings(
        self, meter: Meter, code: int, time_ms: Any, kwh: Any, *, origin: Origin = Origin.MEASURED, step_s: int = 900
    ) -> None:
        kind = "register" if code in (codes.REGISTER_CONSUMPTION, codes.REGISTER_INJECTION) else "interval"
        async with self.database.tenant(self.tenant) as tx:
            channel = await ensure_channel(tx, meter.point, code, unit="kW.h", kind=kind, step_s=step_s)
            await write(tx, Batch.of(channel.id, time_ms, kwh, origin=origin))

    async def catch_up(self, since: date, till: date) -> int:
        """Bring the days up to date; gives how many statements that took."""
        async with self.database.tenant(self.tenant) as tx:
            before = tx.statements
            await catch_up(tx, self.operation, since, till)
            return tx.statements - before

    async def series(
        self, point: int, code: int, since: date, till: date, origin: Origin = Origin.CALCULATED
    ) -> dict[int, int]:
        """What stands: time in ms -> micro-kWh."""
        async with self.database.tenant(self.tenant) as tx:
            channel = await tx.scalar(
                "SELECT id FROM series.channel WHERE point_id = :p AND code = :c", p=point, c=code
            )
            if channel is None:
                return {}
            found = prefer(await read(tx, channel, dates.begin(since), dates.end(till)), (origin,))
        return {int(t): round(float(v) * 1e6) for t, v in zip(found.time_ms, found.value, strict=True)}

    async def sums(self, code: int, since: date, till: date) -> dict[int, int]:
        async with self.database.tenant(self.tenant) as tx:
            now = await sharing.find(tx, self.community.id, self.operation.id)
        assert now is not None
        return {} if now.point_id is None else await self.series(now.point_id, code, since, till)

    async def stale(self) -> list[tuple[date, date | None]]:
        async with self.database.tenant(self.tenant) as tx:
            rows = await tx.all(
                "SELECT since, till FROM communities.stale WHERE sharing_operation_id = :o ORDER BY since",
                o=self.operation.id,
            )
        return [tuple(row) for row in rows]


def quarters(since: date, till: date | None = None, step_ms: int = QUARTER_MS) -> Any:
    """Where the steps of these days begin."""
    days = Days.of(Span(since, till or since))
    return np.arange(days.since_ms, days.till_ms, step_ms)


def kwh_of(micro: Any) -> Any:
    return np.asarray(micro) / 1e6


def ms(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    """An instant of the grid's local time."""
    return clock.to_ms(datetime(year, month, day, hour, minute, tzinfo=dates.ZONE))
