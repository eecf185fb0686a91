"""An answer as bytes, sent in two ASGI messages."""

from collections.abc import Mapping
from typing import Any

from litestar.response.base import ASGIResponse


class Response(ASGIResponse):
    """Status, headers and body, and nothing else: a Litestar response costs four times as much to make."""

    __slots__ = ("values",)

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """Header names are sent in lower case. The parent's own making is left out on purpose: `__call__` is all ours."""
        self.status_code = status
        self.body = body
        self.values = headers

    def to_asgi_response(self, **_: Any) -> "Response":
        """Itself. Litestar asks for this where its router refuses: an unknown path, a method that a path does not have."""
        return self

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG002 - ASGI
        """Onto the wire."""
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in self.values.items()]
        headers.append((b"content-length", str(len(self.body)).encode()))
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        is_head = scope["method"] == "HEAD"
        await send({"type": "http.response.body", "body": b"" if is_head else self.body})
