"""One request on its way: what a handler may ask for beside its typed input."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

import msgspec
from litestar import Request

from gridloom.kernel.errors import Unauthenticated
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
    """The running request: who, from where, under which id."""

    __slots__ = ("_subject", "headers", "id", "limits", "operation", "query", "request", "services")

    def __init__(self, request: Request[Any, Any, Any], services: Services, operation: Any) -> None:
        self.request = request
        self.services = services
        self.operation = operation
        self.id: str = request.scope.get("state", {}).get("request_id", "")
        self.headers: Mapping[str, str] = request.headers
        self.query: dict[str, Any] = {}
        self.limits: dict[str, str] = {}
        self._subject: Subject | None = None

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
        state: dict[str, Any] = self.request.scope.get("state", {})
        return str(state.get("client_address", ""))

    @property
    def base_url(self) -> str:
        """Scheme and host as the client used them, without a slash at the end."""
        state: dict[str, Any] = self.request.scope.get("state", {})
        return str(state.get("base_url", ""))

    @property
    def url(self) -> str:
        """The address of this request without its query."""
        return f"{self.base_url}{self.request.scope['path']}"
