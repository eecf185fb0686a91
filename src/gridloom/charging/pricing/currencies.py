"""The currencies of ISO 4217, those that were withdrawn lately included: contracts and old invoices still name them."""

import csv
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias


class IsoCurrency(NamedTuple):
    """One line of the list. number: three digits, leading zeros kept."""

    code: str
    number: str
    name: str

    @property
    def title(self) -> str:
        """How the API calls it: `EUR (Euro)`."""
        return f"{self.code} ({self.name})"


def _load() -> dict[str, IsoCurrency]:
    lines = (files("gridloom.charging.pricing") / "currencies.csv").read_text("utf-8").splitlines()
    return {row["code"]: IsoCurrency(**row) for row in csv.DictReader(lines)}


CURRENCIES = _load()

if TYPE_CHECKING:
    CurrencyCode: TypeAlias = str
else:
    CurrencyCode = Literal[tuple(CURRENCIES)]
