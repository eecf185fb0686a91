"""Which keys are accepted, and which rule a refused one breaks first."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridloom.communities.keys.rules import (
    BY_NEED,
    NO_SHARE,
    NOBODY,
    OVER_FULL,
    SAME_CONSUMER,
    TOLERANCE,
    TWICE,
    Consumer,
    Mistake,
    Round,
    mistakes,
)
from gridloom.communities.keys.workbook import percent

NEED = "-1"


def rounds(*given_: tuple[int, str, dict[str, str]]) -> list[Round]:
    return [
        Round(number, Decimal(share), tuple(Consumer(name, Decimal(value)) for name, value in consumers.items()))
        for number, share, consumers in given_
    ]


def found(*given_: tuple[int, str, dict[str, str]], is_new: bool = True) -> list[Mistake]:
    return list(mistakes(rounds(*given_), is_new=is_new))


@pytest.mark.parametrize(
    "key",
    [
        [(0, "1", {"a": "1"})],
        [(2, "1", {"a": "0.5", "b": "0.5"})],
        [(0, "1", {"a": NEED})],
        [(0, "1", {"a": NEED, "b": NEED, "c": "0"})],
        [(0, "1", {"a": "1", "b": NEED})],
        [(0, "1", {"a": "0.333", "b": "0.333", "c": "0.333"})],
        [(0, "1", {"a": "0.3335", "b": "0.3335", "c": "0.334"})],
        [(0, "0.6", {"a": "1"}), (1, "0.4", {"a": NEED})],
        [(2, "0.2", {"a": "1"}), (0, "0.3", {"a": "1"}), (1, "0.5", {"a": "1"})],
        [(0, "1", {"a": "1"}), (1, "0", {"b": NEED})],
        [(0, "0.999", {"a": "1"})],
        [(0, "1.001", {"a": "1"})],
        [(0, "1", {"a": "1.0000", "b": "0"})],
    ],
)
def test_a_key_is_accepted(key: list[Any]) -> None:
    assert found(*key) == []


@pytest.mark.parametrize(
    ("key", "number", "says", "place"),
    [
        ([(-1, "1", {"a": "1"})], 45002, 45002, "iterations.0.number"),
        ([(3, "1", {"a": "1"})], 45003, 45003, "iterations.0.number"),
        ([(10**30, "1", {"a": "1"})], 45003, 45003, "iterations.0.number"),
        ([(0, "0.5", {"a": "1"}), (0, "0.5", {"a": "1"})], 45003, TWICE, "iterations.1.number"),
        ([(0, "-0.1", {"a": "1"}), (1, "1.1", {"a": "1"})], 45004, 45004, "iterations.0.energy_allocated_percentage"),
        ([(0, "1", {"a": "-1.1", "b": NEED})], 45000, 45000, "iterations.0.consumers.0.energy_allocated_percentage"),
        ([(0, "1", {"a": NEED, "b": "-0.5"})], 45000, NO_SHARE, "iterations.0.consumers.1.energy_allocated_percentage"),
        ([(0, "1", {"a": "1.0001"})], 45001, 45001, "iterations.0.consumers.0.energy_allocated_percentage"),
        ([(0, "1", {})], 45005, NOBODY, "iterations.0.consumers"),
        ([(0, "1", {"a": "0.5"})], 45005, 45005, "iterations.0.consumers"),
        ([(0, "1", {"a": "0.5", "b": "0.498999"})], 45005, 45005, "iterations.0.consumers"),
        ([(0, "1", {"a": "0.5", "b": "0.501001"})], 45005, 45005, "iterations.0.consumers"),
        ([(0, "1", {"a": NEED, "b": "0.6", "c": "0.401"})], 45005, OVER_FULL, "iterations.0.consumers"),
        ([], 45006, 45006, "iterations"),
        ([(0, "0.998999", {"a": "1"})], 45006, 45006, "iterations"),
        ([(0, "0.6", {"a": "1"}), (1, "0.401001", {"a": "1"})], 45006, 45006, "iterations"),
    ],
)
def test_a_key_is_refused(key: list[Any], number: int, says: Any, place: str) -> None:
    first = found(*key)[0]
    assert (first.number, first.says, ".".join(map(str, first.path))) == (number, says, place)


def test_a_consumer_is_in_a_round_once() -> None:
    twice = Round(0, Decimal(1), (Consumer("a", Decimal("0.5")), Consumer("a", Decimal("0.5"))))
    wrong = ("iterations", 0, "consumers", 1, "name")
    assert list(mistakes([twice], is_new=True)) == [Mistake(wrong, 45005, SAME_CONSUMER)]


def test_a_changed_key_has_its_own_number_for_the_sum_of_its_iterations() -> None:
    assert [each.number for each in found((0, "0.5", {"a": "1"}), is_new=False)] == [45007]


def test_everything_that_is_wrong_is_named_in_the_order_in_which_it_was_written() -> None:
    wrong = found((-1, "0.5", {"a": "2"}), (5, "-0.5", {"a": "-3", "b": "0.1"}), (1, "0.5", {"a": "0.1"}))
    assert [each.number for each in wrong] == [45002, 45001, 45003, 45004, 45000, 45005, 45006]


shares = st.decimals(min_value=0, max_value=1, places=6)


@st.composite
def sound_rounds(draw: st.DrawFn) -> list[Round]:
    """Keys that are right: shares are parts of one million, spread over rounds and consumers."""

    def parts(count: int, whole: int = 1_000_000) -> list[Decimal]:
        cuts = sorted(draw(st.lists(st.integers(0, whole), min_size=count - 1, max_size=count - 1)))
        bounds = [0, *cuts, whole]
        return [Decimal(high - low) / 1_000_000 for low, high in pairwise(bounds)]

    numbers = draw(st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True))
    made = []
    for number, share in zip(numbers, parts(len(numbers)), strict=True):
        fixed = parts(draw(st.integers(1, 6)))
        needy = draw(st.integers(0, 3))
        dropped = draw(st.booleans()) and needy > 0
        values = [*(fixed[1:] if dropped else fixed), *[BY_NEED] * needy]
        names = draw(st.lists(st.text(min_size=1), min_size=len(values), max_size=len(values), unique=True))
        made.append(Round(number, share, tuple(map(Consumer, names, draw(st.permutations(values))))))
    return made


@given(sound_rounds())
def test_every_sound_key_is_accepted_whatever_the_order_of_its_rounds(key: list[Round]) -> None:
    assert list(mistakes(key, is_new=True)) == []
    assert list(mistakes(key[::-1], is_new=False)) == []


any_share = st.one_of(shares, st.decimals(allow_nan=False, allow_infinity=False, min_value=-2, max_value=2))
any_round = st.builds(
    Round,
    st.integers(-1, 3),
    any_share,
    st.lists(st.builds(Consumer, st.sampled_from("abcd"), st.one_of(any_share, st.just(BY_NEED))), max_size=4).map(
        tuple
    ),
)


@given(st.lists(any_round, max_size=4))
def test_what_is_accepted_can_be_computed_with(key: list[Round]) -> None:
    if list(mistakes(key, is_new=True)):
        return
    assert 1 <= len(key) <= 3
    assert len({each.number for each in key}) == len(key)
    assert abs(sum(Fraction(each.share) for each in key) - 1) <= TOLERANCE
    for each in key:
        assert 0 <= each.number <= 2
        assert each.share >= 0
        assert len({one.name for one in each.consumers}) == len(each.consumers) > 0
        values = [one.share for one in each.consumers]
        fixed = [value for value in values if value != BY_NEED]
        assert all(0 <= value <= 1 for value in fixed)
        total = sum(map(Fraction, fixed), Fraction(0))
        assert total <= 1 if len(fixed) < len(values) else abs(total - 1) <= TOLERANCE


@given(sound_rounds(), st.data())
def test_one_wrong_share_is_found_where_it_is(key: list[Round], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(key) - 1))
    place = data.draw(st.integers(0, len(key[index].consumers) - 1))
    wrong = data.draw(st.one_of(
        st.decimals(min_value="1.000001", max_value=10**6, places=6),
        st.decimals(min_value=-(10**6), max_value="-1.000001", places=6),
        st.decimals(min_value="-0.999999", max_value="-0.000001", places=6),
    ))  # fmt: skip
    consumers = list(key[index].consumers)
    consumers[place] = consumers[place]._replace(share=wrong)
    key[index] = key[index]._replace(consumers=tuple(consumers))
    (only,) = mistakes(key, is_new=True)
    assert only.path == ("iterations", index, "consumers", place, "energy_allocated_percentage")
    assert only.number == (45001 if wrong > 1 else 45000)


def test_sums_are_exact_where_floats_and_short_decimals_are_not() -> None:
    tiny = "0." + "0" * 60 + "1"
    assert found((0, "1", {"a": NEED, "b": "1", "c": tiny}))[0].says == OVER_FULL
    assert found((0, "1", {f"c{n}": "0.1" for n in range(10)} | {"need": NEED})) == []


@pytest.mark.parametrize(
    ("share", "text"),
    [("0.6", "60%"), ("1", "100%"), ("1.0", "100%"), ("0", "0%"), ("0.333", "33.3%"), ("1E-7", "0.00001%"),
     ("-1", "PRORATA"), ("-1.0", "PRORATA"), ("0.1", "10%"), ("0.005", "0.5%")],
)  # fmt: skip
def test_a_share_as_text(share: str, text: str) -> None:
    assert percent(Decimal(share)) == text
