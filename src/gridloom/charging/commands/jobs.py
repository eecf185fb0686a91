"""What happens to commands behind the requests."""

from typing import Any

import structlog

from gridloom.charging.commands import configuration, profiles, reservations, security, syncing
from gridloom.charging.commands.desk import Desk
from gridloom.charging.csms.public import NoAnswer408, NotConnected424, Refused406
from gridloom.kernel.errors import Fault
from gridloom.kernel.events.backoff import Backoff
from gridloom.kernel.jobs import ONCE, Context, job, schedule
from gridloom.kernel.security.sealing import Sealer
from gridloom.settings import Settings

log = structlog.get_logger(__name__)

# A station that has just booted has other things to do; if it does not answer, it will soon boot again.
PATIENT = Backoff((10.0, 60.0))


@job("charging.commands.sync", retry=PATIENT, timeout_s=120)
async def sync_booted(context: Context, *, charge_point: int) -> None:
    """Read all variables of a station that has booted; twice is as good as once."""
    desk = context.get(Desk)
    target = await desk.known_target(context.tenant, charge_point)
    if target is None or not target.is_online:
        return
    try:
        await syncing.sync(desk, target, at_boot=True, only=None)
    except (Refused406, NoAnswer408, NotConnected424) as fault:
        # Who says no will say so again; who did not answer may have been busy.
        if not isinstance(fault, Refused406) and context.attempt < PATIENT.attempts:
            raise
        async with context.transaction() as tx:
            number = await configuration.ask(tx, charge_point, at_boot=True)
            await configuration.fail(tx, number, fault.message)


@job("charging.commands.raise_profile", retry=ONCE, timeout_s=300)
async def raise_profile(context: Context, *, charge_point: int, wanted: int) -> None:
    """Tell a station to rise to a security profile. One that is not there is told when it boots next."""
    desk = context.get(Desk)
    target = await desk.known_target(context.tenant, charge_point)
    if target is None or not target.is_online:
        return
    async with context.transaction() as tx:
        row: Any = await security.facts(tx, charge_point)
    if row["wanted"] != wanted or row["status"] != "pending" or row["current"] == wanted:
        return
    try:
        await security.apply(desk, context.get(Sealer), context.get(Settings), target, wanted)
    except Fault as fault:
        log.warning("security_profile_not_raised", station=charge_point, wanted=wanted, why=fault.message)
        if await desk.commands.version(target.tenant, charge_point) is None:
            return
        async with context.transaction() as tx:
            await security.reject(tx, charge_point, wanted)


@schedule("* * * * *", each_tenant=True)
@job("charging.commands.minute", retry=ONCE, timeout_s=55)
async def every_minute(context: Context) -> None:
    """Reservations that have run out, reports that never became whole, profiles of what charges no longer."""
    async with context.transaction() as tx:
        expired = await reservations.expire(tx)
        lost = await configuration.give_up(tx)
        await profiles.sweep(tx)
    if expired or lost:
        log.info("commands_swept", tenant=context.tenant, expired=expired, lost=lost)
