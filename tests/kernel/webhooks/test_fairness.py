"""Slow partners wait for each other, and nobody waits for them."""

from hypothesis import given
from hypothesis import strategies as st

from gridloom.kernel.webhooks.fairness import Slots

LANES = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 20)), unique=True, max_size=30)


def suspect(slots: Slots, *lanes: tuple[int, int]) -> None:
    for lane in lanes:
        slots.judge(lane, is_success=False, took_ms=1)


@given(LANES, LANES, st.integers(1, 64), st.integers(1, 8))
def test_shares_never_exceed_what_is_free_nor_what_one_may_have(
    lanes: list[tuple[int, int]], bad: list[tuple[int, int]], total: int, each: int
) -> None:
    slots = Slots(total, each, slow_s=1)
    suspect(slots, *bad)
    for _ in range(3):
        shares = slots.share_out(lanes)
        assert len({lane for lane, _ in shares}) == len(shares)
        for lane, share in shares:
            assert 1 <= share <= (1 if lane in bad else each)
            for _ in range(share):
                slots.enter(lane)
        assert sum(1 for lane in bad if lane in slots._running) <= max(1, total // 4)
    assert slots.running <= max(total, 2)
    assert {lane for lane, _ in slots.share_out(lanes)} <= set(lanes)


def test_everybody_gets_a_share_before_anybody_gets_two() -> None:
    slots = Slots(16, 8, slow_s=1)
    assert sorted(slots.share_out([(1, 1), (1, 2), (1, 3)])) == [((1, 1), 4), ((1, 2), 4), ((1, 3), 4)]


def test_suspects_together_leave_three_quarters_to_the_others() -> None:
    slots = Slots(16, 8, slow_s=1)
    bad = [(1, number) for number in range(50)]
    suspect(slots, *bad)
    shares = slots.share_out([*bad, (2, 1), (2, 2)])
    assert sum(share for lane, share in shares if lane in bad) == 4
    assert {lane: share for lane, share in shares if lane not in bad} == {(2, 1): 6, (2, 2): 6}


def test_a_partner_becomes_a_suspect_by_failing_or_by_being_slow_and_is_cleared_by_one_good_answer() -> None:
    slots = Slots(16, 8, slow_s=1)
    lane = (1, 1)
    assert slots.share_out([lane]) == [(lane, 8)]
    slots.judge(lane, is_success=True, took_ms=1001)
    assert slots.share_out([lane]) == [(lane, 1)]
    slots.judge(lane, is_success=True, took_ms=1000)
    assert slots.share_out([lane]) == [(lane, 8)]
    slots.judge(lane, is_success=False, took_ms=5)
    assert slots.share_out([lane]) == [(lane, 1)]


def test_what_ended_is_free_again_in_the_share_it_was_taken_from() -> None:
    slots = Slots(8, 8, slow_s=1)
    first, second = (1, 1), (1, 2)
    tokens = [slots.enter(first) for _ in range(6)]
    assert slots.share_out([second]) == []
    suspect(slots, first)
    assert slots.share_out([second]) == []
    for token in tokens:
        slots.leave(first, as_suspect=token)
    assert slots.running == 0
    assert slots.share_out([second]) == [(second, 6)]
