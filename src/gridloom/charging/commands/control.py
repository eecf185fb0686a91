"""How a configuration that somebody changes reaches its station: the real function of `StationControl`."""

from gridloom.charging.commands import configuration, messages
from gridloom.charging.commands.desk import Desk, note
from gridloom.charging.commands.syncing import keep_value, set_variable
from gridloom.charging.ocpp.public import Version
from gridloom.charging.stations.events import ChargePointChanged
from gridloom.kernel.errors import Fault
from gridloom.kernel.events import emit
from gridloom.kernel.http.call import Services
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.security.sealing import Sealer


class Setting:
    """Tells stations values of variables by their name alone."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def set_variable(self, subject: Subject, charge_point: int, name: str, value: str) -> bool:
        """Whether the station took the value, which is then kept. With OCPP 2.0.1 the variable is the first of that name
        that the station has reported; one that it never reported cannot be placed."""
        desk = self._services.part(Desk)
        target = await desk.target(subject, charge_point)
        place, evse = {}, 0
        if target.version is Version.V201:
            async with desk.transaction(target) as tx:
                found, _ = await configuration.places(tx, charge_point, [name])
            if not found:
                return False
            place = {"component": found[0]["component"], "instance": found[0]["instance"]}
            evse = found[0]["evse_id"]
        try:
            said = await set_variable(desk, target, name, value, **place, evse=evse)
        except Fault:
            return False
        if said not in messages.SET:
            return False
        async with desk.transaction(target) as tx:
            await keep_value(tx, self._services.part(Sealer), charge_point, name, value, **place, evse=evse)
            note(tx, target, "chargePointConfigurationUpdate", {"name": name, **place, "evse": evse})
            emit(tx, ChargePointChanged(charge_point_id=charge_point, action="updated"))
        return True
