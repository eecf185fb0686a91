"""Money: a Decimal and a currency, one way of rounding, and sharing out that loses no cent.

Rounding is commercial: a half goes away from zero, so that a credit note mirrors its invoice. Totals are rounded to
the minor units of the currency, prices of one kilowatt-hour or minute keep more digits and are never rounded on the
way to a total. Nothing here takes a float.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from fractions import Fraction
from typing import TypeAlias

Exact: TypeAlias = Decimal | int | str

UNIT_PRICE_DIGITS = 5

# ISO 4217 list one (SIX, maintenance agency): every currency has two digits after the point but these.
_DIGITS: dict[str, int] = {
    code: digits
    for digits, codes in {
        0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
        3: "BHD IQD JOD KWD LYD OMR TND",
        4: "CLF UYW",
    }.items()
    for code in codes.split()
}

# Wide enough that sums and products of real amounts are exact; only a division ever rounds, at its hundredth digit.
_WIDE = Context(prec=100, rounding=ROUND_HALF_UP, traps=[InvalidOperation, DivisionByZero, Overflow])
_LARGEST_EXPONENT = 30
_SMALLEST_EXPONENT = -200
_CODE = re.compile(r"[A-Z]{3}")


class CurrencyMismatch(ValueError):
    """Two currencies met in one sum or comparison."""

    def __init__(self, left: str, right: str) -> None:
        super().__init__(f"{left} and {right} cannot be counted together")
        self.left = left
        self.right = right


class NotRepresentable(ValueError):
    """An amount with more digits than its currency has minor units, where rounding would have to be silent."""

    def __init__(self, amount: Decimal, currency: str) -> None:
        super().__init__(f"{amount} {currency} is no whole number of minor units; round it first")
        self.amount = amount
        self.currency = currency


def decimal(value: Exact) -> Decimal:
    """An exact finite number from a Decimal, an int or its text.

    TypeError for a float or a bool; ValueError for what is no number or not finite, and beyond 30 digits before or 200
    after the point, where a short text such as 1E+999999 would become a very long calculation.
    """
    if isinstance(value, bool | float) or not isinstance(value, Decimal | int | str):
        raise TypeError(f"an exact number is needed, not {type(value).__name__}")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"{value!r} is no number") from None
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < _SMALLEST_EXPONENT or number.adjusted() >= _LARGEST_EXPONENT:
        raise ValueError(f"{value} is no amount")
    return number


def digits_of(currency: str) -> int:
    """How many digits after the point the currency has; ValueError when it is no code of three capitals.

    A code that ISO 4217 does not know (a test or local currency) has two.
    """
    if not _CODE.fullmatch(currency):
        raise ValueError(f"{currency!r} is no currency code, such as EUR")
    return _DIGITS.get(currency, 2)


def round_to(amount: Decimal, digits: int) -> Decimal:
    """Half away from zero, to so many digits after the point."""
    return amount.quantize(Decimal(1).scaleb(-digits), context=_WIDE)


def round_total(amount: Decimal, currency: str, *, digits: int | None = None) -> Decimal:
    """What can be paid: the amount in whole minor units.

    `digits` overrides the currency's own where an operator has configured a different precision for its totals.
    """
    return round_to(amount, digits_of(currency) if digits is None else digits)


def round_unit_price(amount: Decimal, *, digits: int = UNIT_PRICE_DIGITS) -> Decimal:
    """A price per kilowatt-hour, minute or piece as it is stored and shown: five digits unless configured otherwise."""
    return round_to(amount, digits)


def to_minor(amount: Decimal, currency: str) -> int:
    """Cents, yen or fils, exactly; NotRepresentable when a part of one would be left."""
    scaled = amount.scaleb(digits_of(currency), context=_WIDE)
    if scaled != scaled.to_integral_value():
        raise NotRepresentable(amount, currency)
    return int(scaled)


def from_minor(minor: int, currency: str) -> Decimal:
    """The amount of so many minor units, with all digits of the currency: 150 -> 1.50 for EUR."""
    return Decimal(minor).scaleb(-digits_of(currency), context=_WIDE)


def apportion(total: int, weights: Sequence[Decimal | int]) -> list[int]:
    """Share out whole units in proportion to weights; the shares add up to `total`.

    Largest remainder: everybody gets the whole part, then one unit more goes to those who lost most by cutting, the
    earlier first where they lost the same. A negative total is shared out as its mirror. ValueError when a weight is
    negative or all are zero.
    """
    parts = [Fraction(decimal(weight)) for weight in weights]
    whole = sum(parts)
    if whole <= 0 or min(parts) < 0:
        raise ValueError("weights must not be negative, and one at least must be above zero")
    exact = [abs(total) * part / whole for part in parts]
    shares = [share.numerator // share.denominator for share in exact]
    left = abs(total) - sum(shares)
    by_loss = sorted(range(len(shares)), key=lambda index: (shares[index] - exact[index], index))
    for index in by_loss[:left]:
        shares[index] += 1
    return [-share for share in shares] if total < 0 else shares


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency; not rounded until `rounded` is asked for.

    Sums and comparisons with another currency raise CurrencyMismatch. Two are equal when amount and currency are:
    1.5 EUR equals 1.50 EUR.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", decimal(self.amount))
        digits_of(self.currency)

    @classmethod
    def of(cls, amount: Exact, currency: str) -> "Money":
        """Money from a Decimal, an int or text: `Money.of("12.34", "EUR")`."""
        return cls(decimal(amount), currency)

    @classmethod
    def zero(cls, currency: str) -> "Money":
        """Nothing, in this currency."""
        return cls(Decimal(0), currency)

    @classmethod
    def from_minor(cls, minor: int, currency: str) -> "Money":
        """Money from whole minor units: 150 cents are 1.50 EUR."""
        return cls(from_minor(minor, currency), currency)

    @property
    def minor(self) -> int:
        """Whole minor units; NotRepresentable when the amount has not been rounded."""
        return to_minor(self.amount, self.currency)

    def rounded(self, *, digits: int | None = None) -> "Money":
        """The same money as it can be paid, see `round_total`."""
        return Money(round_total(self.amount, self.currency, digits=digits), self.currency)

    def allocate(self, weights: Sequence[Decimal | int]) -> list["Money"]:
        """Shares in proportion to weights that add up to this very amount, see `apportion`; round the total before."""
        return [Money.from_minor(share, self.currency) for share in apportion(self.minor, weights)]

    def __add__(self, other: "Money") -> "Money":
        return Money(_WIDE.add(self.amount, self._same(other)), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(_WIDE.subtract(self.amount, self._same(other)), self.currency)

    def __mul__(self, factor: Decimal | int) -> "Money":
        return Money(_WIDE.multiply(self.amount, decimal(factor)), self.currency)

    __rmul__ = __mul__

    def __truediv__(self, divisor: Decimal | int) -> "Money":
        return Money(_WIDE.divide(self.amount, decimal(divisor)), self.currency)

    def __neg__(self) -> "Money":
        return Money(self.amount.copy_negate(), self.currency)

    def __abs__(self) -> "Money":
        return Money(self.amount.copy_abs(), self.currency)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.amount >= self._same(other)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def _same(self, other: "Money") -> Decimal:
        if not isinstance(other, Money):
            raise TypeError(f"money can only be counted together with money, not with {type(other).__name__}")
        if other.currency != self.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return other.amount


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum, zero of `currency` when there is nothing to add; CurrencyMismatch when one is in another."""
    return sum(amounts, Money.zero(currency))
