"""What holds of every key and every step."""

from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.communities.allocation import model

from gridloom.communities.allocation import rules
from gridloom.communities.allocation.public import BY_NEED, Round, allocate

MOST = 6
energies = st.one_of(st.integers(0, 12), st.integers(0, 5_000_000), st.integers(0, 10**12))
parts = st.integers(0, 1000).map(lambda n: Decimal(n) / 1000)


@st.composite
def consumers(draw: Any, count: int) -> tuple[tuple[int | None, Decimal], ...]:
    columns = draw(st.lists(st.integers(0, count - 1), unique=True, max_size=count))
    weights = [draw(st.one_of(st.none(), st.integers(0, 100))) for _ in columns]
    whole = Decimal(max(1, sum(each for each in weights if each is not None) + draw(st.integers(0, 20))))
    shares = [BY_NEED if each is None else (Decimal(each) / whole).quantize(Decimal("1e-9")) for each in weights]
    named = zip(columns, shares, strict=True)
    return (*named, *draw(st.sampled_from(((), ((None, Decimal("0.001")),)))))


@st.composite
def cases(draw: Any) -> tuple[list[Round], Any, Any]:
    count, producers, steps = draw(st.integers(1, MOST)), draw(st.integers(1, 3)), draw(st.integers(1, 4))
    rounds = [Round(draw(parts), draw(consumers(count))) for _ in range(draw(st.integers(0, 3)))]
    gross = [[draw(energies) for _ in range(count)] for _ in range(steps)]
    production = [[draw(energies) for _ in range(producers)] for _ in range(steps)]
    return rounds, np.array(gross, dtype=np.int64), np.array(production, dtype=np.int64)


@given(cases())
def test_energy_is_conserved_to_the_last_digit(case: tuple[list[Round], Any, Any]) -> None:
    rounds, gross, production = case
    done = allocate(rounds, gross, production)
    assert (done.shared.sum(axis=1) == done.injected.sum(axis=1)).all()
    assert (done.shared.sum(axis=1) + done.surplus == production.sum(axis=1)).all()


@given(cases())
def test_nobody_shares_more_than_was_taken_or_injected_and_nothing_is_negative(
    case: tuple[list[Round], Any, Any],
) -> None:
    rounds, gross, production = case
    done = allocate(rounds, gross, production)
    assert (done.shared >= 0).all()
    assert (done.shared <= gross).all()
    assert (done.injected >= 0).all()
    assert (done.injected <= production).all()
    assert (done.surplus >= 0).all()


@given(cases())
def test_the_numbers_are_those_of_exact_rationals(case: tuple[list[Round], Any, Any]) -> None:
    rounds, gross, production = case
    done = allocate(rounds, gross, production, with_pools=True)
    assert done.pools is not None
    for step in range(len(gross)):
        exact = model.share(rounds, gross[step].tolist(), production[step].tolist())
        assert abs(int(done.shared[step].sum()) - sum(exact.shared)) <= 1
        for ours, theirs in zip(done.shared[step].tolist(), exact.shared, strict=True):
            assert abs(ours - theirs) <= gross.shape[1]
        for ours, theirs in zip(done.injected[step].tolist(), exact.injected, strict=True):
            assert abs(ours - theirs) <= production.shape[1] + 1
        for ours, theirs in zip(done.pools[step].tolist(), exact.pools, strict=True):
            assert abs(ours - theirs) <= 1
        assert abs(int(done.surplus[step]) - exact.surplus) <= 1


@given(cases())
def test_the_same_input_gives_the_same_bytes_however_the_work_is_cut(case: tuple[list[Round], Any, Any]) -> None:
    rounds, gross, production = case
    whole = allocate(rounds, gross, production)
    for step in range(len(gross)):
        alone = allocate(rounds, gross[step : step + 1], production[step : step + 1])
        assert alone.shared.tobytes() == whole.shared[step : step + 1].tobytes()
        assert alone.injected.tobytes() == whole.injected[step : step + 1].tobytes()


def test_a_long_time_in_blocks_is_what_its_steps_are_alone() -> None:
    rng = np.random.default_rng(3)
    steps, count = 2 * rules._BLOCK // 40 + 7, 40
    gross, production = rng.integers(0, 10**7, (steps, count)), rng.integers(0, 10**8, (steps, 3))
    key = [
        Round(Decimal("0.5"), tuple((c, Decimal("0.04")) for c in range(0, count, 2))),
        Round(Decimal("0.5"), tuple((c, BY_NEED) for c in range(1, count, 3))),
    ]
    whole = allocate(key, gross, production)
    for start in range(0, steps, 311):
        block = slice(start, start + 311)
        assert (allocate(key, gross[block], production[block]).shared == whole.shared[block]).all()


@given(cases(), st.integers(1, 10**7))
def test_more_production_never_shares_less(case: tuple[list[Round], Any, Any], more: int) -> None:
    rounds, gross, production = case
    richer = production.copy()
    richer[:, 0] += more
    before, after = allocate(rounds, gross, production), allocate(rounds, gross, richer)
    assert (after.shared.sum(axis=1) >= before.shared.sum(axis=1)).all()


@given(cases(), st.randoms(use_true_random=False))
def test_another_order_of_consumers_gives_the_same_up_to_the_remainder(
    case: tuple[list[Round], Any, Any], random: Any
) -> None:
    rounds, gross, production = case
    count = gross.shape[1]
    order = list(range(count))
    random.shuffle(order)
    place = {old: new for new, old in enumerate(order)}
    moved = [
        Round(each.share, tuple((None if c is None else place[c], x) for c, x in each.consumers)) for each in rounds
    ]
    before, after = allocate(rounds, gross, production), allocate(moved, gross[:, order], production)
    assert (after.shared.sum(axis=1) == before.shared.sum(axis=1)).all()
    assert int(np.abs(after.shared - before.shared[:, order]).max(initial=0)) <= count


@settings(max_examples=50)
@given(cases(), st.integers(2, 100))
def test_so_many_times_the_energy_is_shared_so_many_times(case: tuple[list[Round], Any, Any], times: int) -> None:
    rounds, gross, production = case
    once, often = allocate(rounds, gross, production), allocate(rounds, gross * times, production * times)
    room = gross.shape[1] * times + gross.shape[1]
    assert int(np.abs(often.shared - once.shared * times).max(initial=0)) <= room


@given(cases())
def test_another_order_of_producers_changes_no_consumer(case: tuple[list[Round], Any, Any]) -> None:
    rounds, gross, production = case
    swapped = production[:, ::-1]
    before, after = allocate(rounds, gross, production), allocate(rounds, gross, swapped)
    assert (after.shared == before.shared).all()
    assert int(np.abs(after.injected[:, ::-1] - before.injected).max(initial=0)) <= production.shape[1]
