"""Where months of readings go that were moved out of the database."""

from gridloom.core.series.public import bind_archive
from gridloom.kernel.files.library import Files
from gridloom.kernel.http.call import Services


def provide(services: Services) -> None:
    """The archive stands in the installation's object store."""
    bind_archive(services.part(Files).store.objects)
