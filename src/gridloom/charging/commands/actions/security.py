"""The security profile of charge points, and their certificates."""

from gridloom.charging.commands import security
from gridloom.charging.commands.actions.common import CONTROL, TAGS, V1, V2
from gridloom.charging.commands.desk import Desk, Target, note
from gridloom.charging.commands.jobs import raise_profile
from gridloom.charging.commands.schemas import (
    CertificatesWanted,
    DeleteWrite,
    InstallWrite,
    ProfileWanted,
    Refusal,
    Success,
)
from gridloom.charging.csms.public import Refused406
from gridloom.charging.stations.events import ChargePointChanged
from gridloom.charging.stations.public import station_of_caller
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid, NotFound
from gridloom.kernel.events import emit
from gridloom.kernel.http.call import Answer
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.jobs import defer
from gridloom.kernel.security.sealing import Sealer
from gridloom.settings import Settings


class CertificatesOff(NotFound):
    """Certificates of charge points are not looked after here."""

    text = "Certificates of charge points are switched off for this system."


@action(
    "POST", f"{V2}/set-security-profile", scope=CONTROL, answers={202: Success, 406: Refusal},
    faults=(NotFound, Invalid), name="chargePointSetSecurityProfile", tags=TAGS, wrapped=False,
)  # fmt: skip
async def set_security_profile(
    desk: Desk, settings: Settings, sealer: Sealer, subject: Subject, charge_point: int, body: ProfileWanted
) -> Answer:
    """Raise the security profile of a charge point: it is told so, restarts, and comes back with it.

    Until then the wish is pending; it is applied when the charge point connects so, and rejected when it says no or has
    booted three times without. A charge point that is not connected is told when it boots.
    """
    target = await desk.target(subject, charge_point)
    wanted = body.set_security_profile
    told = await _told_why_not(desk, settings, sealer, target, wanted)
    if told is not None:
        return Answer(Refusal(success=False, message=told), status=406)
    async with desk.transaction(target) as tx:
        await security.wish(tx, target.id, wanted, body.reason)
        await defer(tx, raise_profile, charge_point=target.id, wanted=wanted, key=f"{target.id}")
        note(tx, target, "chargePointSetSecurityProfile", {"profile": wanted, "reason": body.reason})
        emit(tx, ChargePointChanged(charge_point_id=target.id, action="updated"))
    return Answer(Success(success=True))


async def _told_why_not(desk: Desk, settings: Settings, sealer: Sealer, target: Target, wanted: int) -> str | None:
    """Why the station cannot be raised. One that has no password is given it here: it could not come back without."""
    if target.reached != target.id:
        return "Nobody speaks with this charge point itself."
    async with desk.transaction(target) as tx:
        row = await security.facts(tx, target.id)
    offers_tls = settings.ocpp_certificate is not None
    told = security.refusal(row["current"], row["most"], wanted, offers_tls=offers_tls)
    if told is None and not row["has_password"]:
        try:
            await security.share_password(desk, sealer, target)
        except Refused406 as fault:
            return fault.message
    return told


@action(
    "POST", f"{V1}/reset-security-profile", scope=CONTROL, answers={202: None}, faults=(NotFound,),
    name="chargePointResetSecurityProfile", tags=TAGS,
)  # fmt: skip
async def reset_security_profile(tx: Tx, charge_point: int) -> None:
    """Forget with which security profile a charge point connects: the next connection says it anew.

    A password on record has to be proven all the same.
    """
    await station_of_caller(tx, charge_point, lock=True)
    await security.forget(tx, charge_point)
    emit(tx, ChargePointChanged(charge_point_id=charge_point, action="updated"))


@action(
    "POST", f"{V2}/install-certificate", scope=CONTROL, answers={202: None}, faults=(CertificatesOff, Refused406, Invalid),
    name="chargePointInstallCertificate", tags=TAGS, documented=(501,),
)  # fmt: skip
async def install_certificate(tx: Tx, charge_point: int, body: InstallWrite) -> None:  # noqa: ARG001 - what the contract asks for
    """Have a charge point believe a certificate. 404: no such charge point, or certificates are switched off."""
    await station_of_caller(tx, charge_point)
    raise CertificatesOff


@action(
    "POST", f"{V2}/delete-certificate", scope=CONTROL, answers={202: None}, faults=(CertificatesOff, Refused406, Invalid),
    name="chargePointDeleteCertificate", tags=TAGS, documented=(501,),
)  # fmt: skip
async def delete_certificate(tx: Tx, charge_point: int, body: DeleteWrite) -> None:  # noqa: ARG001 - what the contract asks for
    """Have a charge point forget a certificate. 404: no such charge point, or certificates are switched off."""
    await station_of_caller(tx, charge_point)
    raise CertificatesOff


@action(
    "POST", f"{V2}/sync-certificates", scope=CONTROL, answers={202: None}, faults=(CertificatesOff, Refused406, Invalid),
    name="chargePointGetInstalledCertificateIds", tags=TAGS, documented=(501,),
)  # fmt: skip
async def sync_certificates(tx: Tx, charge_point: int, body: CertificatesWanted) -> None:  # noqa: ARG001 - what the contract asks for
    """Ask a charge point which certificates it has. 404: no such charge point, or certificates are switched off."""
    await station_of_caller(tx, charge_point)
    raise CertificatesOff
