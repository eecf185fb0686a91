"""What the communication log adds to a running application."""

from gridloom.charging.communication.buffer import Buffer
from gridloom.kernel.database.pool import Database
from gridloom.kernel.http.call import Services


def provide(services: Services) -> None:
    """The journal, which writes while the application runs."""
    buffer = Buffer(services.part(Database))
    services.add(buffer)
    services.running.append(buffer)
