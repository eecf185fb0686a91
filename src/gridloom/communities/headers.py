"""Lists of names in the headers of an answer."""

from collections.abc import Iterable
from itertools import islice
from urllib.parse import quote

MOST, LONGEST = 20, 60


def listed(names: Iterable[str]) -> str:
    """The first names with commas between them, percent-encoded: whatever a name is made of, it ends no header."""
    return ", ".join(quote(name[:LONGEST], safe="") for name in islice(names, MOST))
