"""What uploads add to a running application."""

from gridloom.communities.uploads.intake import Intake
from gridloom.communities.uploads.leftovers import Leftovers
from gridloom.kernel.database.pool import Database
from gridloom.kernel.files.library import Files
from gridloom.kernel.http.call import Services
from gridloom.settings import Settings


def provide(services: Services) -> None:
    """The one place where files of consumption are taken in, so that not too many are read at once; it begins tidily."""
    settings = services.part(Settings)
    services.add(Intake(services.part(Database), services.part(Files), settings.upload_max_bytes))
    services.running.append(Leftovers())
