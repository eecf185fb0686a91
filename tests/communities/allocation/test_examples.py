"""Worked examples with their numbers, and the Austrian rules as oracles."""

from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pytest

from gridloom.communities.allocation.public import BY_NEED, MICRO, Round, allocate, rates


class Example(NamedTuple):
    name: str
    rounds: tuple[tuple[str, tuple[str, ...]], ...]
    demand: tuple[str, ...]
    production: str
    shared: tuple[str, ...]
    surplus: str
    pools: tuple[str, ...]


EXAMPLES = (
    Example("one round, fixed", (("1", ("0.3", "0.5", "0.2")),), ("160", "300", "350"), "1000",
            ("160", "300", "200"), "340", ("1000",)),
    Example("what a round leaves goes on", (("0.5", ("1",)), ("0.5", ("1",))), ("100",), "1000",
            ("100",), "900", ("500", "900")),
    Example("fixed, then by need, enough", (("0.6", ("0.7", "0.3")), ("0.4", ("-1", "-1"))), ("1", "4"), "5",
            ("1", "4"), "0", ("3", "3.1")),
    Example("fixed, then by need, short", (("0.6", ("0.7", "0.3")), ("0.4", ("-1", "-1"))), ("5", "1"), "2",
            ("1.533333", "0.466667"), "0", ("1.2", "0.8")),
    Example("three rounds", (("0.5", ("0.5", "0.5")), ("0.3", ("-1", "-1")), ("0.2", ("1", "0"))), ("1.2", "0.1"), "1.4",
            ("1.2", "0.1"), "0.1", ("0.7", "0.67", "0.28")),
    Example("mixed: the fixed one first, the others get what it leaves", (("1", ("0.4", "-1", "-1")),), ("10", "3", "1"), "5",
            ("2", "2.25", "0.75"), "0", ("5",)),
    Example("a share that nobody claims stays", (("1", ("0.4",)),), ("10",), "5", ("2",), "3", ("5",)),
)  # fmt: skip


def micro(*kwh: str) -> Any:
    return np.array([int(Decimal(each) * MICRO) for each in kwh], dtype=np.int64)


def rounds_of(example: Example) -> list[Round]:
    return [
        Round(Decimal(share), tuple((column, Decimal(x)) for column, x in enumerate(consumers)))
        for share, consumers in example.rounds
    ]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.name)
def test_a_worked_example_comes_out_as_written(example: Example) -> None:
    done = allocate(rounds_of(example), micro(*example.demand)[None], micro(example.production)[None], with_pools=True)
    assert done.shared.tolist() == [micro(*example.shared).tolist()]
    assert done.surplus.tolist() == micro(example.surplus).tolist()
    assert done.pools is not None
    assert done.pools.tolist() == [micro(*example.pools).tolist()]
    assert done.injected.tolist() == [[int(done.shared.sum())]]


def test_the_static_rule_gives_equal_parts_at_most_what_is_taken() -> None:
    rng = np.random.default_rng(7)
    gross, production = rng.integers(0, 3 * MICRO, (500, 8)), rng.integers(0, 10 * MICRO, (500, 1)) // 8 * 8
    key = [Round(Decimal(1), tuple((column, Decimal("0.125")) for column in range(8)))]
    assert (allocate(key, gross, production).shared == np.minimum(gross, production // 8)).all()


def test_the_dynamic_rule_gives_by_consumption() -> None:
    rng = np.random.default_rng(8)
    gross, production = rng.integers(1, 3 * MICRO, (500, 8)), rng.integers(0, 10 * MICRO, (500, 1))
    shared = allocate([Round(Decimal(1), tuple((column, BY_NEED) for column in range(8)))], gross, production).shared
    total = gross.sum(axis=1, keepdims=True)
    assert (shared.sum(axis=1) == np.minimum(production, total)[:, 0]).all()
    exact = gross * np.minimum(1.0, production / total)
    largest = exact.argmax(axis=1)
    off = np.abs(shared - exact)
    off[np.arange(500), largest] = 0
    assert float(off.max()) < 1


def test_what_rounding_leaves_goes_to_the_largest_who_has_room_the_first_of_equals() -> None:
    key = [Round(Decimal(1), tuple((column, Decimal("0.25")) for column in range(4)))]
    # A quarter of 11 is 2.75 and rounds to 3 each, one too many.
    assert allocate(key, np.array([[9, 9, 9, 9]]), np.array([[11]])).shared.tolist() == [[2, 3, 3, 3]]
    # A quarter of 9 is 2.25: one is missing, and the first has no room for it.
    assert allocate(key, np.array([[2, 9, 9, 9]]), np.array([[9]])).shared.tolist() == [[2, 3, 2, 2]]
    # Producers too: 1 of three equal ones.
    by_need = [Round(Decimal(1), ((0, BY_NEED),))]
    assert allocate(by_need, np.array([[1]]), np.array([[5, 5, 5]])).injected.tolist() == [[1, 0, 0]]


def test_who_is_not_in_the_key_gets_nothing_and_who_has_no_meter_leaves_its_share() -> None:
    key = [Round(Decimal(1), ((None, Decimal("0.5")), (1, Decimal("0.5"))))]
    done = allocate(key, np.array([[100, 100]]), np.array([[80]]))
    assert done.shared.tolist() == [[0, 40]]
    assert done.surplus.tolist() == [40]


def test_without_rounds_nothing_is_shared() -> None:
    done = allocate([], np.array([[100, 100]]), np.array([[80]]), with_pools=True)
    assert (done.shared.tolist(), done.injected.tolist(), done.surplus.tolist()) == ([[0, 0]], [[0]], [80])
    assert done.pools is not None
    assert done.pools.shape == (1, 0)


def test_shares_a_thousandth_over_one_share_no_more_than_there_is() -> None:
    key = [
        Round(Decimal("0.6"), ((0, Decimal("0.5005")), (1, Decimal("0.5005")))),
        Round(Decimal("0.401"), ((0, BY_NEED),)),
    ]
    done = allocate(key, np.array([[MICRO, MICRO]]), np.array([[MICRO]]), with_pools=True)
    assert int(done.shared.sum()) == MICRO
    assert done.pools is not None
    assert done.pools.tolist() == [[599401, 400599]]


def test_rates_are_parts_of_what_was_produced_and_taken_and_zero_of_nothing() -> None:
    assert rates(30, 40, 120) == (0.75, 0.25)
    assert rates(0, 0, 0) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("gross", "production", "column"),
    [([[-1]], [[1]], 0), ([[1]], [[-1]], 0), ([[1]], [[1], [1]], 0), ([1], [[1]], 0), ([[1]], [[1]], 1)],
)
def test_what_cannot_be_shared_is_refused(gross: Any, production: Any, column: int) -> None:
    with pytest.raises(ValueError, match=r"negative|two-dimensional|no column"):
        allocate([Round(Decimal(1), ((column, Decimal(1)),))], np.array(gross), np.array(production))
