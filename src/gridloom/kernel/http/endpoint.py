"""The way of a request: caller, scope, input, one transaction, answer."""

import asyncio
import math
import random
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import structlog
from litestar.exceptions import ClientException, HTTPException

from gridloom.kernel.audit import trail
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import (
    Conflict,
    Fault,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    TooLarge,
    Unauthenticated,
    Unavailable,
    WrongMediaType,
)
from gridloom.kernel.http import idempotency, validation
from gridloom.kernel.http.call import Answer, Call, Services
from gridloom.kernel.http.dialect import Dialect, QueryField
from gridloom.kernel.http.operation import ANYONE, PUBLIC, Operation
from gridloom.kernel.http.outgoing import Response
from gridloom.kernel.http.pages import PageOf, PageRequest
from gridloom.kernel.http.query import nested, pairs
from gridloom.kernel.http.subject import Subject

log = structlog.get_logger(__name__)

# The third: another process changed a table (a migration) that this connection had prepared a statement for.
RETRIED = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.InvalidCachedStatementError)
ATTEMPTS = 3
_MAX_INT = 2**63 - 1
_FRACTION = re.compile(r"[+-]?[0-9.]+([eE][+-]?[0-9]+)?")
_PARTS = ("body", "query", "headers")


class Endpoint:
    """An operation bound to its dialect and to the parts of a running application."""

    def __init__(self, operation: Operation, dialect: Dialect, services: Services) -> None:
        self.operation = operation
        self.dialect = dialect
        self.services = services
        self.database: Database = services.part(Database)
        inputs = operation.inputs
        parameters = operation.parameters
        self.path_types = [(name, operation.path_type(name)) for name in parameters]
        self.body_type = inputs.get("body")
        self.query_type = inputs.get("query")
        self.query_lists = validation.lists_of(self.query_type) if self.query_type is not None else frozenset()
        self.headers_type = inputs.get("headers")
        self.wants_tx = any(wanted is Tx for wanted in inputs.values())
        self.tx_name = next((name for name, wanted in inputs.items() if wanted is Tx), "")
        self.page_fields: list[QueryField] = dialect.page_fields(operation.pages) if operation.pages else []
        self.page_structs = [
            (_struct_of(found), [(_python_name(f.name), f.name) for f in found], where)
            for where in ("query", "header")
            if (found := [f for f in self.page_fields if f.where == where])
        ]
        known = {*parameters, *_PARTS, "subject", "call", "page", self.tx_name}
        self.kept_path = [name for name in parameters if name in inputs]
        self.parts = {name: kind for name, kind in inputs.items() if name not in known}
        for name, kind in self.parts.items():
            if kind not in services:
                raise TypeError(f"{operation!r} asks for {name}: {kind!r}, which this application does not have")
        _refuse_impossible(operation, wants_tx=self.wants_tx)

    async def __call__(self, scope: Any, receive: Any) -> Response:
        """Answer one request; every exception becomes an answer in the form of the API."""
        call = Call(scope, receive, self.services, self.operation)
        try:
            return await self._run(call)
        except Exception as error:  # noqa: BLE001 - the edge of the request: whatever it is becomes an answer
            return refusal(error, self.dialect, call)

    def refuse(self, error: Exception, scope: Any, receive: Any) -> Response:
        """A refusal without looking any further."""
        return refusal(error, self.dialect, Call(scope, receive, self.services, self.operation))

    async def _run(self, call: Call) -> Response:
        operation = self.operation
        if operation.scope == PUBLIC:
            self.services.part(Admission).admit(call, None, self.dialect)
        else:
            subject = await self._caller(call)
            self.services.part(Admission).admit(call, subject, self.dialect)
            call.subject = subject = await self.dialect.enter(call, subject)
            if operation.scope != ANYONE and not subject.may(operation.scope):
                raise Forbidden
        arguments = await self._arguments(call)
        if not self.wants_tx:
            return self._answer(await operation.handler(**arguments), call)
        return await self._in_transaction(call, arguments)

    async def _caller(self, call: Call) -> Subject:
        """Who calls. A credential that is refused counts against the address, so that guessing is slow."""
        try:
            subject = await self.dialect.authenticate(call)
            if subject is not None:
                return subject
        except Unauthenticated:
            self.services.part(Admission).admit(call, None, self.dialect)
            raise
        self.services.part(Admission).admit(call, None, self.dialect)
        raise Unauthenticated

    async def _in_transaction(self, call: Call, arguments: dict[str, Any]) -> Response:
        subject = call.subject
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self.database.tenant(
                    subject.tenant_id, subject=subject, read_only=not self.operation.writes
                ) as tx:
                    return await self._once(call, arguments, tx)
            except RETRIED:
                if attempt == ATTEMPTS:
                    raise Conflict("Others changed the same data at the same time; try again.") from None
                # Whoever won has to find the row free before the loser comes back for it.
                await asyncio.sleep(random.uniform(0.005, 0.025) * attempt)  # noqa: S311 - no secret
        raise AssertionError("unreachable")

    async def _once(self, call: Call, arguments: dict[str, Any], tx: Tx) -> Response:
        operation = self.operation

        async def work() -> Response:
            answer = self._answer(await operation.handler(**arguments, **{self.tx_name: tx}), call)
            if operation.audited:
                trail.record(tx, operation.name, _object_of(call))
            return answer

        if operation.idempotent:
            return await idempotency.once(tx, call, work)
        return await work()

    async def _arguments(self, call: Call) -> dict[str, Any]:
        """The handler's arguments. Raises Invalid with the wrong fields of every part of the request."""
        errors: list[FieldError] = []
        given: dict[str, Any] = {}

        def take(read: Callable[[], Any], name: str) -> None:
            try:
                given[name] = read()
            except Invalid as invalid:
                errors.extend(invalid.errors or [FieldError("body", (), invalid.message)])

        self._take_path(call, given, errors)
        if self.query_type is not None or self.operation.pages is not None:
            take(lambda: _query_of(call), "_query")
            call.query = given.pop("_query", {})
        else:
            with suppress(Invalid):  # nobody asks for it
                call.query = _query_of(call)
        if (query_type := self.query_type) is not None:
            take(lambda: validation.convert(self._gathered(call.query), query_type, where="query"), "query")
        if (headers_type := self.headers_type) is not None:
            take(lambda: validation.convert(dict(call.headers), headers_type, where="header"), "headers")
        if self.operation.pages is not None:
            take(lambda: self._page(call), "page")
        if (body_type := self.body_type) is not None:
            raw = await call.body()
            take(lambda: _body(raw, body_type, self.operation), "body")
        if errors:
            raise Invalid(errors=errors)
        for name, kind in self.parts.items():
            given[name] = self.services[kind]
        if "call" in self.operation.inputs:
            given["call"] = call
        if "subject" in self.operation.inputs:
            given["subject"] = call.subject
        return given

    def _gathered(self, query: dict[str, Any]) -> dict[str, Any]:
        """The query, in which a list's only value is a list as well: `include=a` as `include[]=a`."""
        alone = {name: [query[name]] for name in self.query_lists if isinstance(query.get(name), str)}
        return {**query, **alone} if alone else query

    def _take_path(self, call: Call, given: dict[str, Any], errors: list[FieldError]) -> None:
        values: dict[str, str] = call.state["path"]
        for name, kind in self.path_types:
            value = _path_value(values[name], kind)
            if value is not None:
                given[name] = value
            elif self.dialect.bad_path_is_not_found:
                raise NotFound
            else:
                errors.append(FieldError("path", (name,), f"Expected `{kind.__name__}`."))
        for name in [name for name in given if name not in self.kept_path]:
            del given[name]

    def _page(self, call: Call) -> PageRequest:
        values: dict[str, Any] = {}
        for shape, names, where in self.page_structs:
            read = validation.convert(call.query if where == "query" else dict(call.headers), shape, where=where)
            for name, wire in names:
                values[wire] = getattr(read, name)
        return self.dialect.page_request(values, self.operation.pages)

    def _answer(self, value: Any, call: Call) -> Response:
        dialect, operation = self.dialect, self.operation
        answer = value if isinstance(value, Answer) else Answer(value)
        status = answer.status or operation.status
        headers = dict(answer.headers)
        body = answer.body
        if isinstance(body, PageOf):
            body, more = dialect.page(body, call)
            headers |= more
        elif (
            answer.media_type is None
            and operation.wrapped
            and status < 300
            and operation.answers.get(status) is not None
        ):
            body = dialect.one(body, operation)
        return response(dialect, call, status, body, headers, answer.media_type)


def _refuse_impossible(operation: Operation, *, wants_tx: bool) -> None:
    """Raises TypeError for a declaration that could never be called, or not as it says."""
    inputs = operation.inputs
    for name in operation.parameters:
        if name in inputs and operation.path_type(name) is not inputs[name]:
            raise TypeError(
                f"{operation!r}: the path parameter {name} is int, float, str or UUID, not {inputs[name]!r}"
            )
    if operation.scope == PUBLIC and (wants_tx or "subject" in inputs):
        raise TypeError(f"{operation!r} is public and asks for what only a caller has: a transaction or a subject")
    if operation.idempotent and not wants_tx:
        raise TypeError(f"{operation!r} is idempotent and asks for no transaction, in which its answer would be kept")


class Admission:
    """Rate limits before the work: `admit` raises RateLimited, or puts the limit's headers on the call."""

    def admit(self, call: Call, subject: Subject | None, dialect: Dialect) -> None:
        """Let everyone in; the application replaces this with its limits."""


def response(
    dialect: Dialect, call: Call | None, status: int, body: Any, headers: dict[str, str], media_type: str | None = None
) -> Response:
    """Bytes on the wire. Bytes go out as they are; None is `null` with 200 and nothing with every other status."""
    if isinstance(body, bytes):
        raw = body
    elif body is None and media_type is None and status != 200:
        raw = b""
    else:
        raw = dialect.encoder.encode(body)
    common = dialect.headers(call) if call is not None else {}
    return Response(status, raw, {**common, "content-type": media_type or "application/json", **headers})


def refusal(error: Exception, dialect: Dialect, call: Call | None) -> Response:
    """Any exception as an answer; what nobody foresaw is logged with its trace and told without it."""
    fault = fault_of(error)
    if fault.status >= 500 and not isinstance(fault, Unavailable):
        log.error("request_failed", exc_info=error, operation=repr(call.operation) if call else None)
    elif isinstance(fault, Unavailable):
        log.warning("request_unavailable", reason=fault.message, cause=f"{type(error).__name__}: {error}")
    answer = dialect.fault(fault, call)
    status = answer.status or dialect.status_of(fault)
    headers = {**fault.headers, **answer.headers}
    return response(dialect, call, status, answer.body, headers, answer.media_type or "application/json")


class Broken(Fault):
    """Our own mistake; the request id leads to the log."""

    status = 500
    code = "internal"
    text = "Something went wrong here; the request id leads to the cause."


def fault_of(error: Exception) -> Fault:  # noqa: PLR0911 - one line a kind of failure reads best
    """The fault that an exception of a library amounts to."""
    match error:
        case Fault():
            return error
        case asyncpg.UniqueViolationError():
            return Conflict("There is already one like this.", detail=error.constraint_name)
        case asyncpg.ForeignKeyViolationError() | asyncpg.RestrictViolationError():
            return _reference_fault(error)
        case asyncpg.ExclusionViolationError():
            return Conflict("This overlaps with what is already there.", detail=error.constraint_name)
        case asyncpg.IntegrityConstraintViolationError() | asyncpg.DataError():
            return Invalid("A value is outside of what can be stored.")
        case asyncpg.QueryCanceledError() | TimeoutError():
            return Unavailable("This took too long and was given up.")
        case OSError() if error.filename is not None:  # about a file of ours, not about a connection
            return Broken()
        case asyncpg.PostgresConnectionError() | asyncpg.InterfaceError() | asyncpg.InternalClientError() | OSError():
            return Unavailable("The database cannot be reached.", headers={"Retry-After": "5"})
        case asyncpg.OperatorInterventionError() | asyncpg.InsufficientResourcesError():
            return Unavailable("The database cannot be reached.", headers={"Retry-After": "5"})
        case HTTPException() if error.status_code == 413:
            return TooLarge()
        case ClientException():
            return Invalid(error.detail)
    return Broken()


def _reference_fault(error: asyncpg.PostgresError) -> Fault:
    if "referenced from" in str(error.detail or ""):
        return Conflict("This is still in use.", detail=error.constraint_name)
    return Invalid("A reference points at nothing.", field=_column_of(error))


def _column_of(error: asyncpg.PostgresError) -> str:
    """The column of a foreign key, from its name (`fk_<table>_tenant_id_<column>`): the detail is silent under row-level
    security."""
    name, start = str(error.constraint_name or ""), f"fk_{error.table_name}_tenant_id_"
    return name.removeprefix(start) if name.startswith(start) else "id"


def _body(raw: bytes, wanted: Any, operation: Operation) -> Any:
    if not raw.strip():
        optional = type(None) in getattr(wanted, "__args__", ())
        if optional:
            return None
        raw = b"{}" if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct) else raw
    if b"\\u0000" in raw:
        validation.refuse_nul(raw)
    if operation.media != "application/json":
        raise WrongMediaType
    return validation.decode(raw, wanted)


def _path_value(text: str, kind: Any) -> Any:
    try:
        if kind is int:
            if not text.lstrip("-").isdecimal() or not text.isascii():
                return None
            number = int(text) if len(text) < 20 else _MAX_INT + 1
            return number if abs(number) <= _MAX_INT else None
        if kind is float:
            number_f = float(text) if _FRACTION.fullmatch(text) else math.nan
            return number_f if math.isfinite(number_f) else None
        if kind is UUID:
            return UUID(text)
    except ValueError:
        return None
    return None if "\x00" in text else text


def _query_of(call: Call) -> dict[str, Any]:
    raw: bytes = call.scope["query_string"]
    if not raw:
        return {}
    found = pairs(raw)
    query = nested(found)
    call.pairs = found
    return query


def _struct_of(fields: list[QueryField]) -> type[msgspec.Struct]:
    return msgspec.defstruct(
        "PageQuery",
        [(_python_name(f.name), f.type, f.default) for f in fields],
        kw_only=True,
        rename={_python_name(f.name): f.name for f in fields},
    )


def _python_name(wire: str) -> str:
    return wire.replace("-", "_")


def _object_of(call: Call) -> tuple[str, str]:
    """What the trail calls the object of a request: the names of its path parameters, and their values."""
    values: dict[str, str] = call.state["path"]
    return "/".join(values), "/".join(values.values())
