"""Typed input: every wrong field at once, with its path, and no text that brings the server down."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Meta, UnsetType

from gridloom.kernel.errors import Invalid
from gridloom.kernel.http.checks import number
from gridloom.kernel.http.validation import convert, decode, refuse_nul


class Leaf(msgspec.Struct, forbid_unknown_fields=True):
    sku: str
    count: Annotated[int, Meta(ge=1)] = 1


class Node(msgspec.Struct):
    name: Annotated[str, Meta(max_length=5)]
    price: Annotated[Decimal, number(ge=0, le=100, places=2)]
    leaf: Leaf | UnsetType | None = UNSET
    leaves: list[Leaf] = []
    kind: Literal["a", "b"] = "a"
    when: datetime | None = None
    weight: float | None = None
    by_name: dict[str, Annotated[Decimal, number(ge=0)]] = {}
    by_number: dict[int, str] = {}
    either: int | list[Leaf] | None = None


class Chain(msgspec.Struct):
    next: "list[Chain]" = []
    value: Decimal = Decimal(0)


class Span(msgspec.Struct):
    low: int
    high: int

    def mistakes(self) -> Any:
        if self.low > self.high:
            yield "high", "Expected no less than low."


class Outer(msgspec.Struct):
    spans: list[Span]


GOOD = {"name": "one", "price": 5}


def errors_of(raw: Any, wanted: Any = Node) -> list[tuple[str, str, str]]:
    """Where, path and message of every error of a body."""
    text = raw if isinstance(raw, bytes) else msgspec.json.encode(raw)
    with pytest.raises(Invalid) as caught:
        decode(text, wanted)
    return [(each.where, each.dotted, each.message) for each in caught.value.errors]


def refused(values: Any, wanted: Any = Node) -> list[tuple[str, str]]:
    """Path and message of every error of a query."""
    with pytest.raises(Invalid) as caught:
        convert(values, wanted, where="query")
    assert {each.where for each in caught.value.errors} == {"query"}
    return [(each.dotted, each.message) for each in caught.value.errors]


# --- every error, each with its path ----------------------------------------------------------------------------------


def test_every_wrong_field_is_named_at_once_and_a_missing_one_is_of_its_own_kind() -> None:
    with pytest.raises(Invalid) as caught:
        decode(b'{"price": "x", "kind": "c", "when": "yesterday", "weight": true}', Node)
    assert [(each.path, each.kind) for each in caught.value.errors] == [
        (("name",), "required"),
        (("price",), "invalid"),
        (("kind",), "invalid"),
        (("when",), "invalid"),
        (("weight",), "invalid"),
    ]
    assert caught.value.errors[0].message == "This field is required."


def test_a_wrong_field_in_a_list_of_objects_is_named_with_its_place() -> None:
    leaves = [{"sku": "a"}, {"sku": 5, "count": 0}, {"count": "many"}]
    assert errors_of({**GOOD, "leaves": leaves}) == [
        ("body", "leaves.1.sku", "Expected `str`, got `int`"),
        ("body", "leaves.1.count", "Expected `int` >= 1"),
        ("body", "leaves.2.sku", "This field is required."),
        ("body", "leaves.2.count", "Expected `int`, got `str`"),
    ]


def test_unknown_fields_are_named_where_they_are_forbidden_and_passed_over_elsewhere() -> None:
    assert decode(msgspec.json.encode({**GOOD, "colour": "red"}), Node).name == "one"
    assert errors_of({**GOOD, "leaf": {"sku": "a", "colour": "red", "size": 5}}) == [
        ("body", "leaf.colour", "This field is not known here."),
        ("body", "leaf.size", "This field is not known here."),
    ]


def test_an_object_in_a_union_is_looked_into() -> None:
    assert errors_of({**GOOD, "leaf": {"count": 0}}) == [
        ("body", "leaf.sku", "This field is required."),
        ("body", "leaf.count", "Expected `int` >= 1"),
    ]
    assert errors_of({**GOOD, "either": [{"sku": 1}, {"sku": "a"}]}) == [
        ("body", "either.0.sku", "Expected `str`, got `int`")
    ]
    assert errors_of({**GOOD, "either": "x"}) == [("body", "either", "Expected `int | array | null`, got `str`")]
    assert errors_of({**GOOD, "leaf": [1]}) == [("body", "leaf", "Expected `object | null`, got `array`")]


def test_a_wrong_value_in_a_mapping_is_named_by_its_key() -> None:
    assert errors_of({**GOOD, "by_name": {"x": 1, "y": "much", "z": -1}}) == [
        ("body", "by_name.y", "Invalid decimal string"),
        ("body", "by_name.z", "Expected a number >= 0."),
    ]
    assert errors_of({**GOOD, "by_name": {"x": 1, "y": -1, "z": "NaN"}}) == [
        ("body", "by_name.y", "Expected a number >= 0."),
        ("body", "by_name.z", "Expected a finite number of a usable size."),
    ]


def test_ranges_are_told_together_with_wrong_types() -> None:
    leaves = [{"sku": "a"}]
    assert errors_of({"name": 5, "price": -1, "by_name": {"x": -2}, "leaves": leaves}) == [
        ("body", "name", "Expected `str`, got `int`"),
        ("body", "price", "Expected a number >= 0."),
        ("body", "by_name.x", "Expected a number >= 0."),
    ]
    assert [path for _, path, _ in errors_of({"name": 5, "price": 0.1})] == ["name"]
    spans = {"spans": [{"low": 2, "high": 1}, {"low": "x", "high": 1}]}
    assert [path for _, path, _ in errors_of(spans, Outer)] == ["spans.0.high", "spans.1.low"]


def test_a_mapping_with_number_keys_is_no_error_beside_another_one() -> None:
    assert decode(b'{"name": "one", "price": 5, "by_number": {"7": "x"}}', Node).by_number == {7: "x"}
    assert errors_of({"name": 5, "price": 5, "by_number": {"7": "x"}}) == [
        ("body", "name", "Expected `str`, got `int`")
    ]
    found = errors_of({**GOOD, "by_number": {"seven": "x"}})
    assert [(where, path) for where, path, _ in found] == [("body", "by_number")]


def test_no_more_than_a_hundred_errors_are_told() -> None:
    found = errors_of({**GOOD, "leaves": [{"sku": 1}] * 500})
    assert len(found) == 100
    assert found[99][1] == "leaves.99.sku"
    assert len(errors_of({"spans": [{"low": 2, "high": 1}] * 500}, Outer)) == 100


def test_a_list_as_the_whole_body_is_told_by_index() -> None:
    assert errors_of([{"sku": "a"}, {"sku": 1}], list[Leaf]) == [("body", "1.sku", "Expected `str`, got `int`")]


def test_a_body_of_another_kind_is_one_error_at_the_root() -> None:
    assert errors_of([]) == [("body", "", "Expected `object`, got `array`")]
    assert errors_of(b"null") == [("body", "", "Expected `object`, got `null`")]
    assert errors_of(b'"text"') == [("body", "", "Expected `object`, got `str`")]


def test_fields_that_do_not_go_together_are_named_in_their_place() -> None:
    assert decode(b'{"spans": [{"low": 1, "high": 1}]}', Outer).spans == [Span(1, 1)]
    assert errors_of({"spans": [{"low": 1, "high": 2}, {"low": 3, "high": 2}]}, Outer) == [
        ("body", "spans.1.high", "Expected no less than low.")
    ]


# --- text that is no JSON ---------------------------------------------------------------------------------------------

NO_JSON = [
    b"", b"{", b'{"name": ', b'{"name": "x"', b"{'name': 1}", b"\xff\xfe", b'{"name": "\xff", "price": 1}', b"NaN",
    b'{"name": "a\x00b", "price": 1}', b'{"name": "\\ud800", "price": 1}', b'{"name": "one", "price": NaN}',
]  # fmt: skip


@pytest.mark.parametrize("raw", NO_JSON)
def test_what_is_no_json_is_one_error_at_the_root(raw: bytes) -> None:
    [(where, path, message)] = errors_of(raw)
    assert (where, path) == ("body", "")
    assert message.startswith("The body is not valid JSON: ")


@pytest.mark.parametrize(
    "raw", [b'{"name": 5, "price', b'{"name": 5, "price": "\xff"}', b'{"name": 5, "kind": \xff}', b'{"name": 5}}']
)
def test_a_wrong_field_before_the_place_where_the_json_breaks_is_no_crash(raw: bytes) -> None:
    [(where, path, message)] = errors_of(raw)
    assert (where, path) == ("body", "")
    assert message.startswith("The body is not valid JSON: ")


@pytest.mark.parametrize("opening", [b"[", b'{"next":[', b'{"a":'])
@pytest.mark.parametrize("field", [b"name", b"other"])
def test_a_depth_bomb_is_refused(opening: bytes, field: bytes) -> None:
    for raw in (opening * 50_000, b'{"%s": %s' % (field, opening * 50_000)):
        [(where, path, _)] = errors_of(raw)
        assert (where, path) == ("body", "")
    [(_, _, message)] = errors_of(b'{"price": "x", "%s": %s' % (field, b"[" * 50_000 + b"]" * 50_000 + b"}"))
    assert message == "The body is not valid JSON: nested too deeply"


def test_an_object_that_holds_itself_is_checked_as_deep_as_it_goes() -> None:
    nested: dict[str, Any] = {"value": "-Infinity"}
    for _ in range(50):
        nested = {"next": [nested]}
    [(_, path, message)] = errors_of(nested, Chain)
    assert path == ".".join(["next.0"] * 50 + ["value"])
    assert message == "Expected a finite number of a usable size."
    for levels in (300, 1000, 3000):
        raw = b'{"next":[' * levels + b'{"value":"NaN"}' + b"]}" * levels
        assert len(errors_of(raw, Chain)) == 1


# --- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("huge", ["1e400", "-1e400", "9" * 5000, "1" + "0" * 400, "1e99999999999"])
def test_a_number_beyond_all_sizes_is_refused(huge: str) -> None:
    for field in ("price", "weight", "leaf", "colour"):
        raw = json.dumps({"name": 5, "price": 1, field: "@"}).replace('"@"', huge).encode()
        assert errors_of(raw)
    for field in ("price", "weight"):
        raw = json.dumps({**GOOD, field: "@"}).replace('"@"', huge).encode()
        [(where, path, _)] = errors_of(raw)
        assert where == "body"
        assert path in (field, "")


@pytest.mark.parametrize("word", ["nan", "NaN", "inf", "-inf", "Infinity", "-Infinity", "1e999", "sNaN", "nan123"])
def test_a_query_takes_no_number_that_is_none(word: str) -> None:
    assert [path for path, _ in refused({**GOOD, "weight": word})] == ["weight"]
    assert [path for path, _ in refused({**GOOD, "price": word})] == ["price"]
    assert [path for path, _ in refused({**GOOD, "by_name": {"x": word}})] == ["by_name.x"]


def test_a_query_reads_numbers_and_truths_from_text() -> None:
    class Asked(msgspec.Struct):
        count: int
        share: float
        price: Decimal
        whole: bool
        at: datetime

    found = convert(
        {"count": "7", "share": "0.5", "price": "1.10", "whole": "true", "at": "2024-02-29T00:00:00Z"},
        Asked,
        where="query",
    )
    assert (found.count, found.share, str(found.price), found.whole) == (7, 0.5, "1.10", True)
    assert found.at.isoformat() == "2024-02-29T00:00:00+00:00"
    assert [
        path for path, _ in refused({"count": "7x", "share": "", "price": "1,1", "whole": "si", "at": "x"}, Asked)
    ] == [
        "count",
        "share",
        "price",
        "whole",
        "at",
    ]


def test_a_decimal_of_a_body_keeps_every_digit() -> None:
    assert decode(b'{"name": "one", "price": 10.10}', Node).price == Decimal("10.10")
    assert decode(b'{"value": 0.1234567890123456789}', Chain).value == Decimal("0.1234567890123456789")
    assert decode(b'{"value": "0.1234567890123456789"}', Chain).value == Decimal("0.1234567890123456789")


def test_a_field_said_twice_wrong_then_right_is_refused_instead_of_read_through_a_float() -> None:
    [(where, path, _)] = errors_of(b'{"value": "x", "value": 0.1234567890123456789}', Chain)
    assert (where, path) == ("body", "value")


EDGES = [
    ("0", None), ("-0", None), ("100", None), ("99.99", None), ("1e2", None), ("0E+2", None), ("1.5000", None),
    ("-0.01", "Expected a number >= 0."), ("100.01", "Expected a number <= 100."),
    ("1.001", "Expected at most 2 places after the point."), ("1e18", "Expected a number <= 100."),
    ("1e19", "Expected a finite number of a usable size."), ("0e19", "Expected a finite number of a usable size."),
    ("1e-31", "Expected a finite number of a usable size."), ("1e-30", "Expected at most 2 places after the point."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), EDGES)
def test_the_range_of_a_decimal_holds_to_its_ends(text: str, message: str | None) -> None:
    raw = json.dumps({"name": "one", "price": text}).encode()
    if message is None:
        assert decode(raw, Node).price == Decimal(text)
    else:
        assert errors_of(raw) == [("body", "price", message)]


Ranged = Annotated[Decimal, number(gt=-5, le=5, places=3)]


class Priced(msgspec.Struct):
    price: Ranged


@given(st.decimals(min_value=-20, max_value=20, allow_nan=False, allow_infinity=False, places=5))
def test_a_decimal_passes_exactly_when_it_is_in_its_range(value: Decimal) -> None:
    fits = -5 < value <= 5 and value == round(value, 3)
    try:
        found = convert({"price": str(value)}, Priced, where="query")
    except Invalid as invalid:
        assert not fits
        assert [each.path for each in invalid.errors] == [("price",)]
    else:
        assert fits
        assert found.price == value


@given(st.decimals())
def test_whatever_decimal_there_is_passes_or_is_refused_by_name(value: Decimal) -> None:
    try:
        found = decode(msgspec.json.encode({"value": str(value)}), Chain)
    except Invalid as invalid:
        assert [each.path for each in invalid.errors] == [("value",)]
    else:
        assert found.value == value
        assert value.is_finite()
        assert value.adjusted() <= 18


def test_a_number_excludes_its_lower_end_where_it_says_so() -> None:
    assert refused({"price": "-5"}, Priced) == [("price", "Expected a number > -5.")]
    assert convert({"price": "-4.999"}, Priced, where="query").price == Decimal("-4.999")


# --- NUL --------------------------------------------------------------------------------------------------------------


def test_a_nul_is_named_wherever_it_hides() -> None:
    raw = b'{"name": "a\\u0000", "leaves": [{"sku": "ok"}, {"sku": "\\u0000"}], "x\\u0000": 1}'
    with pytest.raises(Invalid) as caught:
        refuse_nul(raw)
    assert [each.path for each in caught.value.errors] == [("name",), ("leaves", 1, "sku"), ()]
    assert {each.message for each in caught.value.errors} == {"Text must not hold a NUL character."}


@pytest.mark.parametrize("raw", [b'{"name": "a\\\\u0000"}', b'{"name": "u0000"}', b"\\u0000", b"[" * 50_000])
def test_what_only_looks_like_a_nul_passes(raw: bytes) -> None:
    refuse_nul(raw)


# --- whatever comes ---------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*Node.__struct_fields__, "sku"]), inner)
    ),
    max_leaves=8,
)


@given(JSON)
def test_any_json_is_an_object_of_ours_or_refused_with_at_least_one_reason(value: Any) -> None:
    raw = json.dumps(value).encode()
    try:
        assert isinstance(decode(raw, Node), Node)
    except Invalid as invalid:
        assert invalid.errors
        assert all(each.where == "body" and each.message for each in invalid.errors)


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_or_read(raw: bytes) -> None:
    refuse = None
    try:
        decode(b'{"name":' + raw, Node)
        decode(raw, Node)
    except Invalid as invalid:
        refuse = invalid
    assert refuse is not None


@given(st.dictionaries(st.sampled_from(Node.__struct_fields__), st.text(max_size=6) | st.lists(st.text(max_size=3))))
def test_any_query_is_an_object_of_ours_or_refused_by_field(values: dict[str, Any]) -> None:
    try:
        convert(values, Node, where="query")
    except Invalid as invalid:
        assert invalid.errors
        assert {each.path[0] for each in invalid.errors} <= set(Node.__struct_fields__)
