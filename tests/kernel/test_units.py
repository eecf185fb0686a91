"""Units and exact arithmetic on decimals."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gridloom.kernel.units import (
    QUANTITIES,
    UNITS,
    UnitMismatch,
    UnknownUnit,
    affine,
    conversion,
    convert,
    from_whole,
    to_whole,
    unit,
    units_of,
)

finite = st.floats(allow_nan=False, allow_infinity=False, width=64)
decimals = st.decimals(min_value=-(10**9), max_value=10**9, places=3).map(float)


def exactly(value: float) -> Fraction:
    """The decimal number that a float stands for."""
    return Fraction(Decimal(repr(value)))


def nearest(number: Fraction) -> float:
    """The float nearest to an exact number."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


@pytest.mark.parametrize(
    ("value", "source", "target", "result"),
    [
        (1.5, "W.h", "kW.h", 0.0015),
        (0.1, "kW.h", "W.h", 100.0),
        (3.6, "MJ", "kW.h", 1.0),
        (1, "kW.h", "J", 3_600_000.0),
        (7, "W.h", "kJ", 25.2),
        (0.1, "MW", "W", 100_000.0),
        (20.15, "degC", "K", 293.3),
        (300.15, "K", "°C", 27.0),
        (68, "degF", "degC", 20.0),
        (-40, "degC", "degF", -40.0),
        (0, "K", "degF", -459.67),
        (0.3, "m3", "l", 300.0),
        (1.1, "l/s", "m3/h", 3.96),
        (230.1, "V", "kV", 0.2301),
        (49.98, "Hz", "mHz", 49980.0),
        (12.5, "%", "1", 0.125),
        (36, "km/h", "m/s", 10.0),
        (0.85, "kW/m2", "W/m2", 850.0),
        (2.2, "kvar.h", "var.h", 2200.0),
        (1.7, "kV.A", "V.A", 1700.0),
        (90, "min", "h", 1.5),
    ],
)
def test_conversions_are_exact_to_the_last_digit(value: float, source: str, target: str, result: float) -> None:
    assert repr(convert(value, source, target)) == repr(result)


def test_energy_in_kilowatt_hours_has_the_number_one() -> None:
    assert unit(1).symbol == "kW.h"
    assert unit("kWh").id == 1


def test_numbers_and_symbols_are_unique() -> None:
    assert len({each.id for each in UNITS}) == len(UNITS)
    assert len({each.symbol for each in UNITS}) == len(UNITS)
    assert {each.quantity for each in UNITS} == set(QUANTITIES)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_every_quantity_has_a_base_unit(quantity: str) -> None:
    assert [each.symbol for each in units_of(quantity) if each.factor == 1 and each.offset == 0] != []


@pytest.mark.parametrize(
    ("typed", "symbol"),
    [
        ("kWh", "kW.h"),
        ("kW·h", "kW.h"),
        ("Wh", "W.h"),
        ("VA", "V.A"),
        ("kVAh", "kV.A.h"),
        ("kVArh", "kvar.h"),
        ("°C", "degC"),
        ("W/m²", "W/m2"),
        ("Wh/m2", "W.h/m2"),
        ("m³", "m3"),
        ("L", "l"),
        ("mbar", "hPa"),
        ("kW. h", "kW.h"),
    ],
)
def test_what_people_type_is_understood(typed: str, symbol: str) -> None:
    assert unit(typed).symbol == symbol


@pytest.mark.parametrize("given_unit", ["", "kwh", "mwh", "furlong", 0, -1, 9999])
def test_an_unknown_unit_is_refused(given_unit: str | int) -> None:
    with pytest.raises(UnknownUnit) as raised:
        unit(given_unit)
    assert (raised.value.status, raised.value.code) == (422, "unknown_unit")


def test_an_unknown_quantity_is_refused() -> None:
    with pytest.raises(UnknownUnit):
        units_of("happiness")


@pytest.mark.parametrize(("source", "target"), [("kW.h", "kW"), ("kW", "kvar"), ("kV.A", "kW"), ("K", "1"), ("A", "V")])
def test_there_is_no_way_between_quantities(source: str, target: str) -> None:
    with pytest.raises(UnitMismatch) as raised:
        convert(1.0, source, target)
    assert (raised.value.status, raised.value.code) == (422, "unit_mismatch")


def test_arrays_keep_their_shape_and_their_gaps() -> None:
    values = np.array([[1.5, np.nan, np.inf], [0.0, -2.5, 1e-3]])
    converted = convert(values, "W.h", "kW.h")
    assert np.array_equal(converted, [[0.0015, np.nan, np.inf], [0.0, -0.0025, 1e-6]], equal_nan=True)
    assert convert(np.empty(0), "K", "degC").shape == (0,)


def test_the_same_unit_gives_the_same_numbers_and_another_array() -> None:
    values = np.array([0.1, 1 / 3, np.nan])
    converted = convert(values, "kWh", "kW.h")
    assert np.array_equal(converted, values, equal_nan=True)
    assert converted is not values


@given(
    value=finite | decimals, pair=st.sampled_from([(a, b) for a in UNITS for b in UNITS if a.quantity == b.quantity])
)
@example(value=5e-324, pair=(unit("K"), unit("degF")))
@example(value=123456789012345.6, pair=(unit("GW.h"), unit("J")))
def test_a_conversion_is_the_exact_result_rounded_once(value: float, pair: tuple) -> None:
    factor, offset = conversion(*pair)
    expected = nearest(exactly(value) * factor + offset)
    assert convert(value, *pair) == expected
    among_others = np.array([0.5, value, 3.0])
    assert convert(among_others, *pair)[1] == expected


@given(values=st.lists(decimals, max_size=20))
def test_watt_hours_and_back_is_where_one_started(values: list[float]) -> None:
    given_values = np.array(values, dtype=float)
    assert convert(convert(given_values, "kW.h", "W.h"), "W.h", "kW.h").tolist() == given_values.tolist()


@given(values=st.lists(finite | decimals, max_size=100))
def test_whole_numbers_stand_for_the_decimals_as_written(values: list[float]) -> None:
    whole, places = to_whole(np.array(values, dtype=float))
    assert [Fraction(number, 10**places) for number in whole.tolist()] == [exactly(value) for value in values]
    assert from_whole(whole, 10**places).tolist() == values


def test_a_late_value_with_more_decimals_than_the_first_ones_is_not_cut() -> None:
    values = np.append(np.ones(500), 0.123456789)
    whole, places = to_whole(values)
    assert (int(whole[-1]), places) == (123456789, 9)
    whole, places = to_whole(np.append(np.ones(500), 0.1234567890123))
    assert Fraction(whole.tolist()[-1], 10**places) == Fraction("0.1234567890123")


@given(values=st.lists(finite, min_size=1, max_size=20), factor=st.fractions(min_value=-1000, max_value=1000))
def test_affine_rounds_once(values: list[float], factor: Fraction) -> None:
    got = affine(np.array(values), factor, Fraction(1, 3)).tolist()
    assert got == [nearest(exactly(value) * factor + Fraction(1, 3)) for value in values]
