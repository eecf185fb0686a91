"""Stations as the listener needs them, from their records in the database."""

from dataclasses import dataclass, field
from time import monotonic

import structlog

from gridloom.charging.csms.gathering import Gathering
from gridloom.charging.csms.seats import Key
from gridloom.charging.csms.turns import Arrivals
from gridloom.charging.ocpp.public import CertificateRule, Credential, Station, Version
from gridloom.charging.stations import public as stations
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.security.sealing import Sealer, Unsealable

log = structlog.get_logger(__name__)

VERSIONS = {"ocpp 1.6": frozenset({Version.V16}), "ocpp 2.0.1": frozenset({Version.V201})}
AT_ONCE = 20  # lookups in one transaction
CLOSED_FOR_S = 5.0  # how long it may take until a tenant that is closed or opened again is treated so
_CLOSED = sql("SELECT id FROM identity.tenant WHERE status <> 'active'")


@dataclass(slots=True)
class _Asked:
    """A name, and the records that bear it."""

    network_id: str
    found: list[stations.Station] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Sealed:
    """The password of a record, opened only to be compared."""

    record: stations.Station = field(repr=False)
    sealer: Sealer = field(repr=False)

    def proves(self, password: bytes) -> bool:
        """Whether it is the one; a record that cannot be opened proves nothing."""
        try:
            return self.record.proves(self.sealer, password)
        except Unsealable:
            log.exception("station_password_unreadable", tenant=self.record.tenant, station=self.record.id)
            return False


def least_profile(record: stations.Station) -> int:
    """The least security profile that a station may come with.

    Never less than it once came with (until `reset-security-profile` forgets it); a wish for a higher one does not bind
    before the station has followed it. None at all only when the record asks for that, and no password is kept.
    """
    return 0 if record.allows_no_authentication else max(1, record.current_profile)


class Records:
    """`ocpp.ports.Stations` on the database. No record is kept between two lookups: a changed password counts at once."""

    def __init__(self, database: Database, sealer: Sealer, arrivals: Arrivals) -> None:
        self._database, self._sealer, self._arrivals = database, sealer, arrivals
        self._closed: frozenset[int] = frozenset()
        self._asked_at = -CLOSED_FOR_S
        self._asked: Gathering[None, _Asked] = Gathering(self._look, most=AT_ONCE)

    async def lookup(self, network_id: str) -> list[Station]:
        """The stations of this name that speak for themselves, of all tenants, and beside them those that may not connect.

        The latter are disabled: nobody gets in as one of them, but where there are any, a common name alone tells no owner.
        """
        asked = _Asked(network_id)
        await self._asked.add(None, asked)
        barred = {(each.tenant, each.id) for each in asked.found if not _speaks(each) or each.tenant in self._closed}
        if len(barred) == len(asked.found):
            return []
        return [self._station(each, barred=(each.tenant, each.id) in barred) for each in asked.found]

    async def _look(self, _: None, asked: list["_Asked"]) -> None:
        """Those that come at the same time share a transaction."""
        async with self._arrivals, self._database.system() as tx:
            if monotonic() - self._asked_at >= CLOSED_FOR_S:
                self._closed = frozenset(row["id"] for row in await tx.all(_CLOSED))
                self._asked_at = monotonic()
            for each in asked:
                each.found = await stations.stations_named(tx, each.network_id)

    async def pending(self, network_id: str, address: str, version: Version) -> None:
        """Unknown stations are not kept: the communication log names them."""

    def _station(self, record: stations.Station, *, barred: bool) -> Station:
        credentials: tuple[Credential, ...] = () if record.sealed is None else (Sealed(record, self._sealer),)
        return Station(
            record.network_id,
            Key(record.tenant, record.id, record.operator_id, record.current_profile),
            profile=least_profile(record),
            credentials=credentials,
            certificate=CertificateRule(record.network_id) if _may_show_certificate(record) else None,
            versions=VERSIONS.get(record.protocol, frozenset()),
            enabled=record.status != "disabled" and not barred,
        )


def _speaks(record: stations.Station) -> bool:
    return record.communication_mode == "direct_ocpp" and bool(record.network_id)


def _may_show_certificate(record: stations.Station) -> bool:
    """Where it is wished for, was shown before, or is all there is; nobody else's name is worth a certificate."""
    return 3 in (record.desired_profile, record.current_profile) or record.sealed is None
