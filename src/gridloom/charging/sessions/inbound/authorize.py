"""Authorize: somebody holds a tag before a station, before a session or to end one."""

from typing import Any

from gridloom.charging.csms.public import Contact, on_message
from gridloom.charging.drivers.public import uid_key
from gridloom.charging.ocpp.public import Payload, Version
from gridloom.charging.sessions import store
from gridloom.charging.sessions.authorising import BY_TOKEN, Asked, Status, decide, is_of_running
from gridloom.charging.sessions.facts import Method
from gridloom.charging.sessions.lifecycle import REQUEST_LIFE
from gridloom.charging.sessions.rules import floored
from gridloom.kernel import clock
from gridloom.kernel.database.transaction import Tx


@on_message("Authorize", Version.V16)
async def authorize_16(contact: Contact, payload: Payload) -> Payload:
    """Whether a tag opens this station."""
    return {"idTagInfo": {"status": await _status(contact, payload["idTag"], "id_tag")}}


@on_message("Authorize", Version.V201)
async def authorize_201(contact: Contact, payload: Payload) -> Payload:
    """Whether a token opens this station. Contract certificates are nobody's here: what they prove is not checked."""
    token = payload["idToken"]
    method = BY_TOKEN.get(token["type"], "id_tag")
    if token["type"] == "NoAuthorization":
        method = "plug_and_charge"
    return {"idTokenInfo": {"status": await _status(contact, token["idToken"], method)}}


async def _status(contact: Contact, uid: str, method: Method) -> Status:
    async with contact.transaction() as tx:
        station: Any = await store.station_of(tx, contact.charge_point_id)
        if await _is_our_own(tx, contact.charge_point_id, uid) or await is_of_running(tx, contact.charge_point_id, uid):
            return "Accepted"
        asked = Asked(
            charge_point_id=contact.charge_point_id, operator_id=station["operator_id"], evse_id=None, uid=uid,
            at=floored(contact.received_at), auto_start=station["auto_start"], method=method,
        )  # fmt: skip
        return (await decide(tx, asked, reuse=False)).status


async def _is_our_own(tx: Tx, charge_point_id: int, uid: str) -> bool:
    """Some stations ask about the tag that they were told to start with."""
    key = uid_key(uid)
    for row in await store.open_of_station(tx, charge_point_id):
        if row["status"] == "pending" and row["id_tag_key"] == key:
            return True
    since = clock.now() - REQUEST_LIFE
    return await store.request_for(tx, charge_point_id, key=key, remote_start_id=None, since=since) is not None
