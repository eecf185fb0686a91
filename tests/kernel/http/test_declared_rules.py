"""What a declaration can say beyond types: fields that go together, scopes that stand for each other, values that are taken."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import asyncpg
import msgspec
import pytest
from sqlalchemy import Column, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from gridloom.kernel.database.statement import Statement
from gridloom.kernel.errors import Conflict, Invalid
from gridloom.kernel.http.filters import holds, since, until
from gridloom.kernel.http.refusals import told
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.http.validation import decode


class Span(msgspec.Struct):
    """A struct whose fields depend on each other."""

    low: int
    high: int
    inner: list["Span"] = []

    def mistakes(self) -> Iterator[tuple[str, str]]:
        if self.low > self.high:
            yield "high", "Too low."


class Whole(msgspec.Struct):
    """A struct that holds such structs, and says nothing itself."""

    spans: list[Span] | msgspec.UnsetType | None = msgspec.UNSET
    first: Span | None = None


def test_fields_that_do_not_go_together_are_named_where_they_are() -> None:
    wrong = {"low": 2, "high": 1, "inner": [{"low": 9, "high": 0}]}
    whole = {"spans": [{"low": 1, "high": 2}, wrong], "first": {"low": 1, "high": 0}}
    with pytest.raises(Invalid) as refused:
        decode(msgspec.json.encode(whole), Whole)
    found = [(error.dotted, error.message) for error in refused.value.errors]
    assert found == [("spans.1.inner.0.high", "Too low."), ("spans.1.high", "Too low."), ("first.high", "Too low.")]


@pytest.mark.parametrize("raw", [b"{}", b'{"spans": null}', b'{"spans": [{"low": 1, "high": 1}]}'])
def test_fields_that_go_together_pass(raw: bytes) -> None:
    assert isinstance(decode(raw, Whole), Whole)


class StillNeeded(Invalid):
    """Still needed, said in a way of its own."""


def subject(*scopes: str) -> Subject:
    return Subject(tenant_id=1, id="token:1", kind="service", scopes=frozenset(scopes))


@pytest.mark.parametrize("granted", ["notes:update", "notes:pin", "notes", "*", "no*"])
def test_one_of_several_scopes_is_enough(granted: str) -> None:
    assert subject(granted).may("notes:update|notes:pin")


@pytest.mark.parametrize("granted", ["notes:delete", "note", "notes:updat", "notes:update|notes", "x*"])
def test_another_scope_is_not_enough(granted: str) -> None:
    assert not subject(granted).may("notes:update|notes:pin")


def broken(kind: type[asyncpg.PostgresError], constraint: str, detail: str) -> asyncpg.PostgresError:
    error = kind("refused")
    error.constraint_name = constraint
    error.detail = detail
    return error


def test_a_value_that_is_taken_is_a_wrong_field_where_the_declaration_says_so() -> None:
    with pytest.raises(Invalid) as refused, told({"uq_a": "alpha"}, Conflict):
        raise broken(asyncpg.UniqueViolationError, "uq_a", "")
    assert [error.dotted for error in refused.value.errors] == ["alpha"]
    with pytest.raises(asyncpg.UniqueViolationError), told({"uq_a": "alpha"}, Conflict):
        raise broken(asyncpg.UniqueViolationError, "uq_b", "")


@pytest.mark.parametrize("kind", [asyncpg.ForeignKeyViolationError, asyncpg.RestrictViolationError])
@pytest.mark.parametrize("verb", ["is still referenced", "is referenced"])
def test_a_row_that_is_needed_is_refused_as_the_declaration_says(kind: type[asyncpg.PostgresError], verb: str) -> None:
    detail = f'Key (tenant_id, id)=(1, 2) {verb} from table "paid".'
    with pytest.raises(StillNeeded), told({}, StillNeeded):
        raise broken(kind, "fk", detail)
    with pytest.raises(kind), told({}, Conflict):
        raise broken(kind, "fk", detail)


def test_a_reference_that_points_at_nothing_is_no_row_in_use() -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError), told({}, StillNeeded):
        raise broken(asyncpg.ForeignKeyViolationError, "fk", 'Key (tax_id)=(5) is not present in table "tax".')


thing = Table("thing", MetaData(), Column("tags", ARRAY(Text)), Column("at", Text))


def test_a_moment_without_an_offset_is_in_utc() -> None:
    naive = datetime(2026, 3, 1, 12)  # noqa: DTZ001 - that is the case
    east = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    for filter_ in (since(thing.c.at), until(thing.c.at)):
        assert filter_.value(naive) == datetime(2026, 3, 1, 12, tzinfo=UTC)
        assert filter_.value(east) == east


def test_an_array_that_holds_a_value_is_asked_in_a_way_that_an_index_serves() -> None:
    built = Statement(thing.select().where(holds(thing.c.tags).condition("f_tag")))
    assert "@>" in built.text
    assert built.names == ("f_tag",)
