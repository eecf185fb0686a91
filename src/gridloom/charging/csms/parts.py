"""What this module adds to a running application."""

from gridloom.charging.csms.boots import Boots
from gridloom.charging.csms.bus import Bus, NatsBus, PostgresBus
from gridloom.charging.csms.commands import Commands
from gridloom.charging.csms.seen import LastSeen
from gridloom.charging.csms.statuses import Statuses
from gridloom.charging.csms.turns import shares
from gridloom.kernel.database.pool import Database
from gridloom.kernel.events.listen import Listener
from gridloom.kernel.http.call import Services
from gridloom.settings import Settings


def provide(services: Services) -> None:
    """The way to every station, and what the messages of stations are written with."""
    settings, database = services.part(Settings), services.part(Database)
    bus: NatsBus | PostgresBus
    listener = services.get(Listener)
    if settings.nats_url is not None and listener is not None:
        bus = NatsBus(settings.nats_url)
        services.running.append(bus)
    else:
        bus = PostgresBus(database, listener)
    services.add(bus, kind=Bus)
    commands = Commands(database, bus, timeout=settings.ocpp_call_timeout)
    services.add(commands)
    turns, arrivals = shares(settings.database_pool)
    services.add(turns)
    services.add(arrivals)
    seen = LastSeen(database)
    services.add(seen)
    services.add(Statuses(database, turns))
    services.add(Boots(database, arrivals))
    services.running += [commands, seen]
