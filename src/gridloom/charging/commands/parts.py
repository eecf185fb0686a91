"""What this module adds to a running application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gridloom.charging.commands.control import Setting
from gridloom.charging.commands.desk import Desk
from gridloom.charging.stations.public import StationControl
from gridloom.kernel.http.call import Services


def provide(services: Services) -> None:
    """The desk of all commands, and the way on which a configuration reaches its station."""
    services.add(Desk(services))
    services.running.append(_in_charge(services))


@asynccontextmanager
async def _in_charge(services: Services) -> AsyncIterator[None]:
    """When the application opens, every part is there, whichever was provided first."""
    control = services.part(StationControl)
    before, control.set_variable = control.set_variable, Setting(services).set_variable
    yield
    control.set_variable = before
