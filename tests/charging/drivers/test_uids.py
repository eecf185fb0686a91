"""When two ways of writing an identifier are the same tag."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridloom.charging.drivers.uids import uid_key


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("04a23b9c", "04A23B9C"),
        ("04:A2:3B:9C", "04A23B9C"),
        (" 04-a2-3b 9c\n", "04A23B9C"),
        ("be-8aa-ca2b3c4d5-n", "BE8AACA2B3C4D5N"),
        ("DE*8AA*CA2B3C4D5", "DE*8AA*CA2B3C4D5"),
        ("user-1", "USER-1"),
        ("04:A2:3", "04:A2:3"),
        ("VID:AABBCCDDEEFF", "VID:AABBCCDDEEFF"),
        ("*0000042", "*0000042"),
    ],
)
def test_an_identifier_is_compared_in_one_form(written: str, compared: str) -> None:
    assert uid_key(written) == compared


@given(st.binary(min_size=1, max_size=10), st.sampled_from(["", ":", "-", " "]), st.booleans())
def test_bytes_are_the_same_tag_with_every_filling_and_case(raw: bytes, filling: str, capital: bool) -> None:
    text = raw.hex(filling) if filling else raw.hex()
    assert uid_key(text.upper() if capital else text) == raw.hex().upper()


@given(st.text(max_size=36))
def test_the_compared_form_is_its_own_compared_form(text: str) -> None:
    assert uid_key(uid_key(text)) == uid_key(text)


@given(st.binary(min_size=4, max_size=10), st.binary(min_size=4, max_size=10))
def test_different_bytes_are_different_tags(one: bytes, other: bytes) -> None:
    assert (uid_key(one.hex(":")) == uid_key(other.hex("-"))) == (one == other)
