"""What sessions add to a running application."""

from gridloom.charging.csms.public import Commands
from gridloom.charging.sessions.intake import Intake
from gridloom.charging.sessions.stops import Stops
from gridloom.kernel.database.pool import Database
from gridloom.kernel.http.call import Services


def provide(services: Services) -> None:
    """The intake of meter values, and the way in which sessions are stopped."""
    database = services.part(Database)
    stops = Stops(database, services.part(Commands))
    intake = Intake(database, stops)
    services.add(stops)
    services.add(intake)
    services.running += [stops, intake]
