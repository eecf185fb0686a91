"""One request on its way: what a handler may ask for beside its typed input."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

import msgspec
from litestar import Request
from litestar.datastructures import FormMultiDict
from litestar.exceptions import HTTPException

from gridloom.kernel.errors import Fault, Invalid, TooLarge, Unauthenticated
from gridloom.kernel.http.forms import SentForm, sent_form
from gridloom.kernel.http.subject import Subject

T = TypeVar("T")


class Services(dict[type, Any]):
    """The parts that `app.py` put together, found by their type. A handler gets one by naming it in its signature.

    A module adds its own in a `parts.py` with `def provide(services: Services) -> None`; what has to be opened and closed
    with the application goes into `running` as an async context manager.
    """

    def __init__(self) -> None:
        super().__init__()
        self.running: list[AbstractAsyncContextManager[Any]] = []

    def add(self, part: Any, *, kind: type | None = None) -> None:
        """Make a part known under its own type, or under another one."""
        self[kind or type(part)] = part

    def part(self, kind: type[T]) -> T:
        """The part of this type. LookupError when the application was built without it."""
        try:
            found: T = self[kind]
        except KeyError:
            raise LookupError(f"no {kind.__name__} in this application") from None
        return found


class Answer(msgspec.Struct):
    """An answer with more than a body: another status, headers, or raw bytes of another media type."""

    body: Any = None
    status: int | None = None
    headers: dict[str, str] = {}
    media_type: str | None = None


class Call:
    """The running request: who, from where, under which id. `state` is what the dispatcher and the router found out."""

    __slots__ = (
        "_body",
        "_receive",
        "_subject",
        "headers",
        "id",
        "limits",
        "operation",
        "pairs",
        "query",
        "scope",
        "services",
        "state",
    )

    def __init__(self, scope: Any, receive: Any, services: Services, operation: Any) -> None:
        self.scope = scope
        self.services = services
        self.operation = operation
        self.state: dict[str, Any] = scope["state"]
        self.id: str = self.state.get("request_id", "")
        self.headers: Mapping[str, str] = self.state.get("headers") or headers_of(scope)
        self.pairs: list[tuple[str, str]] = []
        self.query: dict[str, Any] = {}
        self.limits: dict[str, str] = {}
        self._receive = receive
        self._body: bytes | None = None
        self._subject: Subject | None = None

    @property
    def bearer(self) -> str:
        """The bearer token of the request; empty when there is none."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    @property
    def method(self) -> str:
        """The HTTP method."""
        return str(self.scope["method"])

    async def body(self) -> bytes:
        """The raw body, read once. Raises TooLarge as soon as it is longer than the operation takes."""
        if self._body is None:
            self._body = b"".join([chunk async for chunk in self.chunks(self.operation.max_body)])
        return self._body

    async def chunks(self, max_bytes: int) -> AsyncIterator[bytes]:
        """The raw body as it comes in; only once, and not beside `body`. Raises TooLarge beyond `max_bytes`."""
        declared = self.headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > max_bytes:
            raise TooLarge
        length, more = 0, True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            chunk: bytes = message.get("body", b"")
            length += len(chunk)
            if length > max_bytes:
                raise TooLarge
            if chunk:
                yield chunk
            more = message.get("more_body", False)

    def sent_form(self, max_bytes: int | None = None) -> AbstractAsyncContextManager[SentForm]:
        """A multipart form with files on the disk; see `forms.sent_form`. max_bytes: of the whole body, by default what
        the operation takes."""
        limit = self.operation.max_body if max_bytes is None else max_bytes
        return sent_form(self.chunks(limit), self.headers.get("content-type", ""))

    async def form(self) -> FormMultiDict:
        """The fields and files of a multipart or urlencoded body. Raises TooLarge, and Invalid when it cannot be read."""
        raw = await self.body()

        async def replay() -> Any:
            return {"type": "http.request", "body": raw, "more_body": False}

        request: Request[Any, Any, Any] = Request(self.scope, receive=replay)
        try:
            return await request.form()
        except HTTPException as error:
            raise Invalid(error.detail) from None
        except ValueError:
            raise Invalid("The form cannot be read.") from None

    @property
    def subject(self) -> Subject:
        """The caller. Raises Unauthenticated on a public operation without a caller."""
        if self._subject is None:
            raise Unauthenticated
        return self._subject

    @subject.setter
    def subject(self, subject: Subject | None) -> None:
        self._subject = subject

    @property
    def caller(self) -> Subject | None:
        """The caller, or None on a public operation."""
        return self._subject

    @property
    def address(self) -> str:
        """The client's address as the dispatcher established it (trusted proxies considered)."""
        return str(self.state.get("client_address", ""))

    @property
    def base_url(self) -> str:
        """Scheme and host as the client used them, without a slash at the end."""
        return str(self.state.get("base_url", ""))

    @property
    def url(self) -> str:
        """The address of this request without its query."""
        return f"{self.base_url}{self.scope['path']}"


class Disconnected(Fault):
    """The client went away before its body was complete; nobody reads this answer."""

    status = 400
    code = "disconnected"
    text = "The body is not complete."


def headers_of(scope: Any) -> dict[str, str]:
    """The headers of a request, names in lower case."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
