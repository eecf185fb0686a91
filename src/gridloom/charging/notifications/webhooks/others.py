"""What is told of drivers, their tags, decisions, tariffs and locations."""

from typing import Any

import msgspec

from gridloom.charging.drivers import events as driver_events
from gridloom.charging.drivers import resources as drivers
from gridloom.charging.drivers.public import OCPP_STATUS
from gridloom.charging.notifications.webhooks.format import charging
from gridloom.charging.notifications.webhooks.payloads import last_shown, message, or_left_out
from gridloom.charging.sites.events import LocationChanged
from gridloom.charging.stations.older.locations import resources as locations
from gridloom.charging.tariffs import resources as tariffs
from gridloom.charging.tariffs.events import TariffChanged
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import NotFound
from gridloom.kernel.events.handlers import Received
from gridloom.kernel.http.resource import Resource
from gridloom.kernel.webhooks import Message

_AUTHORIZATION = sql(
    "SELECT id, operator_id, status, rejection_reason, id_tag_uid, charge_point_id, updated_at "
    "FROM charging.authorization WHERE id = :id"
)
_TAG = sql("SELECT operator_id, updated_at FROM charging.id_tag WHERE id = :id")
_INVOICING = sql(
    "SELECT d.operator_id, i.updated_at FROM charging.driver d LEFT JOIN charging.invoice_details i "
    "ON i.tenant_id = d.tenant_id AND i.driver_id = d.id WHERE d.id = :id"
)
_LOCATION = sql("SELECT operator_id FROM charging.location WHERE id = :id")
# What a station was told, by the reason that is on record; any other refusal is Invalid.
_OCPP: dict[str, str] = {
    **dict[str, str](OCPP_STATUS.items()),
    "user_is_disabled": "Blocked",
    "session_already_running": "ConcurrentTx",
}


@charging.tells("authorization.changed", driver_events.AuthorizationChanged)
async def authorization_changed(tx: Tx, received: Received[driver_events.AuthorizationChanged]) -> Message | None:
    """Somebody asked to charge, or it was decided."""
    event = received.event
    row = await tx.one(_AUTHORIZATION, id=event.authorization_id)
    if row is None:
        return None
    return message(
        "authorization.changed", "authorization", row["id"], row["operator_id"], authorizationId=row["id"],
        action=event.action, chargePointId=or_left_out(row["charge_point_id"]), idTag=or_left_out(row["id_tag_uid"]),
        status=row["status"], lastUpdatedAt=row["updated_at"],
    )  # fmt: skip


@charging.tells("AuthorizationNotification", driver_events.AuthorizationChanged)
async def authorized_older(tx: Tx, received: Received[driver_events.AuthorizationChanged]) -> Message | None:
    """A tag at a charge point was accepted or refused, in the word that the charge point was told."""
    row = await tx.one(_AUTHORIZATION, id=received.event.authorization_id)
    if row is None or row["status"] == "pending" or row["charge_point_id"] is None or row["id_tag_uid"] is None:
        return None
    refused = _OCPP.get(row["rejection_reason"] or "", "Invalid")
    return message(
        "AuthorizationNotification", "authorization", row["id"], row["operator_id"], chargePointId=row["charge_point_id"],
        authorizationId=row["id"], idTag=row["id_tag_uid"], status="Accepted" if row["status"] == "accepted" else refused,
        lastUpdatedAt=row["updated_at"],
    )  # fmt: skip


@charging.tells("idTag.changed", driver_events.IdTagChanged)
async def tag_changed(tx: Tx, received: Received[driver_events.IdTagChanged]) -> Message | None:
    """A tag came, changed or went."""
    event = received.event
    row = await tx.one(_TAG, id=event.id_tag_id)
    realm = row["operator_id"] if row is not None else event.gone.operator_id if event.gone is not None else None
    return message(
        "idTag.changed", "id_tag", event.id_tag_id, realm, idTagsId=event.id_tag_id, action=event.action,
        lastUpdatedAt=received.occurred_at if row is None else row["updated_at"],
    )  # fmt: skip


@charging.tells("user.invoiceDetails.changed", driver_events.InvoiceDetailsChanged)
async def invoicing_changed(tx: Tx, received: Received[driver_events.InvoiceDetailsChanged]) -> Message | None:
    """How a user wants invoices."""
    event = received.event
    row = await tx.one(_INVOICING, id=event.user_id)
    if row is None:
        return None
    return message(
        "user.invoiceDetails.changed", "user", event.user_id, row["operator_id"], userId=event.user_id,
        action=event.action, lastUpdatedAt=row["updated_at"] or received.occurred_at,
    )  # fmt: skip


@charging.tells("UserChangedNotification", driver_events.UserChanged)
async def user_changed(tx: Tx, received: Received[driver_events.UserChanged]) -> Message | None:
    """A user came, changed or went; the whole of the user, as it is read."""
    event = received.event
    shown: Any = await _read(drivers.users, tx, event.user_id)
    if shown is None:
        return _gone(received, "UserChangedNotification", "user", event.user_id, {"id": str(event.user_id)})
    return message(
        "UserChangedNotification", "user", event.user_id, shown.operator_id, user=shown, action=event.action,
        lastUpdatedAt=shown.last_updated_at,
    )  # fmt: skip


@charging.tells("TariffChangedNotification", TariffChanged)
async def tariff_changed(tx: Tx, received: Received[TariffChanged]) -> Message | None:
    """A tariff came, changed or went; the whole of the tariff, as it is read."""
    event = received.event
    shown: Any = await _read(tariffs.tariffs, tx, event.tariff_id)
    if shown is None:
        return _gone(received, "TariffChangedNotification", "tariff", event.tariff_id, {"id": event.tariff_id})
    return message(
        "TariffChangedNotification", "tariff", event.tariff_id, shown.operator_id, tariff=shown, action=event.action,
        lastUpdatedAt=shown.last_updated_at,
    )  # fmt: skip


@charging.tells("LocationChangedNotification", LocationChanged)
async def location_changed(tx: Tx, received: Received[LocationChanged]) -> Message | None:
    """A location came, changed or went, as the first version shows it. Links to pictures need a request, and are left out."""
    event = received.event
    shown: Any = await _read(locations.old_locations, tx, event.location_id)
    if shown is None:
        least = {"id": event.location_id}
        return _gone(received, "LocationChangedNotification", "location", event.location_id, least)
    shown.images = shown.location_image = msgspec.UNSET
    realm = await tx.scalar(_LOCATION, id=event.location_id)
    return message(
        "LocationChangedNotification", "location", event.location_id, realm, location=shown, action=event.action,
        lastUpdatedAt=shown.lastUpdatedAt,
    )  # fmt: skip


async def _read(resource: Resource, tx: Tx, number: int) -> Any | None:
    try:
        return await resource.read(tx, number, (), {})
    except NotFound:
        return None


def _gone(received: Received[Any], name: str, kind: str, number: int, least: dict[str, Any]) -> Message | None:
    """Of something deleted what it was; nothing of an older change of it, which nobody can look up any more."""
    event = received.event
    if event.gone is None:
        return None
    if event.gone.operator_id is not None and kind != "location":  # the first version does not say whose a location is
        least = {**least, "operatorId": event.gone.operator_id}
    said = {kind: last_shown(event.gone, least), "action": event.action, "lastUpdatedAt": received.occurred_at}
    return message(name, kind, number, event.gone.operator_id, **said)
