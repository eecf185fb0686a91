"""Money is exact, rounds in one way, never mixes currencies and never loses a cent when it is shared out."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gridloom.kernel import money
from gridloom.kernel.money import CurrencyMismatch, Money, NotRepresentable

CURRENCIES = ("EUR", "JPY", "KWD", "CLF", "CHF")

currencies = st.sampled_from(CURRENCIES)
amounts = st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False, places=7)
weights = st.lists(st.decimals(0, 10**6, places=3), min_size=1, max_size=12).filter(any)
minors = st.integers(-(10**12), 10**12)


@pytest.mark.parametrize(("currency", "digits"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("XTS", 2)])
def test_a_currency_has_its_own_number_of_digits(currency, digits):
    assert money.digits_of(currency) == digits


@pytest.mark.parametrize("code", ["", "eur", "EURO", "E1R", "EU", "ÉUR"])
def test_what_is_no_currency_code_is_refused(code):
    with pytest.raises(ValueError, match="no currency code"):
        Money.of(1, code)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("0.125", "EUR", "0.13"),
        ("0.135", "EUR", "0.14"),
        ("-0.125", "EUR", "-0.13"),
        ("0.1249999", "EUR", "0.12"),
        ("0.5", "JPY", "1"),
        ("-0.5", "JPY", "-1"),
        ("1.0005", "KWD", "1.001"),
        ("2", "EUR", "2.00"),
    ],
)
def test_a_half_goes_away_from_zero(amount, currency, expected):
    assert str(money.round_total(Decimal(amount), currency)) == expected


@given(amount=amounts, currency=currencies)
def test_rounding_moves_by_half_a_minor_unit_at_most_and_mirrors(amount, currency):
    unit = Decimal(1).scaleb(-money.digits_of(currency))
    rounded = money.round_total(amount, currency)
    assert abs(rounded - amount) <= unit / 2
    assert rounded % unit == 0
    assert money.round_total(-amount, currency) == -rounded
    assert money.round_total(rounded, currency) == rounded


def test_a_configured_precision_replaces_that_of_the_currency():
    assert money.round_total(Decimal("1.2345"), "EUR", digits=3) == Decimal("1.235")
    assert Money.of("1.2345", "EUR").rounded(digits=0) == Money.of(1, "EUR")


def test_a_unit_price_keeps_five_digits_or_as_many_as_configured():
    assert str(money.round_unit_price(Decimal("0.3141595"))) == "0.31416"
    assert str(money.round_unit_price(Decimal("0.3141595"), digits=3)) == "0.314"


def test_unit_prices_are_not_rounded_on_the_way_to_a_total():
    # 1000 kWh at 0.28115: rounding the price first would give 281.15 only by luck, at four digits 281.20.
    assert (Money.of("0.28115", "EUR") * 1000).rounded() == Money.of("281.15", "EUR")


@given(minor=minors, currency=currencies)
def test_minor_units_come_back_exactly(minor, currency):
    amount = money.from_minor(minor, currency)
    assert -amount.as_tuple().exponent == money.digits_of(currency)
    assert money.to_minor(amount, currency) == minor
    assert Money.from_minor(minor, currency).minor == minor


@given(amount=amounts, currency=currencies)
def test_an_amount_that_is_no_whole_number_of_minor_units_is_refused(amount, currency):
    assume(amount != money.round_total(amount, currency))
    with pytest.raises(NotRepresentable) as fault:
        money.to_minor(amount, currency)
    assert (fault.value.amount, fault.value.currency) == (amount, currency)


@pytest.mark.parametrize("value", [1.5, True, None, b"1", float("nan")])
def test_what_is_not_exact_is_refused(value):
    with pytest.raises(TypeError, match="exact"):
        Money(value, "EUR")
    with pytest.raises(TypeError, match="exact"):
        Money.of(1, "EUR") * value
    with pytest.raises(TypeError, match="exact"):
        Money.of(1, "EUR") / value


@pytest.mark.parametrize("value", ["", "x", "1,5", "NaN", "Infinity", "-Infinity", "1E+30", "1E-201", "1E+999999999"])
def test_what_is_no_amount_is_refused(value):
    with pytest.raises(ValueError, match="is no"):
        Money.of(value, "EUR")


@given(left=amounts, right=amounts, currency=currencies)
def test_sums_are_exact(left, right, currency):
    one, other = Money(left, currency), Money(right, currency)
    assert Fraction((one + other).amount) == Fraction(left) + Fraction(right)
    assert one + other - other == one
    assert one - one == Money.zero(currency)
    assert not one - one
    assert (-one).amount == -left
    assert abs(one).amount == max(left, -left)
    assert (one < other, one <= other, one > other, one >= other) == (
        left < right,
        left <= right,
        left > right,
        left >= right,
    )


@given(amount=amounts, factor=amounts)
def test_products_are_exact_however_many_digits_they_take(amount, factor):
    assert Fraction((Money(amount, "EUR") * factor).amount) == Fraction(amount) * Fraction(factor)
    assert factor * Money(amount, "EUR") == Money(amount, "EUR") * factor


def test_a_division_is_rounded_at_the_end_only():
    assert (Money.of(100, "EUR") / 3 * 3).rounded() == Money.of(100, "EUR")


def test_two_currencies_never_meet():
    euro, yen = Money.of(1, "EUR"), Money.of(1, "JPY")
    for meets in (
        lambda: euro + yen,
        lambda: euro - yen,
        lambda: euro < yen,
        lambda: euro <= yen,
        lambda: euro > yen,
        lambda: euro >= yen,
        lambda: money.total([euro, yen], "EUR"),
    ):
        with pytest.raises(CurrencyMismatch, match="EUR and JPY"):
            meets()
    assert euro != yen


def test_money_and_a_number_never_meet():
    with pytest.raises(TypeError, match="with int"):
        Money.of(1, "EUR") + 1


def test_the_same_amount_written_otherwise_is_the_same_money():
    assert Money.of("1.5", "EUR") == Money.of("1.50", "EUR")
    assert hash(Money.of("1.5", "EUR")) == hash(Money.of("1.50", "EUR"))
    assert str(Money.of("1.50", "EUR")) == "1.50 EUR"
    assert str(Money.of("1E+2", "EUR")) == "100 EUR"


def test_a_total_of_nothing_is_zero():
    assert money.total([], "EUR") == Money.zero("EUR")
    assert money.total([Money.of("0.1", "EUR")] * 3, "EUR") == Money.of("0.3", "EUR")


@given(total=minors, parts=weights)
def test_shares_add_up_and_stay_within_one_unit_of_the_exact_ones(total, parts):
    shares = money.apportion(total, parts)
    assert sum(shares) == total
    whole = sum(map(Fraction, parts))
    for share, part in zip(shares, parts, strict=True):
        assert abs(share - total * Fraction(part) / whole) < 1
        assert part or not share


@given(total=minors, parts=weights)
def test_who_weighs_more_never_gets_less_and_a_negative_total_mirrors(total, parts):
    shares = money.apportion(abs(total), parts)
    ranked = sorted(zip(parts, shares, strict=True))
    assert all(lighter[1] <= heavier[1] for lighter, heavier in pairwise(ranked) if lighter < heavier)
    assert money.apportion(-abs(total), parts) == [-share for share in shares]


@given(total=minors, parts=weights, factor=st.integers(1, 1000))
def test_only_the_proportion_of_the_weights_counts(total, parts, factor):
    assert money.apportion(total, parts) == money.apportion(total, [part * factor for part in parts])


def test_the_last_cents_go_to_those_who_lost_most_and_then_to_the_earlier():
    assert money.apportion(100, [1, 1, 1]) == [34, 33, 33]
    assert money.apportion(101, [1, 1, 1]) == [34, 34, 33]
    assert money.apportion(10, [Decimal("0.5"), Decimal("0.3"), 0, Decimal("0.25")]) == [5, 3, 0, 2]
    assert Money.of("0.05", "EUR").allocate([3, 7]) == [Money.of("0.02", "EUR"), Money.of("0.03", "EUR")]


@pytest.mark.parametrize("parts", [[], [0, 0], [1, -1], [2, -1]])
def test_weights_that_divide_nothing_are_refused(parts):
    with pytest.raises(ValueError, match="weights"):
        money.apportion(100, parts)


def test_an_amount_is_rounded_before_it_is_shared_out():
    with pytest.raises(NotRepresentable):
        Money.of("0.055", "EUR").allocate([1, 1])
