"""What follows when a station has booted."""

from gridloom.charging.commands import security
from gridloom.charging.commands.jobs import raise_profile, sync_booted
from gridloom.charging.stations.events import Booted
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events import Received, on
from gridloom.kernel.jobs import defer


@on(Booted, name="charging.commands.booted")
async def station_booted(tx: Tx, received: Received[Booted]) -> None:
    """Its variables are read anew, and it is told again of a security profile that it has not come with."""
    charge_point = received.event.charge_point_id
    await defer(tx, sync_booted, charge_point=charge_point, key=f"{charge_point}", lock=f"station:{charge_point}")
    wanted = await security.booted(tx, charge_point)
    if wanted is not None:
        await defer(
            tx, raise_profile, charge_point=charge_point, wanted=wanted, key=f"{charge_point}",
            lock=f"station:{charge_point}",
        )  # fmt: skip
