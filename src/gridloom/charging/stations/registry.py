"""Stations as those see them who speak with them: by the name they call themselves, with what proves it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gridloom.charging.stations.events import Booted
from gridloom.charging.stations.secrets import open_password, seal_password
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.event import emit
from gridloom.kernel.security.digests import same
from gridloom.kernel.security.sealing import Sealer

_COLUMNS = (
    "tenant_id AS tenant, id, operator_id, network_id, network_protocol AS protocol, status, communication_mode, "
    "desired_security_profile AS desired_profile, current_security_profile AS current_profile, network_password AS sealed"
)
_NAMED = sql(f"SELECT {_COLUMNS} FROM charging.charge_point WHERE network_id = :network_id ORDER BY tenant_id, id")
_BY_ID = sql(f"SELECT {_COLUMNS} FROM charging.charge_point WHERE id = :id")
_MODEL = sql(
    "SELECT m.id FROM charging.charge_point_model m JOIN charging.charge_point_vendor v "
    "ON v.tenant_id = m.tenant_id AND v.id = m.vendor_id "
    "WHERE lower(v.name) = lower(:vendor) AND lower(m.name) = lower(:model) ORDER BY m.id LIMIT 1"
)
_BOOT = sql(
    "UPDATE charging.charge_point SET last_boot = :said, last_boot_at = :at, updated_at = now(), "
    "model_id = coalesce(CAST(:model AS bigint), model_id), first_contact_at = coalesce(first_contact_at, :at) "
    "WHERE id = :id AND (last_boot_at IS NULL OR last_boot_at <= :at)"
)
_PROFILE = sql(
    "UPDATE charging.charge_point SET current_security_profile = :profile, updated_at = now(), "
    "desired_security_profile_status = CASE WHEN desired_security_profile = :profile THEN 'applied' "
    "ELSE desired_security_profile_status END WHERE id = :id AND current_security_profile <> :profile"
)
_PASSWORD = sql("UPDATE charging.charge_point SET network_password = :sealed, updated_at = now() WHERE id = :id")


@dataclass(frozen=True)
class Station:
    """A station that connects. profiles: security profiles of OCPP, 0 is without authentication. sealed: its password."""

    tenant: int
    id: int
    operator_id: int | None
    network_id: str
    protocol: str
    status: str
    communication_mode: str
    desired_profile: int | None
    current_profile: int
    sealed: bytes | None = field(repr=False)

    @property
    def allows_no_authentication(self) -> bool:
        """Security profile 0 is for stations whose record asks for it, and that have no password."""
        return self.desired_profile == 0 and self.sealed is None

    def password(self, sealer: Sealer) -> str | None:
        """What it proves itself with (HTTP Basic); None when it has none. Raises Unsealable."""
        return None if self.sealed is None else open_password(sealer, self.tenant, self.sealed)

    def proves(self, sealer: Sealer, password: bytes) -> bool:
        """Whether this is its password, compared in constant time. Raises Unsealable."""
        wanted = self.password(sealer)
        return wanted is not None and same(password, wanted)


async def stations_named(tx: Tx, network_id: str) -> list[Station]:
    """The stations that call themselves so: in a transaction of the system those of all tenants, in a tenant's at most one."""
    return [Station(**row) for row in await tx.all(_NAMED, network_id=network_id)]


async def station(tx: Tx, charge_point_id: int) -> Station | None:
    """One station of the tenant; None when there is none, or when it has no name to call itself."""
    row = await tx.one(_BY_ID, id=charge_point_id)
    return None if row is None or row["network_id"] is None else Station(**row)


async def record_boot(tx: Tx, charge_point_id: int, said: Mapping[str, Any], at: datetime) -> None:
    """Keep what a station said of itself at its boot; a model that is known takes the place of the one on record.

    said: fields of `points.schemas.Boot` in camel case, `model` and `vendor` at least. An older boot changes nothing.
    """
    model = await tx.scalar(_MODEL, vendor=said["vendor"], model=said["model"])
    if await tx.run(_BOOT, id=charge_point_id, said=dict(said), at=at, model=model):
        emit(tx, Booted(charge_point_id=charge_point_id, at=at, boot=dict(said)))


async def record_profile(tx: Tx, charge_point_id: int, profile: int) -> None:
    """Keep with which security profile (0-3) a station connected; a wish for it is thereby fulfilled."""
    await tx.run(_PROFILE, id=charge_point_id, profile=profile)


async def keep_password(tx: Tx, sealer: Sealer, charge_point_id: int, password: str) -> None:
    """Keep, sealed, the password that a station was told: the one that it proves itself with from now on."""
    await tx.run(_PASSWORD, id=charge_point_id, sealed=seal_password(sealer, tx.tenant, password))
