"""Charges become lines: each kind of charge is summed up over the session and rounded once."""

from decimal import Decimal
from operator import attrgetter
from typing import Literal, NamedTuple

from gridloom.charging.pricing.engine.fees import Charge, LineType
from gridloom.charging.pricing.engine.priced import Line, Taxed
from gridloom.charging.pricing.engine.slots import ZERO
from gridloom.charging.pricing.engine.terms import Terms

_ORDER = {each: place for place, each in enumerate(LineType)}
_UNITS: dict[LineType, Literal["kwh", "minute"]] = {
    LineType.ENERGY: "kwh",
    LineType.SERVICE_FEE: "kwh",
    LineType.CHARGING_TIME: "minute",
    LineType.IDLE_TIME: "minute",
    LineType.POWER_LEVELS_TIME: "minute",
}


class _Sum:
    """One line as it grows: its place in the breakdown, what one unit costs, how many and what they cost so far."""

    __slots__ = ("fee", "line", "minutes", "per_unit", "place", "price", "type", "units")

    def __init__(self, charge: Charge, number: int, per_unit: Taxed) -> None:
        self.place = (_ORDER[charge.type], number)
        self.type = charge.type
        self.fee = charge.fee
        self.minutes = charge.minutes
        self.per_unit = per_unit
        self.units = ZERO
        self.price = ZERO
        self.line: Line | None = None


_PLACE = attrgetter("place")


class Part(NamedTuple):
    """What a period adds to a line: units and price."""

    of: _Sum
    units: Decimal
    price: Decimal


class Ledger:
    """Lines of one session as they grow. Lives inside the exact context of the price, which rounds a half away from zero.

    A line's price is the rounded product of its fee and its units, and a period's part of it is how far that product moved:
    so parts add up to lines, lines to the subtotal, and cutting a period in two moves nothing.
    """

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._sums: dict[tuple[LineType, Decimal, int], _Sum] = {}
        self._smallest = Decimal(1).scaleb(-terms.unit_price_digits)
        self._with_tax = 100 + (terms.tax_percentage or ZERO)

    def add(self, charge: Charge) -> Part:
        """Count a charge and say what it moved."""
        key = (charge.type, charge.fee, charge.minutes)
        found = self._sums.get(key)
        if found is None:
            fee = charge.fee / charge.minutes if charge.minutes else charge.fee
            per_unit = self.taxed(fee.quantize(self._smallest), self._smallest)
            found = self._sums[key] = _Sum(charge, len(self._sums), per_unit)
        found.units += charge.units
        before, found.price = found.price, (found.units * charge.fee).quantize(self._smallest)
        return Part(found, charge.units, found.price - before)

    @property
    def subtotal(self) -> Decimal:
        """The sum of all lines so far."""
        return sum((each.price for each in self._sums.values()), ZERO)

    def lines(self) -> tuple[Line, ...]:
        """The lines of the session, in the order of their types and then of their first charge. Nothing is added after."""
        found = sorted(self._sums.values(), key=_PLACE)
        for each in found:
            each.line = self._line(each, each.units, each.price)
        return tuple(each.line for each in found if each.line is not None)

    def lines_of(self, parts: list[Part]) -> tuple[Line, ...]:
        """The lines of one period, from the parts it added; after `lines`."""
        merged: dict[_Sum, tuple[Decimal, Decimal]] = {}
        for part in parts:
            if part.of in merged:
                units, price = merged[part.of]
                merged[part.of] = (units + part.units, price + part.price)
            else:
                merged[part.of] = (part.units, part.price)
        return tuple(self._line(each, *merged[each]) for each in sorted(merged, key=_PLACE))

    def total(self, digits: int) -> tuple[Decimal, Taxed]:
        """The subtotal as it can be paid, in the half of the tariff's prices and in both."""
        smallest = Decimal(1).scaleb(-digits)
        total = self.subtotal.quantize(smallest)
        return total, self.taxed(total, smallest)

    def amount(self, parts: list[Part]) -> Taxed:
        """What a period costs."""
        return self.taxed(sum((part.price for part in parts), ZERO), self._smallest)

    def taxed(self, amount: Decimal, smallest: Decimal) -> Taxed:
        """Both halves of an amount that is in the half of the tariff's prices."""
        if not self._terms.tax_percentage:
            return Taxed(amount, amount)
        if self._terms.prices_include_tax:
            return Taxed(amount, (amount * 100 / self._with_tax).quantize(smallest))
        return Taxed((amount * self._with_tax / 100).quantize(smallest), amount)

    def _line(self, of: _Sum, units: Decimal, price: Decimal) -> Line:
        if of.line is not None and of.units == units:
            return of.line
        return Line(
            type=of.type,
            currency=self._terms.currency,
            unit=_UNITS.get(of.type, "session"),
            price_per_unit=of.per_unit,
            quantity=units * of.minutes if of.minutes else units,
            price=self.taxed(price, self._smallest),
            tax_percentage=self._terms.tax_percentage,
        )
