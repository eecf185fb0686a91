"""Query strings as nested objects."""

from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridloom.kernel.errors import Invalid
from gridloom.kernel.http.query import nested, pairs


def read(text: str) -> dict[str, Any]:
    return nested(pairs(text.encode()))


def refusal(raw: bytes) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        nested(pairs(raw))
    assert {each.where for each in caught.value.errors} == {"query"}
    return [(each.dotted, each.message) for each in caught.value.errors]


CASES = [
    ("", {}),
    ("a=1", {"a": "1"}),
    ("a=", {"a": ""}),
    ("a", {"a": ""}),
    ("a=1&a=2&a=3", {"a": ["1", "2", "3"]}),
    ("a[]=1", {"a": ["1"]}),
    ("a[]=1&a[]=2", {"a": ["1", "2"]}),
    ("a=1&a[]=2", {"a": ["1", "2"]}),
    ("filter[name]=x&filter[id]=5", {"filter": {"name": "x", "id": "5"}}),
    ("filter[name][]=x&filter[name][]=y", {"filter": {"name": ["x", "y"]}}),
    ("filter[name]=x&filter[name]=y", {"filter": {"name": ["x", "y"]}}),
    ("filter%5Bname%5D%5B%5D=a%20b+c", {"filter": {"name": ["a b c"]}}),
    ("c[0][id]=a&c[1][id]=b", {"c": [{"id": "a"}, {"id": "b"}]}),
    ("c[10]=k&c[9]=j&c[1]=b", {"c": ["b", "j", "k"]}),
    ("c[0]=a&c[x]=b", {"c": {"0": "a", "x": "b"}}),
    ("a[b][c][d][e]=1", {"a": {"b": {"c": {"d": {"e": "1"}}}}}),
    ("0=a&1=b", {"0": "a", "1": "b"}),
    ("a=1=2", {"a": "1=2"}),
    ("a=1;b=2", {"a": "1;b=2"}),
    ("a[b", {"a": ""}),
    ("na%C3%AFve=caf%C3%A9", {"naïve": "café"}),
    ("naïve=café", {"naïve": "café"}),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_a_query_becomes_an_object(text: str, expected: dict[str, Any]) -> None:
    assert read(text) == expected


def test_pairs_keep_their_order_and_their_repetitions() -> None:
    assert pairs(b"b=2&a=1&b=3") == [("b", "2"), ("a", "1"), ("b", "3")]


@pytest.mark.parametrize("text", ["a=1&a[b]=2", "a[b]=2&a=1", "a[b]=1&a[]=2", "a[]=1&a[b]=2", "a[b]=1&a[b][c]=2"])
def test_a_name_that_is_a_value_and_an_object_is_refused(text: str) -> None:
    assert refusal(text.encode()) == [("a", "This parameter is both a value and an object.")]


def test_nesting_ends_at_six_steps() -> None:
    assert read("a[b][c][d][e][f]=1") == {"a": {"b": {"c": {"d": {"e": {"f": "1"}}}}}}
    assert refusal(b"a[b][c][d][e][f][g]=1") == [("a", "This parameter is nested too deeply.")]
    assert refusal(b"a" + b"[b]" * 10_000 + b"=1") == [("a", "This parameter is nested too deeply.")]


def test_two_thousand_parameters_pass_and_no_more() -> None:
    assert len(pairs(b"&".join([b"a=1"] * 2000))) == 2000
    assert len(read("&".join(["a=1"] * 2000))["a"]) == 2000
    assert refusal(b"&".join([b"a=1"] * 2001)) == [("", "The query string cannot be read.")]


@pytest.mark.parametrize("raw", [b"a=%ff", b"%ff=1", b"a=%c3", b"a=\xff", b"\xc3=1", b"a=%ed%a0%80"])
def test_text_that_is_no_utf8_is_refused(raw: bytes) -> None:
    assert refusal(raw) == [("", "The query string cannot be read.")]


@pytest.mark.parametrize("raw", [b"a=%00", b"%00=a", b"filter[a%00]=b", b"a=\x00"])
def test_a_nul_is_refused(raw: bytes) -> None:
    assert refusal(raw) == [("", "The query string holds a NUL character.")]


def test_only_plain_digits_number_a_list() -> None:
    assert read("a[²]=x&a[1]=y") == {"a": {"²": "x", "1": "y"}}
    assert read("a[٣]=x") == {"a": {"٣": "x"}}
    long = "9" * 5000
    assert read(f"a[{long}]=x&a[0]=y") == {"a": {long: "x", "0": "y"}}


# --- whatever is written is read back ---------------------------------------------------------------------------------

NAMES = st.text(st.characters(exclude_characters="[]\x00", codec="utf-8"), min_size=1, max_size=5)
VALUES = st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=8)
INNER = st.recursive(
    VALUES | st.lists(VALUES, min_size=1, max_size=3),
    lambda inner: st.dictionaries(NAMES.filter(lambda name: not name.isdigit()), inner, min_size=1, max_size=3),
    max_leaves=6,
)


def written(name: str, value: Any) -> list[tuple[str, str]]:
    """How a client writes a value: lists with `[]`, objects with `[name]`."""
    if isinstance(value, dict):
        return [pair for key, inner in value.items() for pair in written(f"{name}[{key}]", inner)]
    if isinstance(value, list):
        return [(f"{name}[]", each) for each in value]
    return [(name, value)]


def depth(value: Any) -> int:
    return 1 + max(map(depth, value.values()), default=0) if isinstance(value, dict) else 0


@given(st.dictionaries(NAMES, INNER, max_size=4).filter(lambda whole: depth(whole) <= 6))
def test_what_a_client_writes_is_read_back(whole: dict[str, Any]) -> None:
    flat = [pair for name, value in whole.items() for pair in written(name, value)]
    assert nested(pairs(urlencode(flat).encode())) == whole


@given(
    st.lists(
        st.dictionaries(NAMES.filter(lambda name: not name.isdigit()), VALUES, min_size=1), min_size=1, max_size=12
    )
)
def test_numbered_objects_are_read_back_in_their_order(rows: list[dict[str, str]]) -> None:
    flat = [(f"c[{index}][{name}]", value) for index, row in enumerate(rows) for name, value in row.items()]
    assert nested(pairs(urlencode(list(reversed(flat))).encode())) == {"c": rows}


@given(
    st.binary(max_size=40) | st.text("ab[]&=%0²٣12", max_size=30).map(lambda text: quote(text, safe="[]&=%").encode())
)
def test_any_query_is_an_object_or_refused(raw: bytes) -> None:
    try:
        assert isinstance(nested(pairs(raw)), dict)
    except Invalid as invalid:
        assert [each.where for each in invalid.errors] == ["query"]
