"""Finding declarations by file name, so that a module is registered by existing."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

ROOT = "gridloom"


def modules(*names: str, within: str = ROOT) -> Iterator[ModuleType]:
    """Import and yield every module below `within` whose last name is one of `names`, in alphabetical order.

    A folder of that name counts with everything inside it (`actions/stop.py` is found by "actions").
    """
    package = importlib.import_module(within)
    for found in sorted(pkgutil.walk_packages(package.__path__, f"{within}."), key=lambda each: each.name):
        if set(names) & set(found.name.removeprefix(f"{within}.").split(".")):
            yield importlib.import_module(found.name)


def load_tables() -> None:
    """Import every `tables.py`, so that the one MetaData knows them all."""
    for _ in modules("tables"):
        pass
