"""Physical units, and arithmetic on measured numbers that is exact in decimals.

A unit belongs to one quantity; conversion exists inside one quantity only (`kW.h` to `J`, never `kW.h` to `kW`).
Symbols are written with dots between factors (`kW.h`, `V.A`, `W/m2`); the forms people type (`kWh`, `VA`, `W/m²`) are
understood too.

A float that came from outside stands for the shortest decimal number that reads back as the same float: 0.1 means one
tenth. Sums, factors and conversions are made on those decimals with whole numbers and rounded once, at the end, so that
1.5 W.h are 0.0015 kW.h and ten times 0.1 are 1.0.
"""

import math
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridloom.kernel.errors import Fault

Floats: TypeAlias = NDArray[np.float64]
Whole: TypeAlias = NDArray[Any]
"""Whole numbers: int64 where they fit, else Python integers in an array of objects."""

_EXACT = 1 << 53
_INT64 = (1 << 63) - 1
_SAFE_DIGITS = 10**15
_MOST_DECIMALS = 9
_SAMPLE = 64


class UnknownUnit(Fault):
    """No unit has this symbol or number."""

    status = 422
    code = "unknown_unit"
    text = "No unit has this symbol."


class UnitMismatch(Fault):
    """The two units measure different things, so there is no conversion."""

    status = 422
    code = "unit_mismatch"
    text = "There is no conversion between units of different quantities."


class Unit(NamedTuple):
    """A unit. An amount x of it is `x * factor + offset` of the quantity's base unit, exactly."""

    id: int
    symbol: str
    quantity: str
    factor: Fraction
    offset: Fraction


# quantity: (number, symbol, factor, offset); the factor 1 marks the base unit. Numbers never change once published.
_TABLE: dict[str, tuple[tuple[int, str, str, str], ...]] = {
    "energy": (
        (1, "kW.h", "1000", "0"),
        (2, "W.h", "1", "0"),
        (3, "MW.h", "1e6", "0"),
        (4, "GW.h", "1e9", "0"),
        (5, "J", "1/3600", "0"),
        (6, "kJ", "1/3.6", "0"),
        (7, "MJ", "1000/3.6", "0"),
        (8, "GJ", "1e6/3.6", "0"),
    ),
    "reactive_energy": ((10, "kvar.h", "1000", "0"), (11, "var.h", "1", "0"), (12, "Mvar.h", "1e6", "0")),
    "apparent_energy": ((15, "kV.A.h", "1000", "0"), (16, "V.A.h", "1", "0"), (17, "MV.A.h", "1e6", "0")),
    "power": ((20, "kW", "1000", "0"), (21, "W", "1", "0"), (22, "MW", "1e6", "0"), (23, "GW", "1e9", "0")),
    "reactive_power": ((30, "kvar", "1000", "0"), (31, "var", "1", "0"), (32, "Mvar", "1e6", "0")),
    "apparent_power": ((35, "kV.A", "1000", "0"), (36, "V.A", "1", "0"), (37, "MV.A", "1e6", "0")),
    "temperature": ((40, "K", "1", "0"), (41, "degC", "1", "273.15"), (42, "degF", "5/9", "459.67*5/9")),
    "voltage": ((50, "V", "1", "0"), (51, "kV", "1000", "0"), (52, "mV", "1/1000", "0")),
    "current": ((55, "A", "1", "0"), (56, "mA", "1/1000", "0"), (57, "kA", "1000", "0")),
    "frequency": ((60, "Hz", "1", "0"), (61, "mHz", "1/1000", "0"), (62, "kHz", "1000", "0")),
    "volume": ((65, "m3", "1", "0"), (66, "l", "1/1000", "0"), (67, "ml", "1/1e6", "0")),
    "flow": (
        (70, "m3/h", "1", "0"),
        (71, "l/h", "1/1000", "0"),
        (72, "l/min", "60/1000", "0"),
        (73, "l/s", "3.6", "0"),
        (74, "m3/s", "3600", "0"),
    ),
    "ratio": ((75, "1", "1", "0"), (76, "%", "1/100", "0"), (77, "ppm", "1/1e6", "0")),
    "irradiance": ((80, "W/m2", "1", "0"), (81, "kW/m2", "1000", "0")),
    "irradiation": ((82, "W.h/m2", "1", "0"), (83, "kW.h/m2", "1000", "0"), (84, "J/m2", "1/3600", "0")),
    "speed": ((85, "m/s", "1", "0"), (86, "km/h", "1/3.6", "0"), (87, "kn", "1.852/3.6", "0")),
    "angle": ((90, "deg", "1", "0"),),
    "length": ((95, "m", "1", "0"), (96, "km", "1000", "0"), (97, "mm", "1/1000", "0")),
    "mass": ((100, "kg", "1", "0"), (101, "g", "1/1000", "0"), (102, "t", "1000", "0")),
    "pressure": (
        (105, "Pa", "1", "0"),
        (106, "hPa", "100", "0"),
        (107, "kPa", "1000", "0"),
        (108, "bar", "1e5", "0"),
    ),
    "duration": (
        (110, "s", "1", "0"),
        (111, "ms", "1/1000", "0"),
        (112, "min", "60", "0"),
        (113, "h", "3600", "0"),
        (114, "d", "86400", "0"),
    ),
    "illuminance": ((120, "lx", "1", "0"),),
    "count": ((125, "count", "1", "0"),),
}

_ALIASES = {
    "°C": "degC",
    "C": "degC",
    "°F": "degF",
    "°": "deg",
    "L": "l",
    "dm3": "l",
    "L/h": "l/h",
    "L/min": "l/min",
    "L/s": "l/s",
    "mbar": "hPa",
    "kph": "km/h",
    "VArh": "var.h",
    "kVArh": "kvar.h",
    "MVArh": "Mvar.h",
    "VAr": "var",
    "kVAr": "kvar",
    "MVAr": "Mvar",
}
_PLAIN = str.maketrans({"·": ".", "⋅": ".", "²": "2", "³": "3", " ": ""})


def _fraction(text: str) -> Fraction:
    """`459.67*5/9` as a fraction: products and quotients from left to right."""
    value, operator = Fraction(1), "*"
    for part in text.replace("*", " * ").replace("/", " / ").split():
        if part in "*/":
            operator = part
        else:
            value = value * Fraction(part) if operator == "*" else value / Fraction(part)
    return value


UNITS: tuple[Unit, ...] = tuple(
    Unit(number, symbol, quantity, _fraction(factor), _fraction(offset))
    for quantity, rows in _TABLE.items()
    for number, symbol, factor, offset in rows
)
QUANTITIES: tuple[str, ...] = tuple(_TABLE)

_BY_ID = {each.id: each for each in UNITS}
_BY_SYMBOL = {each.symbol: each for each in UNITS}
_BY_SYMBOL |= {each.symbol.replace(".", ""): each for each in UNITS}
_BY_SYMBOL |= {alias: _BY_SYMBOL[symbol] for alias, symbol in _ALIASES.items()}


def unit(given: str | int | Unit) -> Unit:
    """The unit with this symbol (any spelling that is understood) or number; UnknownUnit when there is none."""
    if isinstance(given, Unit):
        return given
    found = _BY_ID.get(given) if isinstance(given, int) else _BY_SYMBOL.get(given.translate(_PLAIN))
    if found is None:
        raise UnknownUnit(f"{given!r} is no unit known here")
    return found


def units_of(quantity: str) -> tuple[Unit, ...]:
    """Every unit of a quantity; UnknownUnit for a quantity that does not exist."""
    if quantity not in _TABLE:
        raise UnknownUnit(f"{quantity!r} is no quantity known here")
    return tuple(each for each in UNITS if each.quantity == quantity)


@lru_cache(maxsize=1024)
def conversion(source: str | int | Unit, target: str | int | Unit) -> tuple[Fraction, Fraction]:
    """(factor, offset) with `target value = source value * factor + offset`, exact.

    Raises UnknownUnit, and UnitMismatch when the two measure different quantities.
    """
    old, new = unit(source), unit(target)
    if old.quantity != new.quantity:
        raise UnitMismatch(f"{old.symbol} measures {old.quantity}, {new.symbol} measures {new.quantity}")
    return old.factor / new.factor, (old.offset - new.offset) / new.factor


@overload
def convert(values: float, source: str | int | Unit, target: str | int | Unit) -> float: ...
@overload
def convert(values: NDArray[Any], source: str | int | Unit, target: str | int | Unit) -> Floats: ...
def convert(values: float | NDArray[Any], source: str | int | Unit, target: str | int | Unit) -> float | Floats:
    """Values in `source` units, given in `target` units; one number or an array of any shape, NaN stays NaN.

    Exact on decimals and rounded once. Raises UnknownUnit and UnitMismatch.
    """
    factor, offset = conversion(source, target)
    if isinstance(values, np.ndarray):
        return affine(values, factor, offset)
    return float(affine(np.array([values]), factor, offset)[0])


def affine(values: ArrayLike, factor: Fraction, offset: Fraction = Fraction(0)) -> Floats:
    """`values * factor + offset`, exact on decimals and rounded once; what is not finite stays as floats have it."""
    given = np.asarray(values, dtype=np.float64)
    if factor == 1 and offset == 0:
        return given.copy()
    finite = np.isfinite(given)
    if not finite.all():
        result = given * float(factor) + float(offset)
        result[finite] = affine(given[finite], factor, offset)
        return result
    whole, decimals = to_whole(given.ravel())
    scale = 10**decimals
    times = factor.numerator * offset.denominator
    plus = offset.numerator * factor.denominator * scale
    by = scale * factor.denominator * offset.denominator
    common = math.gcd(times, plus, by)
    numbers = multiply_whole(whole, times // common)
    return from_whole(add_whole(numbers, plus // common), by // common).reshape(given.shape)


def to_whole(values: Floats) -> tuple[Whole, int]:
    """Finite floats as whole numbers and one count of decimals: `values == whole / 10**decimals`, as decimals.

    values: (n,). Returns (n,) int64 when nine decimals and fifteen digits are enough, else an array of Python integers.
    """
    sample = values[:_SAMPLE]
    limit = float(np.abs(values).max(initial=0.0))
    for decimals in range(_MOST_DECIMALS + 1):
        scale = 10.0**decimals
        if limit * scale >= _SAFE_DIGITS:
            break
        if not np.array_equal(np.rint(sample * scale) / scale, sample):
            continue
        rounded = np.rint(values * scale)
        if np.array_equal(rounded / scale, values):
            return rounded.astype(np.int64), decimals
    pairs = [_decimal(value) for value in values.tolist()]
    most = max((decimals for _, decimals in pairs), default=0)
    most = max(most, 0)
    whole = np.empty(len(pairs), dtype=object)
    whole[:] = [number * 10 ** (most - decimals) for number, decimals in pairs]
    return whole, most


def from_whole(numbers: Whole, by: int) -> Floats:
    """`numbers / by` as floats, each rounded correctly; by: a positive whole number of any size."""
    if numbers.dtype != object and by <= _EXACT and _largest(numbers) <= _EXACT:
        return np.asarray(numbers / float(by), dtype=np.float64)
    return np.array([quotient(number, by) for number in numbers.tolist()], dtype=np.float64)


def quotient(number: int, by: int) -> float:
    """`number / by`, rounded correctly; infinite where floats end."""
    try:
        return number / by
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def multiply_whole(numbers: Whole, by: int) -> Whole:
    """`numbers * by` without overflow."""
    if numbers.dtype != object and _largest(numbers) * abs(by) > _INT64:
        numbers = numbers.astype(object)
    return numbers if by == 1 else numbers * by


def add_whole(numbers: Whole, plus: int) -> Whole:
    """`numbers + plus` without overflow."""
    if numbers.dtype != object and _largest(numbers) + abs(plus) > _INT64:
        numbers = numbers.astype(object)
    return numbers if plus == 0 else numbers + plus


def summable(numbers: Whole) -> Whole:
    """The same numbers in a form in which no sum of some of them overflows."""
    if numbers.dtype != object and _largest(numbers) * len(numbers) > _INT64:
        return numbers.astype(object)
    return numbers


def _largest(numbers: Whole) -> int:
    return max(int(numbers.max()), -int(numbers.min())) if len(numbers) else 0


def _decimal(value: float) -> tuple[int, int]:
    """The shortest decimal number that reads back as `value`: (digits, decimals)."""
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    return int(whole + fraction), len(fraction) - int(exponent or 0)
