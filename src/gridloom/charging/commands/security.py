"""Raising the security profile of stations: what has to be told, and how often it is tried.

wanted -> pending -> applied, when the station connects so (`stations.record_profile`) | rejected, when it says no or has
booted three times without.
"""

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gridloom.charging.commands import messages
from gridloom.charging.commands.desk import Desk, Target, agreed
from gridloom.charging.commands.messages import Message
from gridloom.charging.commands.syncing import keep_value, set_variable
from gridloom.charging.csms.public import Refused406
from gridloom.charging.ocpp.public import Version
from gridloom.charging.stations.public import station
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.security.sealing import Sealer
from gridloom.settings import Settings

ATTEMPTS = 3
SLOT = 1
MESSAGE_TIMEOUT_S = 30
# Of 1.6 (security extension, TC 2.1) and 2.0.1: who proves itself with which variable.
_PASSWORD = {Version.V16: "AuthorizationKey", Version.V201: "BasicAuthPassword"}
_ROOT = {Version.V16: "CentralSystemRootCertificate", Version.V201: "CSMSRootCertificate"}

_POINT = sql(
    "SELECT desired_security_profile AS wanted, current_security_profile AS current, hardware_enabled_security_profile AS most, "
    "desired_security_profile_status AS status, network_password IS NOT NULL AS has_password "
    "FROM charging.charge_point WHERE id = :id FOR UPDATE"
)
_WISH = sql(
    "UPDATE charging.charge_point SET desired_security_profile = :wanted, desired_security_profile_status = :status, "
    "updated_at = now() WHERE id = :id"
)
_REJECT = sql(
    "UPDATE charging.charge_point SET desired_security_profile_status = 'rejected', updated_at = now(), "
    # Who has no password could never come again if one were asked of it.
    "desired_security_profile = CASE WHEN network_password IS NULL THEN 0 ELSE desired_security_profile END "
    "WHERE id = :id AND desired_security_profile = :wanted AND desired_security_profile_status = 'pending'"
)
_FORGET = sql(
    "UPDATE charging.charge_point SET current_security_profile = 0, desired_security_profile_status = NULL, "
    "desired_security_profile = CASE WHEN network_password IS NULL THEN 0 END, updated_at = now() WHERE id = :id"
)
_BEGIN = sql(
    "INSERT INTO charging.security_profile_change (tenant_id, charge_point_id, wanted, reason) "
    "VALUES (:tenant, :charge_point, :wanted, :reason) ON CONFLICT (tenant_id, charge_point_id) DO UPDATE "
    "SET wanted = excluded.wanted, reason = excluded.reason, attempts = 0, updated_at = now()"
)
_COUNT = sql(
    "INSERT INTO charging.security_profile_change AS c (tenant_id, charge_point_id, wanted, attempts) "
    "VALUES (:tenant, :charge_point, :wanted, 1) ON CONFLICT (tenant_id, charge_point_id) DO UPDATE "
    "SET attempts = CASE WHEN c.wanted = excluded.wanted THEN c.attempts + 1 ELSE 1 END, wanted = excluded.wanted, "
    "updated_at = now() RETURNING attempts"
)
_OVER = sql("DELETE FROM charging.security_profile_change WHERE charge_point_id = :charge_point")


def refusal(current: int, most: int | None, wanted: int, *, offers_tls: bool) -> str | None:
    """Why a station cannot be raised to a profile; None when it can. Pure."""
    if wanted == current:
        return "The charge point has this security profile already."
    if wanted < current:
        return "A security profile is only ever raised."
    if most is None:
        return "The charge point does not support security profiles."
    if wanted > most:
        return f"The charge point supports security profiles up to {most}."
    if wanted == 2 and not offers_tls:
        return "Charge points cannot connect with TLS here."
    return None


async def facts(tx: Tx, charge_point: int) -> Any:
    """What the record says about profiles, locked."""
    return await tx.one(_POINT, id=charge_point)


async def wish(tx: Tx, charge_point: int, wanted: int, reason: str) -> None:
    """Write down that a station shall rise to a profile."""
    await tx.run(_WISH, id=charge_point, wanted=wanted, status="pending")
    await tx.run(_BEGIN, tenant=tx.tenant, charge_point=charge_point, wanted=wanted, reason=reason)


async def forget(tx: Tx, charge_point: int) -> None:
    """No profile is known of the station any more: the next connection says which it is. A password that is kept has to
    be proven all the same; without one, the station may come as it is."""
    await tx.run(_FORGET, id=charge_point)
    await tx.run(_OVER, charge_point=charge_point)


async def reject(tx: Tx, charge_point: int, wanted: int) -> None:
    """It will not come to that profile."""
    await tx.run(_REJECT, id=charge_point, wanted=wanted)
    await tx.run(_OVER, charge_point=charge_point)


async def booted(tx: Tx, charge_point: int) -> int | None:
    """A station has booted: the profile that it shall be told again to rise to; None when there is nothing to do.

    After three boots without it the wish is rejected.
    """
    row = await facts(tx, charge_point)
    if row is None or row["wanted"] is None or row["status"] != "pending":
        await tx.run(_OVER, charge_point=charge_point)
        return None
    if row["current"] == row["wanted"]:
        await tx.run(_WISH, id=charge_point, wanted=row["wanted"], status="applied")
        await tx.run(_OVER, charge_point=charge_point)
        return None
    attempts = await tx.scalar(_COUNT, tenant=tx.tenant, charge_point=charge_point, wanted=row["wanted"])
    if attempts >= ATTEMPTS:
        await reject(tx, charge_point, row["wanted"])
        return None
    return int(row["wanted"]) if row["wanted"] in (1, 2) and row["wanted"] > row["current"] else None


async def apply(desk: Desk, sealer: Sealer, settings: Settings, target: Target, wanted: int) -> None:
    """Tell a station all that it needs to come back with the profile, and have it restart. Raises Refused406."""
    for pem in roots(settings) if wanted == 2 else ():
        said = await desk.ask(
            target, "InstallCertificate", {"certificateType": _ROOT[target.version], "certificate": pem}
        )
        agreed(said, ("Accepted",))
    await share_password(desk, sealer, target)
    if target.version is Version.V16:
        await _set(desk, target, "SecurityProfile", str(wanted))
    else:
        await _switch_network(desk, settings, target, wanted)
    await desk.tell(target, messages.reset(target.version, "soft"))


async def share_password(desk: Desk, sealer: Sealer, target: Target) -> None:
    """A station that has no password yet is given one, before it is asked for it. Raises Refused406."""
    async with desk.transaction(target) as tx:
        found = await station(tx, target.reached or target.id)
    if found is None or found.sealed is not None:
        return
    name, password = _PASSWORD[target.version], secrets.token_hex(20)
    await _set(desk, target, name, password)
    async with desk.transaction(target) as tx:
        await keep_value(tx, sealer, found.id, name, password)


async def _switch_network(desk: Desk, settings: Settings, target: Target, wanted: int) -> None:
    address = address_for(settings, wanted)
    if address is None:
        raise Refused406("The address under which charge points reach this server is not known: set public_url.")
    data = {
        "ocppVersion": "OCPP20", "ocppTransport": "JSON", "ocppCsmsUrl": address, "messageTimeout": MESSAGE_TIMEOUT_S,
        "securityProfile": wanted, "ocppInterface": "Wired0",
    }  # fmt: skip
    await desk.tell(target, Message("SetNetworkProfile", {"configurationSlot": SLOT, "connectionData": data}))
    await _set(desk, target, "NetworkConfigurationPriority", str(SLOT), component="OCPPCommCtrlr")


async def _set(desk: Desk, target: Target, name: str, value: str, *, component: str = "SecurityCtrlr") -> None:
    place = "" if target.version is Version.V16 else component
    said = await set_variable(desk, target, name, value, component=place)
    if said not in messages.SET:
        raise Refused406(f"The charge point answered {said}.")


def roots(settings: Settings) -> list[str]:
    """The authorities in the file of our own certificate, as PEM: what a station has to believe. None for a public one."""
    if settings.ocpp_certificate is None:
        return []
    chain = x509.load_pem_x509_certificates(Path(settings.ocpp_certificate).read_bytes())
    own = [each for each in chain[1:] if each.subject == each.issuer]
    return [each.public_bytes(Encoding.PEM).decode() for each in own]


def address_for(settings: Settings, profile: int) -> str | None:
    """Where stations of a profile connect to, without their name; None when nobody has said how this server is called."""
    host = urlsplit(settings.public_url).hostname if settings.public_url else None
    if host is None:
        listening = settings.ocpp_address
        host = None if listening in ("0.0.0.0", "::", "") else listening  # noqa: S104 - compared, not bound
    if host is None:
        return None
    named = f"[{host}]" if ":" in host else host
    return f"{'wss' if profile >= 2 else 'ws'}://{named}:{settings.ocpp_port}/ocpp"
