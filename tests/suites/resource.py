"""The suite of a declared resource: give it good and bad data, inherit the checks that every resource owes.

    class TestTaxes(ResourceSuite):
        resource = taxes
        good = {"name": "VAT", "percentage": 21}
        bad = {"percentage": (-1, 101, "many"), "displayName": ("VAT",)}

good: a body that creates a row. changed: a body that updates it (default: `good`). bad: field -> values that must be refused.
filtered: filter -> (value that finds the created row, value that does not). parents: coroutine that makes the parent rows and
gives the path parameters. Everything runs through HTTP against the real database, as two tenants and with narrow tokens.
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import msgspec
import pytest
from tests.suites.client import Caller, Callers, conforms

from gridloom.kernel.http.pages import Pages
from gridloom.kernel.http.resource import Resource


class ResourceSuite:
    """See the module's text."""

    resource: ClassVar[Resource]
    good: ClassVar[Mapping[str, Any]] = {}
    changed: ClassVar[Mapping[str, Any]] = {}
    bad: ClassVar[Mapping[str, Sequence[Any]]] = {}
    filtered: ClassVar[Mapping[str, tuple[Any, Any]]] = {}
    hidden: ClassVar[Sequence[str]] = ()
    missing_id: ClassVar[Any] = None
    list_statements: ClassVar[int] = 1

    async def path(self, caller: Caller) -> dict[str, Any]:
        """The path parameters of the parents; override for a sub-resource."""
        return {}

    async def body(self, caller: Caller) -> dict[str, Any]:
        """The body that creates a row; override when it needs other rows first."""
        return dict(self.good)

    # --- helpers ------------------------------------------------------------------------------------------------------

    def has(self, verb: str) -> bool:
        return verb in self.resource.verbs

    def need(self, *verbs: str) -> None:
        if missing := [verb for verb in verbs if not self.has(verb)]:
            pytest.skip(f"this resource has no {', '.join(missing)}")

    async def create(self, caller: Caller, **changes: Any) -> dict[str, Any]:
        """A new row through the API, as it was answered."""
        path = await self.path(caller)
        answer = await caller.post(
            caller.url(self.resource, "create", path), json={**await self.body(caller), **changes}
        )
        assert answer.status_code in (200, 201), answer.text
        return {**path, **caller.unwrap(answer, self.resource)}

    def url(self, caller: Caller, verb: str, row: Mapping[str, Any]) -> str:
        """The address of one row, or of the list it is in."""
        path = {name: row[name] for name in self.resource.parents}
        key = self.key_name
        return caller.url(
            self.resource, verb, path if verb in ("list", "create") else {**path, self.resource.item: row[key]}
        )

    @property
    def key_name(self) -> str:
        return "id"

    def unknown(self) -> Any:
        if self.missing_id is not None:
            return self.missing_id
        return (
            "01890000-0000-7000-8000-000000000000"
            if self.resource.key.type.python_type.__name__ == "UUID"
            else 987654321
        )

    # --- the checks ---------------------------------------------------------------------------------------------------

    async def test_an_anonymous_caller_is_refused_everywhere(self, callers: Callers) -> None:
        caller = await callers.owner(self.resource)
        for operation in caller.operations(self.resource):
            url = operation.path
            for name in operation.parameters:
                url = url.replace(f"{{{name}}}", str(self.unknown()))
            answer = await caller.anonymous().request(operation.method, url, json=dict(self.good))
            assert answer.status_code == 401, f"{operation!r} let nobody in"

    async def test_a_token_without_the_scope_is_refused_everywhere(self, callers: Callers) -> None:
        caller = await callers.without_scope(self.resource)
        for operation in caller.operations(self.resource):
            url = operation.path
            for name in operation.parameters:
                url = url.replace(f"{{{name}}}", str(self.unknown()))
            answer = await caller.request(operation.method, url, json=dict(self.good))
            assert answer.status_code == 403, f"{operation!r} let a stranger in"

    async def test_a_reader_cannot_write(self, callers: Callers) -> None:
        self.need("create")
        reader = await callers.reader(self.resource)
        path = await self.path(await callers.owner(self.resource))
        answer = await reader.post(reader.url(self.resource, "create", path), json=dict(self.good))
        assert answer.status_code == 403

    async def test_what_was_created_is_read_back(self, callers: Callers) -> None:
        self.need("create", "read")
        caller = await callers.owner(self.resource)
        row = await self.create(caller)
        answer = await caller.get(self.url(caller, "read", row))
        assert answer.status_code == 200, answer.text
        shown = caller.unwrap(answer, self.resource)
        for name, value in (await self.body(caller)).items():
            if name not in self.hidden and name in shown:
                assert same(shown[name], value), f"{name}: wrote {value!r}, read {shown[name]!r}"

    async def test_answers_have_the_declared_form(self, callers: Callers) -> None:
        self.need("create")
        caller = await callers.owner(self.resource)
        row = await self.create(caller)
        for verb in ("read", "list"):
            if self.has(verb):
                answer = await caller.get(self.url(caller, verb, row))
                conforms(caller.api, answer, self.resource, verb)

    async def test_the_list_holds_what_was_created_and_nothing_of_another_tenant(self, callers: Callers) -> None:
        self.need("create", "list")
        mine, theirs = await callers.owner(self.resource), await callers.other(self.resource)
        row = await self.create(mine)
        foreign = await self.create(theirs)
        found = await mine.all(self.url(mine, "list", row))
        ids = [each[self.key_name] for each in found]
        assert row[self.key_name] in ids
        assert foreign[self.key_name] not in ids

    async def test_another_tenants_row_is_not_found(self, callers: Callers) -> None:
        self.need("create")
        mine, theirs = await callers.owner(self.resource), await callers.other(self.resource)
        row = await self.create(mine)
        for verb in ("read", "update", "delete"):
            if self.has(verb):
                operation = mine.operation(self.resource, verb)
                body = await self.body(theirs) if verb == "update" else None
                answer = await theirs.request(operation.method, self.url(theirs, verb, row), json=body)
                assert answer.status_code == 404, f"{verb} showed another tenant's row"
        if self.has("read"):
            assert (await mine.get(self.url(mine, "read", row))).status_code == 200

    async def test_an_unknown_id_is_not_found(self, callers: Callers) -> None:
        self.need("read")
        caller = await callers.owner(self.resource)
        path = await self.path(caller)
        answer = await caller.get(caller.url(self.resource, "read", {**path, self.resource.item: self.unknown()}))
        assert answer.status_code == 404

    async def test_an_update_changes_what_it_names(self, callers: Callers) -> None:
        self.need("create", "read", "update")
        caller = await callers.owner(self.resource)
        row = await self.create(caller)
        changed = dict(self.changed) or await self.body(caller)
        method = caller.operation(self.resource, "update").method
        answer = await caller.request(method, self.url(caller, "update", row), json=changed)
        assert answer.status_code in (200, 201, 204), answer.text
        shown = caller.unwrap(await caller.get(self.url(caller, "read", row)), self.resource)
        for name, value in changed.items():
            if name not in self.hidden and name in shown:
                assert same(shown[name], value), f"{name}: wrote {value!r}, read {shown[name]!r}"
        if method == "PATCH":
            untouched = {
                n: v for n, v in row.items() if n in shown and n not in changed and not n.endswith(("At", "_at"))
            }
            assert {n: shown[n] for n in untouched} == untouched

    async def test_a_deleted_row_is_gone(self, callers: Callers) -> None:
        self.need("create", "delete")
        caller = await callers.owner(self.resource)
        row = await self.create(caller)
        answer = await caller.delete(self.url(caller, "delete", row))
        assert answer.status_code in (200, 204), answer.text
        if self.has("read"):
            assert (await caller.get(self.url(caller, "read", row))).status_code == 404
        assert (await caller.delete(self.url(caller, "delete", row))).status_code == 404

    async def test_wrong_values_are_refused_by_name_and_change_nothing(self, callers: Callers) -> None:
        self.need("create")
        caller = await callers.owner(self.resource)
        path = await self.path(caller)
        good = await self.body(caller)
        before = await self._count(caller, path)
        for name, values in self.bad.items():
            for value in values:
                answer = await caller.post(caller.url(self.resource, "create", path), json={**good, name: value})
                assert answer.status_code in (400, 422), f"{name}={value!r} was accepted: {answer.text}"
                assert name in answer.text, f"the refusal of {name}={value!r} does not name it: {answer.text}"
        assert await self._count(caller, path) == before

    async def test_every_missing_field_is_named_at_once(self, callers: Callers) -> None:
        self.need("create")
        caller = await callers.owner(self.resource)
        required = [f.encode_name for f in msgspec.structs.fields(self.resource.creates) if f.required]  # type: ignore[arg-type]
        if not required:
            pytest.skip("no field of this resource is required")
        path = await self.path(caller)
        answer = await caller.post(caller.url(self.resource, "create", path), json={})
        assert answer.status_code in (400, 422)
        assert [name for name in required if name not in answer.text] == []

    async def test_a_body_that_is_no_object_is_refused(self, callers: Callers) -> None:
        self.need("create")
        caller = await callers.owner(self.resource)
        path = await self.path(caller)
        for raw in (b"", b"[]", b"{", b"null", b'"text"', b"\xff\xfe", b'{"a":' * 5000):
            headers = {"content-type": "application/json"}
            answer = await caller.post(caller.url(self.resource, "create", path), content=raw, headers=headers)
            assert answer.status_code in (400, 422), f"{raw[:20]!r}: {answer.status_code}"

    async def test_pages_hold_every_row_once(self, callers: Callers) -> None:
        self.need("create", "list")
        if not self.resource.pages:
            pytest.skip("this list has no pages")
        caller = await callers.owner(self.resource)
        first = await self.create(caller)
        rows = [first, *[await self.again(caller, first, n) for n in range(4)]]
        wanted = sorted(str(row[self.key_name]) for row in rows)
        for way in (Pages.NUMBER, Pages.CURSOR):
            if way in self.resource.pages:
                walked = [
                    str(row[self.key_name]) for row in await caller.walk(self.url(caller, "list", first), way, size=2)
                ]
                assert len(walked) == len(set(walked)), f"{way}: a row came twice"
                assert [each for each in wanted if each not in walked] == []

    async def again(self, caller: Caller, first: Mapping[str, Any], number: int) -> dict[str, Any]:
        """A further row beside the first; override when something must be unique."""
        path = {name: first[name] for name in self.resource.parents}
        answer = await caller.post(
            caller.url(self.resource, "create", path), json=await self.body_again(caller, number)
        )
        assert answer.status_code in (200, 201), answer.text
        return {**path, **caller.unwrap(answer, self.resource)}

    async def body_again(self, caller: Caller, number: int) -> dict[str, Any]:
        """The body of the n-th further row."""
        return await self.body(caller)

    async def test_each_filter_finds_what_it_should_and_only_that(self, callers: Callers) -> None:
        self.need("create", "list")
        if unfiltered := sorted(set(self.resource.filters) - set(self.filtered)):
            pytest.fail(f"no data for the filters {', '.join(unfiltered)}")
        caller = await callers.owner(self.resource)
        row = await self.create(caller)
        url = self.url(caller, "list", row)
        for name, (hit, miss) in self.filtered.items():
            found = [each[self.key_name] for each in await caller.all(url, **{name: resolved(hit, row)})]
            assert row[self.key_name] in found, f"{name}={hit!r} does not find the row"
            found = [each[self.key_name] for each in await caller.all(url, **{name: resolved(miss, row)})]
            assert row[self.key_name] not in found, f"{name}={miss!r} finds the row"

    async def test_an_unknown_include_is_refused(self, callers: Callers) -> None:
        self.need("list")
        if not self.resource.includes:
            pytest.skip("this resource includes nothing")
        caller = await callers.owner(self.resource)
        path = await self.path(caller)
        name = caller.api.dialect.include_name
        answer = await caller.get(caller.url(self.resource, "list", path), params={f"{name}[]": "everything"})
        assert answer.status_code in (400, 422)

    async def test_a_list_costs_the_same_statements_for_one_row_and_for_many(self, callers: Callers) -> None:
        self.need("create", "list")
        caller = await callers.owner(self.resource)
        first = await self.create(caller)
        url = self.url(caller, "list", first)
        one = await caller.statements(url, includes=self.resource.includes)
        for number in range(5):
            await self.again(caller, first, number)
        assert await caller.statements(url, includes=self.resource.includes) == one

    async def _count(self, caller: Caller, path: Mapping[str, Any]) -> int:
        if not self.has("list"):
            return 0
        return len(await caller.all(caller.url(self.resource, "list", path)))


def resolved(value: Any, row: Mapping[str, Any]) -> Any:
    """A filter value that depends on the created row."""
    return value(row) if callable(value) else value


def same(shown: Any, written: Any) -> bool:
    """Equal as values: numbers by size, whatever their spelling; objects on the keys that were written."""
    if isinstance(written, dict) and isinstance(shown, dict):
        return all(same(shown.get(key), value) for key, value in written.items())
    if isinstance(written, list) and isinstance(shown, list):
        return len(shown) == len(written) and all(same(s, w) for s, w in zip(shown, written, strict=True))
    if isinstance(written, int | float | str) and isinstance(shown, int | float) and not isinstance(shown, bool):
        try:
            return Decimal(str(shown)) == Decimal(str(written))
        except ArithmeticError:
            return False
    return bool(shown == written) or json.dumps(shown) == json.dumps(written)
