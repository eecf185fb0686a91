"""Which charging profiles stations keep to, as far as we know."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from msgspec import UNSET

from gridloom.charging.commands.messages import stamp
from gridloom.charging.commands.profile_schemas import ClearProfileWrite
from gridloom.charging.ocpp.public import instant
from gridloom.charging.stations.events import ProfileApplied
from gridloom.charging.stations.public import limits
from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events import emit

_ASK = sql(
    "INSERT INTO charging.charging_profile (tenant_id, charge_point_id, evse_number, purpose, stack_level, transaction_id, "
    "profile) VALUES (:tenant, :charge_point, :evse, :purpose, :level, :transaction, :profile) RETURNING id"
)
_FORGET = sql("DELETE FROM charging.charging_profile WHERE id = :id AND status = 'asked'")
_INSTALL = sql(
    "UPDATE charging.charging_profile SET status = 'installed', installed_at = :now, updated_at = :now WHERE id = :id "
    "RETURNING charge_point_id, evse_number, purpose, stack_level, profile"
)
_REPLACED = sql(
    "DELETE FROM charging.charging_profile WHERE charge_point_id = :charge_point AND evse_number = :evse "
    "AND purpose = :purpose AND stack_level = :level AND id <> :id AND status = 'installed'"
)
_DROP = sql(
    "DELETE FROM charging.charging_profile WHERE charge_point_id = :charge_point AND status = 'installed' "
    "AND id = coalesce(CAST(:number AS bigint), id) AND evse_number = coalesce(CAST(:evse_number AS integer), evse_number) "
    "AND purpose = coalesce(CAST(:purpose AS text), purpose) "
    "AND stack_level = coalesce(CAST(:stack_level AS integer), stack_level)"
)
# The sessions stand above this module: it reads one column of theirs, and writes none.
_TRANSACTION = sql(
    "SELECT s.transaction_id FROM charging.session s JOIN charging.evse e ON e.tenant_id = s.tenant_id AND e.id = s.evse_id "
    "WHERE e.charge_point_id = :charge_point AND e.network_id = :number AND s.status = 'active' "
    "AND s.transaction_id IS NOT NULL AND (CAST(:named AS bigint) IS NULL OR s.id = :named OR s.transaction_id = "
    "CAST(CAST(:named AS bigint) AS text)) ORDER BY s.id DESC LIMIT 1"
)

# A profile of a transaction ends with it; a station forgets it then by itself. One that came with a start has no name of a
# transaction yet: it is of whatever is open at its EVSE.
_ENDED = sql(
    "DELETE FROM charging.charging_profile p WHERE p.purpose = 'TxProfile' AND p.status = 'installed' AND NOT EXISTS ("
    "SELECT 1 FROM charging.session s JOIN charging.evse e ON e.tenant_id = s.tenant_id AND e.id = s.evse_id "
    "WHERE s.tenant_id = p.tenant_id AND e.charge_point_id = p.charge_point_id "
    "AND e.network_id = CAST(p.evse_number AS text) AND s.status IN ('pending', 'active') "
    "AND (p.transaction_id IS NULL OR s.transaction_id = p.transaction_id))"
)
_LOST = sql("DELETE FROM charging.charging_profile WHERE status = 'asked' AND created_at < :before")
_SHOWN = "p.id, p.profile FROM charging.charging_profile p"
_LAST = "p.installed_at DESC, p.id DESC"
_OF_POINTS = sql(
    f"SELECT DISTINCT ON (p.charge_point_id) p.charge_point_id AS place, {_SHOWN} WHERE p.status = 'installed' "
    "AND p.evse_number = 0 AND p.charge_point_id = ANY(CAST(:ids AS bigint[])) "
    f"ORDER BY p.charge_point_id, {_LAST}"
)
_OF_EVSES = sql(
    f"SELECT DISTINCT ON (e.id) e.id AS place, {_SHOWN} JOIN charging.evse e ON e.tenant_id = p.tenant_id "
    "AND e.charge_point_id = p.charge_point_id AND e.network_id = CAST(p.evse_number AS text) "
    f"WHERE p.status = 'installed' AND e.id = ANY(CAST(:ids AS bigint[])) ORDER BY e.id, {_LAST}"
)
ASKING = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which profiles are meant: those that fit all that is said."""

    number: int | None = None
    evse_number: int | None = None
    purpose: str | None = None
    stack_level: int | None = None

    @classmethod
    def of(cls, body: ClearProfileWrite) -> "Wanted":
        """Nothing said means the limit of the charge point; an EVSE alone means its default profile."""
        number = int(body.id) if isinstance(body.id, Decimal) else None
        evse = None if body.evse_network_id is UNSET else int(body.evse_network_id)
        purpose = None if body.charging_profile_purpose is UNSET else str(body.charging_profile_purpose)
        level = int(body.stack_level) if isinstance(body.stack_level, Decimal) else None
        if number is None and purpose is None and level is None:
            if evse:
                return cls(evse_number=evse, purpose="TxDefaultProfile")
            return cls(evse_number=0, purpose="ChargePointMaxProfile")
        return cls(number, evse, purpose, level)

    def said(self) -> dict[str, Any]:
        """What was said, for the trail."""
        return {name: value for name, value in asdict(self).items() if value is not None}


async def ask(tx: Tx, charge_point: int, evse_number: int, profile: Mapping[str, Any]) -> int:
    """Write down a profile that a station is about to be told; gives its number."""
    number: int = await tx.scalar(
        _ASK, tenant=tx.tenant, charge_point=charge_point, evse=evse_number, purpose=profile["chargingProfilePurpose"],
        level=profile["stackLevel"], transaction=profile.get("transactionId"), profile=dict(profile),
    )  # fmt: skip
    return number


async def forget(tx: Tx, number: int) -> None:
    """The station did not take it."""
    await tx.run(_FORGET, id=number)


async def install(tx: Tx, number: int, *, evse_id: int | None, session_id: int | None = None) -> None:
    """The station took it: what it stands in place of is gone, and those who listen are told."""
    now = clock.now()
    row = await tx.one(_INSTALL, id=number, now=now)
    if row is None:
        return
    await tx.run(
        _REPLACED, charge_point=row["charge_point_id"], evse=row["evse_number"], purpose=row["purpose"],
        level=row["stack_level"], id=number,
    )  # fmt: skip
    emit(
        tx,
        ProfileApplied(
            charge_point_id=row["charge_point_id"], at=now, profile={"id": number, **row["profile"]}, evse_id=evse_id,
            session_id=session_id,
        ),
    )  # fmt: skip


async def drop(tx: Tx, charge_point: int, wanted: Wanted) -> int:
    """Forget the profiles that fit; gives how many there were."""
    return await tx.run(_DROP, charge_point=charge_point, **asdict(wanted))


async def transaction_at(tx: Tx, charge_point: int, evse_number: int, named: int | None) -> str | None:
    """What the station calls the transaction that runs at an EVSE; `named`: only the one of this number."""
    found: str | None = await tx.scalar(_TRANSACTION, charge_point=charge_point, number=str(evse_number), named=named)
    return found


async def sweep(tx: Tx) -> None:
    """Forget the profiles of transactions that have ended, and what was asked for by a process that died over it."""
    await tx.run(_ENDED)
    await tx.run(_LOST, before=clock.now() - ASKING)


async def of_points(tx: Tx, ids: Sequence[Any]) -> Mapping[Any, Any]:
    """The profile that each charge point took last for the whole of itself, as it is shown: with a small word."""
    found = {row["place"]: shown(row["id"], row["profile"]) for row in await tx.all(_OF_POINTS, ids=list(ids))}
    for each in found.values():
        each["recurrencyKind"] = each["recurrencyKind"] and each["recurrencyKind"].lower()
    return found


async def of_evses(tx: Tx, ids: Sequence[Any]) -> Mapping[Any, Any]:
    """The profile that was taken last for each EVSE, as it is shown."""
    return {row["place"]: shown(row["id"], row["profile"]) for row in await tx.all(_OF_EVSES, ids=list(ids))}


def shown(number: int, profile: Mapping[str, Any]) -> dict[str, Any]:
    """A profile in the words in which charge points show theirs."""
    schedule = profile["chargingSchedule"]
    start, duration = schedule.get("startSchedule"), schedule.get("duration")
    complete = None
    if start is not None and duration is not None:
        complete = stamp(instant(start) + timedelta(seconds=duration))
    return {
        "id": number,
        "stackLevel": profile["stackLevel"],
        "purpose": profile["chargingProfilePurpose"],
        "chargingProfileKind": profile["chargingProfileKind"],
        "recurrencyKind": profile.get("recurrencyKind"),
        "validFrom": profile.get("validFrom"),
        "validTo": profile.get("validTo"),
        "chargingRateUnit": schedule["chargingRateUnit"],
        "minChargingRate": schedule.get("minChargingRate"),
        "scheduleStart": start,
        "chargingCompleteAt": complete,
        "duration": duration,
        "schedulePeriods": schedule["chargingSchedulePeriod"],
    }


limits.of_points, limits.of_evses = of_points, of_evses
