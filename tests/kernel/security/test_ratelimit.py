"""Over any stretch of time no more passes than was said, and nobody is held back for another."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gridloom.kernel.errors import RateLimited
from gridloom.kernel.security.ratelimit import SECOND_NS, Limit, LoginLimiter, RateLimiter, address_key


class Watch:
    """A clock that is set by hand, in seconds."""

    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return int(self.seconds * SECOND_NS)


@pytest.fixture
def watch():
    return Watch()


def test_a_whole_limit_passes_at_once_and_the_next_has_to_wait(watch):
    limiter = RateLimiter(Limit(3, 60), clock_ns=watch)
    assert [limiter.take("a").remaining for _ in range(3)] == [2, 1, 0]
    refused = limiter.take("a")
    assert (refused.allowed, refused.limit, refused.remaining) == (False, 3, 0)
    assert (refused.retry_after_s, refused.reset_s) == (20, 60)
    watch.seconds += 19.9
    assert limiter.take("a").retry_after_s == 1
    watch.seconds += 0.1
    assert limiter.take("a").allowed
    assert not limiter.take("a").allowed


def test_a_decision_says_itself_in_headers(watch):
    limiter = RateLimiter(Limit(2, 60), clock_ns=watch)
    assert limiter.take("a").headers() == {
        "X-RateLimit-Limit": "2",
        "X-RateLimit-Remaining": "1",
        "X-RateLimit-Reset": "30",
    }
    limiter.take("a")
    assert limiter.take("a").headers("RateLimit-") == {
        "RateLimit-Limit": "2",
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": "60",
        "Retry-After": "30",
    }


def test_a_refusal_can_be_raised_with_its_headers(watch):
    limiter = RateLimiter(Limit(1, 10), clock_ns=watch)
    assert limiter.take("a").enforce().remaining == 0
    with pytest.raises(RateLimited) as fault:
        limiter.take("a").enforce()
    assert fault.value.status == 429
    assert fault.value.headers["Retry-After"] == "10"


def test_a_refusal_and_a_look_take_nothing(watch):
    limiter = RateLimiter(Limit(2, 60), clock_ns=watch)
    assert limiter.look("a").remaining == 2
    assert limiter.look("a").remaining == 2
    limiter.take("a", 2)
    for _ in range(5):
        assert not limiter.take("a").allowed
        assert not limiter.look("a").allowed
    watch.seconds += 30
    assert limiter.look("a").allowed
    assert limiter.take("a").allowed


def test_one_key_does_not_use_up_the_limit_of_another(watch):
    limiter = RateLimiter(Limit(1, 60), clock_ns=watch)
    assert limiter.take("a").allowed
    assert limiter.take("b").allowed
    assert not limiter.take("a").allowed


def test_what_is_given_back_can_be_taken_again(watch):
    limiter = RateLimiter(Limit(1, 60), clock_ns=watch)
    limiter.take("a")
    limiter.give_back("a")
    limiter.give_back("b")
    assert limiter.take("a").allowed
    limiter.forget("a")
    assert limiter.take("a").allowed


steps = st.lists(st.tuples(st.floats(0, 30), st.integers(1, 4)), max_size=60)


@given(count=st.integers(1, 20), seconds=st.integers(1, 90), steps=steps)
def test_no_stretch_of_time_lets_more_pass_than_was_said(count, seconds, steps):
    watch = Watch()
    limiter = RateLimiter(Limit(count, seconds), clock_ns=watch)
    passed = []
    for pause, cost in steps:
        watch.seconds += pause
        if limiter.take("a", cost).allowed:
            passed.append((watch(), cost))
    for first, (start, _) in enumerate(passed):
        taken = 0
        for moment, cost in passed[first:]:
            taken += cost
            assert taken <= count + (moment - start) * count / (seconds * SECOND_NS) + 1e-6


@given(count=st.integers(1, 20), seconds=st.integers(1, 90), steps=steps)
def test_who_waits_as_long_as_was_said_passes_and_before_that_does_not(count, seconds, steps):
    watch = Watch()
    limiter = RateLimiter(Limit(count, seconds), clock_ns=watch)
    for pause, _ in steps:
        watch.seconds += pause
        decision = limiter.take("a")
        looked = limiter.look("a")
        assert looked.allowed == (decision.remaining > 0)
        assert 0 <= decision.remaining < count
        if not decision.allowed:
            watch.seconds += decision.retry_after_s
            assert limiter.take("a").allowed
    watch.seconds += limiter.look("a").reset_s
    assert limiter.look("a").remaining == count


def test_memory_is_bounded_and_whoever_is_held_back_stays_held_back(watch):
    limiter = RateLimiter(Limit(5, 60), capacity=100, clock_ns=watch)
    limiter.take("guesser", 5)
    for number in range(5_000):
        limiter.take(f"invented-{number}")
    assert len(limiter) <= 100
    assert not limiter.take("guesser").allowed


def test_who_has_the_whole_limit_again_is_forgotten_first(watch):
    limiter = RateLimiter(Limit(5, 60), capacity=10, clock_ns=watch)
    for number in range(5):
        limiter.take(f"early-{number}")
    watch.seconds += 13
    for number in range(5):
        limiter.take(f"late-{number}")
    limiter.take("one more")
    assert len(limiter) == 6
    assert limiter.look("late-0").remaining == 4


def test_a_long_key_is_remembered_by_its_digest(watch):
    limiter = RateLimiter(Limit(1, 60), clock_ns=watch)
    limiter.take("x" * 100_000)
    assert not limiter.take("x" * 100_000).allowed
    assert limiter.take("x" * 100_001).allowed
    assert limiter.take("\ud800" * 100).allowed
    assert all(len(key) <= 64 for key in limiter._full_at)


@pytest.mark.parametrize("limit", [Limit(0, 60), Limit(1, 0), Limit(-1, 60)])
def test_a_limit_that_lets_nothing_pass_is_refused(limit):
    with pytest.raises(ValueError, match="positive"):
        RateLimiter(limit)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix", "unix"),
        ("", ""),
    ],
)
def test_what_counts_as_one_address(address, key):
    assert address_key(address) == key


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_a_customer_with_a_whole_network_is_one_address(address, host):
    neighbour = ipaddress.IPv6Address((int(address) >> 64 << 64) | host)
    if address.ipv4_mapped is None and neighbour.ipv4_mapped is None:
        assert address_key(str(address)) == address_key(str(neighbour))


def attempt(limiter, address, login):
    limiter.check(address, login)
    limiter.failed(address, login)


def test_a_login_that_is_guessed_from_many_addresses_is_held_back(watch):
    limiter = LoginLimiter(per_minute=3, clock_ns=watch)
    for number in range(3):
        attempt(limiter, f"192.0.2.{number}", "Anna")
    with pytest.raises(RateLimited) as fault:
        limiter.check("192.0.2.99", " anna ")
    assert fault.value.headers["Retry-After"] == "20"
    limiter.check("192.0.2.99", "bert")


def test_an_address_that_tries_many_logins_is_held_back(watch):
    limiter = LoginLimiter(per_minute=3, clock_ns=watch)
    for number in range(3):
        attempt(limiter, "192.0.2.1", f"user-{number}")
    with pytest.raises(RateLimited):
        limiter.check("192.0.2.1", "somebody-else")
    limiter.check("192.0.2.2", "somebody-else")


def test_a_refused_attempt_is_not_counted(watch):
    limiter = LoginLimiter(per_minute=2, clock_ns=watch)
    for _ in range(2):
        attempt(limiter, "192.0.2.1", "anna")
    for _ in range(50):
        with pytest.raises(RateLimited):
            limiter.check("192.0.2.1", "anna")
    watch.seconds += 30
    limiter.check("192.0.2.1", "anna")


def test_attempts_at_the_same_moment_are_counted_before_they_have_failed(watch):
    limiter = LoginLimiter(per_minute=3, clock_ns=watch)
    for _ in range(3):
        limiter.check("192.0.2.1", "anna")
    with pytest.raises(RateLimited):
        limiter.check("192.0.2.1", "anna")


def test_the_right_password_costs_nothing_and_clears_the_login(watch):
    limiter = LoginLimiter(per_minute=3, clock_ns=watch)
    for _ in range(100):
        limiter.check("192.0.2.1", "anna")
        limiter.succeeded("192.0.2.1", "anna")
    for number in range(2):
        attempt(limiter, f"192.0.2.{number}", "anna")
    limiter.check("192.0.2.9", "anna")
    limiter.succeeded("192.0.2.9", "anna")
    for _ in range(3):
        attempt(limiter, "192.0.2.8", "anna")


def test_one_right_password_does_not_wash_an_address_that_guesses(watch):
    limiter = LoginLimiter(per_minute=3, clock_ns=watch)
    for number in range(2):
        attempt(limiter, "192.0.2.1", f"victim-{number}")
    limiter.check("192.0.2.1", "own")
    limiter.succeeded("192.0.2.1", "own")
    attempt(limiter, "192.0.2.1", "victim-2")
    with pytest.raises(RateLimited):
        limiter.check("192.0.2.1", "victim-3")


def test_patient_guessing_meets_the_limit_of_the_hour(watch):
    limiter = LoginLimiter(per_minute=2, clock_ns=watch)
    let_in = 0
    for _ in range(120):
        try:
            attempt(limiter, "192.0.2.1", "anna")
            let_in += 1
        except RateLimited:
            pass
        watch.seconds += 30
    assert let_in == 19  # ten at the start of the hour, then one every six minutes


def test_the_attempt_that_uses_up_a_limit_is_logged_without_the_login(watch):
    limiter = LoginLimiter(per_minute=2, clock_ns=watch)
    with capture_logs() as logs:
        attempt(limiter, "192.0.2.1", "anna")
        assert logs == []
        attempt(limiter, "192.0.2.1", "anna")
    assert [(line["event"], line["address"]) for line in logs] == [("logins_held_back", "192.0.2.1")]
    assert "anna" not in str(logs)
