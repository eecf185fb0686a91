"""The document of an API: complete, true, and the same bytes every time."""

import os
import subprocess
import sys
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import UNSET, Meta, UnsetType
from tests.kernel.http.kit import Deep, Plain, TinyApi
from tests.kernel.http.shop import shelves, things

from gridloom.kernel.errors import Conflict, Fault, Invalid, NotFound, Unavailable
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.checks import number
from gridloom.kernel.http.dialect import QueryField
from gridloom.kernel.http.openapi import document, encoded, operation_key
from gridloom.kernel.http.operation import ANYONE, PUBLIC, Operation, action
from gridloom.kernel.http.pages import Pages


class Money(msgspec.Struct):
    """An amount."""

    amount: Annotated[Decimal, number(ge=0, le=100, description="Before tax.")]
    note: str | UnsetType | None = UNSET


class Basket(msgspec.Struct, rename="camel"):
    """What is bought."""

    total_price: Money
    kind: Literal["b", "a"] = "a"
    parts: list["Basket"] = []


class Query(msgspec.Struct, rename="kebab"):
    some_size: Annotated[int, Meta(ge=1, le=9)]
    order: Literal["up", "down"] = "up"


class Headers(msgspec.Struct, rename={"trace": "x-trace"}):
    trace: str | UnsetType = UNSET


class Gone(Fault):
    status = 410
    code = "gone"


async def buy(basket: int, query: Query, headers: Headers, body: Basket, call: Call) -> Money:
    """Buy a basket.

    All of it, or nothing.
    """
    raise AssertionError


def of(*declared: Any, dialect: Plain | None = None) -> dict[str, Any]:
    """The document as a client reads it."""
    found: dict[str, Any] = msgspec.json.decode(encoded(TinyApi(*declared, dialect=dialect)))
    return found


def one(handler: Any = buy, *, dialect: Plain | None = None, **options: Any) -> dict[str, Any]:
    """A POST on /tiny/buy/{basket} in the document."""
    path = "/tiny/buy/{basket}" if handler is buy else "/tiny/buy"
    made = action("POST", path, **{"scope": "tiny.baskets:write", "answers": {201: Money}, **options})(handler)
    found: dict[str, Any] = of(made, dialect=dialect)["paths"][path]["post"]
    return found


def parameters(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in operation["parameters"]}


def test_an_operation_is_described_by_its_declaration() -> None:
    found = one(tags=["shop"])
    assert found["operationId"] == "buy"
    assert found["summary"] == "Buy a basket"
    assert found["description"] == "Buy a basket.\n\nAll of it, or nothing."
    assert found["tags"] == ["shop"]
    assert found["x-scope"] == "tiny.baskets:write"
    assert "deprecated" not in found
    assert "security" not in found
    assert found["requestBody"] == {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Basket"}}},
    }
    assert found["responses"]["201"] == {
        "description": "Created",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Money"}}},
    }
    assert one(deprecated=True)["deprecated"] is True


def test_parameters_have_their_place_their_type_and_whether_they_are_required() -> None:
    assert parameters(one()) == {
        "basket": {"name": "basket", "in": "path", "required": True, "schema": {"type": "integer"}},
        "some-size": {
            "name": "some-size", "in": "query", "required": True, "schema": {"type": "integer", "minimum": 1, "maximum": 9},
        },
        "order": {"name": "order", "in": "query", "required": False, "schema": {"enum": ["down", "up"]}},
        "x-trace": {"name": "x-trace", "in": "header", "required": False, "schema": {"type": "string"}},
    }  # fmt: skip


def test_a_struct_is_described_once_and_may_hold_itself() -> None:
    schemas = of(action("POST", "/tiny/buy/{basket}", scope=ANYONE, answers={201: Money})(buy))["components"]["schemas"]
    assert sorted(schemas) == ["Basket", "Money", "Wrong"]
    assert schemas["Basket"] == {
        "title": "Basket",
        "description": "What is bought.",
        "type": "object",
        "properties": {
            "totalPrice": {"$ref": "#/components/schemas/Money"},
            "kind": {"enum": ["a", "b"], "default": "a"},
            "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Basket"}, "default": []},
        },
        "required": ["totalPrice"],
    }
    assert schemas["Money"]["required"] == ["amount"]
    assert schemas["Money"]["properties"]["note"]["anyOf"] == [{"type": "string"}, {"type": "null"}]


@pytest.mark.parametrize(("dialect", "kind"), [(Plain(), "string"), (Deep(), "number")])
def test_a_decimal_is_described_as_the_dialect_writes_it(dialect: Plain, kind: str) -> None:
    made = action("POST", "/tiny/buy/{basket}", scope=ANYONE, answers={201: Money})(buy)
    amount = of(made, dialect=dialect)["components"]["schemas"]["Money"]["properties"]["amount"]
    assert amount == {
        "description": "Before tax.", "type": kind, "format": "decimal", "minimum": 0, "maximum": 100,
    }  # fmt: skip
    written = msgspec.json.decode(dialect.encoder.encode(Money(Decimal("1.10"))))
    assert written == {"amount": 1.1 if kind == "number" else "1.10"}


def test_everything_that_is_referred_to_is_there() -> None:
    made = action("POST", "/tiny/buy/{basket}", scope=ANYONE, answers={201: Money})(buy)
    whole = of(made, things(), shelves(), dialect=Deep())
    text = msgspec.json.encode(whole).decode()
    referred = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert referred
    assert referred <= set(whole["components"]["schemas"])


def test_two_structs_of_one_name_are_told_apart() -> None:
    class Other(msgspec.Struct):
        other: int

    Other.__name__ = "Money"

    async def swap(body: Other) -> Money:  # type: ignore[valid-type]
        raise AssertionError

    found = one(swap)
    [body] = found["requestBody"]["content"].values()
    [answer] = found["responses"]["201"]["content"].values()
    assert body["schema"] != answer["schema"]


def test_filters_stand_in_one_deep_object_where_the_dialect_has_one() -> None:
    listed = of(things(), dialect=Deep())["paths"]["/tiny/things"]["get"]
    found = parameters(listed)
    assert found["filter"]["style"] == "deepObject"
    assert found["filter"]["explode"] is True
    assert found["filter"]["required"] is False
    schema = of(things(), dialect=Deep())["components"]["schemas"]["ThingFilter"]
    assert list(schema["properties"]) == ["name", "code", "count", "kind", "tag", "from", "to", "removed"]
    assert schema.get("required", []) == []
    assert schema["properties"]["from"] == {"type": "string"}
    assert schema["properties"]["removed"] == {"enum": ["0", "1"]}
    assert schema["properties"]["count"]["anyOf"] == [
        {"type": "integer"},
        {"type": "array", "items": {"type": "integer"}},
    ]
    flat = parameters(of(things(), dialect=Plain())["paths"]["/tiny/things"]["get"])
    assert {"name", "code", "from", "removed"} <= set(flat)
    assert "style" not in flat["name"]


def test_pages_and_includes_are_parameters() -> None:
    listed = parameters(of(things(), shelves(), dialect=Deep())["paths"]["/tiny/things"]["get"])
    assert {"size", "page", "cursor"} <= set(listed)
    assert listed["size"]["required"] is False
    only = parameters(of(things(pages=Pages.CURSOR), dialect=Deep())["paths"]["/tiny/things"]["get"])
    assert "page" not in only
    read = parameters(of(shelves(), dialect=Deep())["paths"]["/tiny/shelves/{id}"]["get"])
    assert read["include"]["schema"] == {"type": "array", "items": {"enum": ["things"]}}


def test_parameters_that_are_only_documented_stand_there_too() -> None:
    extra = [QueryField("deep", str), QueryField("x-more", int, 5, "header")]
    found = parameters(one(extra=extra))
    assert (found["deep"]["in"], found["deep"]["required"]) == ("query", True)
    assert (found["x-more"]["in"], found["x-more"]["required"]) == ("header", False)


def test_a_public_operation_needs_no_token_and_answers_no_401() -> None:
    public, anyone, scoped = (one(scope=scope) for scope in (PUBLIC, ANYONE, "tiny.baskets:write"))
    assert public["security"] == []
    assert sorted(public["responses"]) == ["201", "422", "429"]
    assert "security" not in anyone
    assert sorted(anyone["responses"]) == ["201", "401", "422", "429"]
    assert sorted(scoped["responses"]) == ["201", "401", "403", "422", "429"]
    assert "x-scope" not in public
    assert "x-scope" not in anyone
    assert one(security=["bearer"])["security"] == [{"bearer": []}]
    whole = of()
    assert whole["security"] == [{"bearer": []}]
    assert whole["components"]["securitySchemes"] == {"bearer": {"type": "http", "scheme": "bearer"}}


def test_every_fault_that_is_declared_is_documented_with_its_form() -> None:
    found = one(faults=[Conflict, Gone, Invalid, Unavailable], documented=[418], answers={201: Money, 404: Basket})
    assert sorted(found["responses"]) == ["201", "401", "403", "404", "409", "410", "418", "422", "429", "503"]
    wrong = {"schema": {"$ref": "#/components/schemas/Wrong"}}
    assert found["responses"]["410"] == {"description": "Gone", "content": {"application/json": wrong}}
    assert found["responses"]["404"]["content"]["application/json"]["schema"]["$ref"].endswith("/Basket")


def test_wrong_input_has_the_status_of_the_dialect() -> None:
    class Bad(Plain):
        invalid_status = 400
        documented = ()

        def fault_type(self, status: int) -> Any:
            return None

    found = one(dialect=Bad(), faults=[Invalid, NotFound])
    assert sorted(found["responses"]) == ["201", "400", "404"]
    assert found["responses"]["400"] == {"description": "Refused"}


def test_envelopes_and_pages_are_part_of_the_answer() -> None:
    class Wrapped(Deep):
        def one_type(self, shape: Any, operation: Operation) -> Any:
            return msgspec.defstruct(f"{operation.name}Answer", [("data", shape)])

        def page_type(self, shape: Any, pages: Pages) -> Any:
            return msgspec.defstruct(f"{shape.__name__}Page", [("data", list[shape])])

    whole = of(things(), dialect=Wrapped())
    listed = whole["paths"]["/tiny/things"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert listed == {"$ref": "#/components/schemas/ThingPage"}
    made = whole["paths"]["/tiny/things"]["post"]["responses"]["201"]["content"]["application/json"]["schema"]
    assert made == {"$ref": "#/components/schemas/Thing.createAnswer"}
    assert whole["paths"]["/tiny/things/{id}"]["delete"]["responses"]["204"] == {"description": "Done, no content"}
    plain = of(things(wrapped=False), dialect=Wrapped())["paths"]["/tiny/things"]["post"]["responses"]["201"]
    assert plain["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Thing"}


def test_forms_files_and_headers_are_described() -> None:
    class Form(msgspec.Struct):
        file: bytes

    async def upload(call: Call) -> bytes:
        """Take a file."""
        raise AssertionError

    found = one(
        upload, form=Form, media="multipart/form-data", answers={200: bytes}, answer_media="application/pdf",
        headers_out={200: ["X-Pages"]},
    )  # fmt: skip
    assert list(found["requestBody"]["content"]) == ["multipart/form-data"]
    assert list(found["responses"]["200"]["content"]) == ["application/pdf"]
    assert found["responses"]["200"]["headers"] == {"X-Pages": {"schema": {"type": "string"}}}
    assert list(found["responses"]["422"]["content"]) == ["application/json"]


def test_a_body_that_may_be_missing_is_not_required() -> None:
    async def maybe(body: Basket | None) -> Money:
        """Perhaps."""
        raise AssertionError

    assert one(maybe)["requestBody"]["required"] is False


def test_the_server_is_named_where_it_is_known() -> None:
    api = TinyApi()
    assert "servers" not in document(api)
    assert document(api, server="https://x.example")["servers"] == [{"url": "https://x.example"}]
    assert document(api)["info"] == {"title": "Tiny", "version": "1"}


def test_two_documents_are_compared_without_the_names_of_parameters() -> None:
    assert operation_key("get", "/a/{x}/b/") == operation_key("GET", "/a/{y}/b") == ("GET", "/a/{}/b")
    assert operation_key("GET", "/") == ("GET", "/")


PROGRAM = """
import hashlib, importlib
from gridloom.kernel.http.openapi import encoded
for name in ("charging", "commerce", "communities", "portal", "metering"):
    print(name, hashlib.sha256(encoded(importlib.import_module(f"gridloom.{name}.api").api)).hexdigest())
"""


def test_every_process_makes_the_same_bytes() -> None:
    made = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(made) == 1
    assert len(made.pop().splitlines()) == 5
