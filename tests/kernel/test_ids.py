"""Identifiers grow, secrets are long enough, codes can be read out."""

import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridloom.kernel import ids


def test_a_uuid7_says_its_version_its_variant_and_its_time():
    before = time.time_ns() // 1_000_000
    value = ids.uuid7()
    after = time.time_ns() // 1_000_000
    assert (value.version, value.variant) == (7, "specified in RFC 4122")
    # The sequence may run ahead of the clock by the milliseconds that overflowed, which needs 2**40 calls in one.
    assert before <= ids.uuid7_ms(value) <= after


def test_identifiers_of_one_process_grow_strictly():
    values = [ids.uuid7() for _ in range(20_000)]
    assert values == sorted(set(values))
    assert [str(value) for value in values] == sorted(str(value) for value in values)


def test_identifiers_of_many_threads_are_distinct_and_grow_in_each():
    with ThreadPoolExecutor(8) as threads:
        lots = list(threads.map(lambda _: [ids.uuid7() for _ in range(2_000)], range(8)))
    assert len({value for lot in lots for value in lot}) == 16_000
    assert all(lot == sorted(lot) for lot in lots)


def test_identifiers_grow_although_the_machine_clock_is_set_back(monkeypatch):
    first = ids.uuid7()
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    second, third = ids.uuid7(), ids.uuid7()
    assert first < second < third


def test_a_full_millisecond_runs_over_into_the_next(monkeypatch):
    sequence = ids._Sequence()
    monkeypatch.setattr(time, "time_ns", lambda: 5_000_000_000)
    sequence.next()
    sequence._tail = ids._TAIL_LIMIT - 1
    ms, tail = sequence.next()
    assert ms == 5_001
    assert 0 <= tail < ids._TAIL_LIMIT


def test_a_forked_child_gives_out_other_identifiers():
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, ids.uuid7().bytes)
        os._exit(0)
    mine = ids.uuid7()
    os.waitpid(child, 0)
    assert UUID(bytes=os.read(reader, 16)) != mine


def test_the_time_of_another_version_is_refused():
    with pytest.raises(ValueError, match="no version 7"):
        ids.uuid7_ms(uuid4())


@given(bits=st.integers(128, 1024), prefix=st.sampled_from(["", "gl", "cpo-api"]))
def test_a_token_carries_its_bits_in_characters_safe_in_a_url(bits, prefix):
    value = ids.token(prefix, bits)
    secret = value.removeprefix(f"{prefix}_") if prefix else value
    assert re.fullmatch(r"[A-Za-z0-9_-]+", value)
    assert len(secret) * 6 >= bits
    assert value != ids.token(prefix, bits)


def test_a_token_below_128_bits_is_refused():
    with pytest.raises(ValueError, match="128"):
        ids.token(bits=127)


def test_a_short_code_has_its_length_and_no_characters_that_look_alike():
    codes = [ids.short_code(12) for _ in range(200)]
    assert all(len(code) == 12 for code in codes)
    assert not set("".join(codes)) & set("01ILOU")
    assert len(set(codes)) == 200
    assert set(ids.short_code(50, "ab")) <= {"a", "b"}
