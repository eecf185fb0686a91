"""What graphs add to a running application."""

from pathlib import Path

from gridloom.kernel.database.pool import Database
from gridloom.kernel.http.call import Services
from gridloom.metering.graphs.library import SHIPPED, load
from gridloom.metering.graphs.runner import runner_for
from gridloom.metering.graphs.runs import GraphRuns
from gridloom.settings import Settings


def provide(services: Services) -> None:
    """The definitions, checked, and where they are calculated. Raises WrongDefinition: the server does not start."""
    settings = services.part(Settings)
    library = load(Path(settings.graphs_folder) if settings.graphs_folder else SHIPPED)
    runs = GraphRuns(services.part(Database), library, runner_for(settings.dask_address), settings.graph_seconds)
    services.add(runs)
    services.running.append(runs)
