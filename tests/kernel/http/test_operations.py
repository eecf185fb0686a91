"""Declaring an operation, and binding it to an application: what cannot work is refused before anybody calls."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
import pytest
from msgspec import Meta
from tests.kernel.http.kit import Plain, TinyApi, services_with

from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Conflict
from gridloom.kernel.http.call import Call, Services
from gridloom.kernel.http.endpoint import Endpoint
from gridloom.kernel.http.operation import ANYONE, PUBLIC, Operation, action
from gridloom.kernel.http.subject import Subject


class Part:
    """A part of an application."""


class OtherPart:
    """A part that the application does not have."""


def declared(handler: Any, method: str = "POST", path: str = "/tiny/x/{x}", **options: Any) -> Operation:
    made: Operation = action(method, path, **{"scope": ANYONE, **options})(handler)
    return made


def bound(operation: Operation) -> Endpoint:
    return Endpoint(operation, Plain(), services_with(Part()))


async def test_an_operation_without_a_scope_is_refused_when_it_is_declared() -> None:
    async def stop() -> None:
        """Stop."""

    with pytest.raises(ValueError, match="POST /tiny/x/{x} has no scope; say PUBLIC if that is meant"):
        declared(stop, scope="")
    assert declared(stop, scope=PUBLIC).scope == "public"
    with pytest.raises(TypeError):
        action("POST", "/tiny/x")  # type: ignore[call-arg]


def test_name_summary_and_description_come_from_the_function() -> None:
    async def stop_it() -> None:
        """Stop the thing.

        It stays where it is.
        """

    made = declared(stop_it)
    assert (made.name, made.summary) == ("stop_it", "Stop the thing")
    assert made.description == "Stop the thing.\n\nIt stays where it is."
    named = declared(stop_it, name="thingStop", summary="Halt")
    assert (named.name, named.summary) == ("thingStop", "Halt")


def test_everything_but_reading_writes_and_is_audited() -> None:
    async def work() -> None: ...

    assert [(declared(work, m).writes, declared(work, m).audited) for m in ("GET", "POST", "PUT", "PATCH", "DELETE")] == [
        (False, False), (True, True), (True, True), (True, True), (True, True),
    ]  # fmt: skip
    assert declared(work, "GET", writes=True).audited
    assert not declared(work, "POST", audited=False).audited
    assert not declared(work, "POST", writes=False).audited


def test_a_plain_value_gets_the_first_success_status() -> None:
    async def work() -> None: ...

    assert declared(work).status == 200
    assert declared(work, answers={404: None, 202: str, 201: str}).status == 202
    assert declared(work, answers={302: None}).status == 200


def test_path_parameters_have_the_type_that_the_function_gives_them() -> None:
    async def work(number: int, key: UUID, share: float, word: str, bare) -> None: ...  # type: ignore[no-untyped-def]

    made = declared(work, path="/tiny/{number}/{key}/{share}/{word}/{bare}/{unnamed}")
    assert made.parameters == ["number", "key", "share", "word", "bare", "unnamed"]
    assert [made.path_type(name) for name in made.parameters] == [int, UUID, float, str, str, str]


def test_an_unknown_part_is_refused_at_the_start() -> None:
    async def work(part: OtherPart) -> None: ...

    with pytest.raises(TypeError, match=r"<POST /tiny/x> asks for part: <class '.*OtherPart'>, which this application"):
        bound(declared(work, path="/tiny/x"))
    with pytest.raises(TypeError, match="asks for part"):
        TinyApi(declared(work, path="/tiny/x")).build(services_with())


def test_a_parameter_that_is_in_no_path_is_refused_at_the_start() -> None:
    async def work(x: int, y: int = 5) -> None: ...

    with pytest.raises(TypeError, match="asks for y"):
        bound(declared(work))


@pytest.mark.parametrize("kind", [Annotated[int, Meta(ge=1)], int | None, bool, list[int]])
def test_a_path_parameter_of_a_type_that_no_path_can_have_is_refused_at_the_start(kind: Any) -> None:
    async def work(x: Any) -> None: ...

    with pytest.raises(TypeError, match="path parameter x"):
        bound(declared(work, inputs={"x": kind}))


def test_a_public_operation_that_needs_a_caller_is_refused_at_the_start() -> None:
    async def writes(tx: Tx) -> None: ...

    async def asks(subject: Subject) -> None: ...

    for handler in (writes, asks):
        with pytest.raises(TypeError, match="public and asks for"):
            bound(declared(handler, path="/tiny/x", scope=PUBLIC))
        bound(declared(handler, path="/tiny/x"))


def test_an_idempotent_operation_without_a_transaction_is_refused_at_the_start() -> None:
    async def sends(body: dict[str, str]) -> None: ...

    async def writes(tx: Tx, body: dict[str, str]) -> None: ...

    with pytest.raises(TypeError, match="idempotent and asks for no transaction"):
        bound(declared(sends, idempotent=True))
    bound(declared(writes, idempotent=True))


def test_a_known_part_and_everything_of_the_request_are_bound() -> None:
    class Body(msgspec.Struct):
        a: int

    class Query(msgspec.Struct):
        b: int = 0

    async def work(
        transaction: Tx, part: Part, x: int, body: Body, query: Query, headers: Query, call: Call, subject: Subject
    ) -> None: ...

    endpoint = bound(declared(work, faults=[Conflict]))
    assert (endpoint.tx_name, list(endpoint.parts)) == ("transaction", ["part"])
    assert endpoint.kept_path == ["x"]
    assert (endpoint.body_type, endpoint.query_type, endpoint.headers_type) == (Body, Query, Query)


def test_parts_are_found_by_their_type_or_by_the_one_they_are_given_under() -> None:
    services = Services()
    part = Part()
    services.add(part)
    services.add(part, kind=OtherPart)
    assert services.part(Part) is part
    assert services.part(OtherPart) is part  # type: ignore[comparison-overlap]
    with pytest.raises(LookupError, match="no Subject in this application"):
        services.part(Subject)
