"""The socket's side of HTTP: what one connection may cost before anybody knows who is calling.

uvicorn's parser takes a head of any length, waits for the rest of it for ever, and adds the trailers of a chunked body to the
headers of its request. Here a head has a size and a time, a body has to go on coming, and trailers are dropped: what a proxy in
front has checked or put there (the caller, the forwarding headers) cannot be said again behind the body.
"""

from asyncio import TimerHandle
from typing import Any

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 128 * 1024
HEAD_SECONDS = 30.0
BODY_PAUSE_SECONDS = 60.0

_TOO_LONG = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"

log = structlog.get_logger(__name__)


class Connection(HttpToolsProtocol):
    """One connection, with limits on what has not become a request yet."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._head_bytes = 0
        self._in_head = True
        self._in_body = False
        self._timer: TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A connection that says nothing gets no longer than one that speaks slowly."""
        super().connection_made(transport)
        self._wait(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, unless the head is longer than any client's."""
        if self._in_head:
            self._head_bytes += len(data)
            if self._timer is None:
                self._wait(HEAD_SECONDS)
        super().data_received(data)
        if self.transport.is_closing():
            self._stop_waiting()
        elif self._in_head and self._head_bytes > MAX_HEAD_BYTES:
            self._give_up(_TOO_LONG, "head_too_long")
        elif self._in_body:
            self._wait(BODY_PAUSE_SECONDS)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head; one that comes behind the body is dropped."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole: the request begins."""
        self._in_head, self._in_body = False, True
        self._stop_waiting()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is whole: what follows is the head of another request."""
        self._in_head, self._in_body = True, False
        self._head_bytes = 0
        self._stop_waiting()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """From here on another protocol has the connection."""
        self._in_head = self._in_body = False
        self._stop_waiting()
        super().handle_websocket_upgrade()

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(seconds, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        if self._in_body and not self.flow.read_paused:
            self._give_up(b"" if self.cycle.response_started else _TOO_SLOW, "body_too_slow")
        elif self._in_body:
            # We are the slow one: the handler has not taken what is there.
            self._wait(BODY_PAUSE_SECONDS)
        else:
            self._give_up(_TOO_SLOW, "head_too_slow")

    def _give_up(self, said: bytes, event: str) -> None:
        """Say why and close. Nothing may be said while an earlier request of the connection is being answered."""
        self._stop_waiting()
        if self.transport.is_closing():
            return
        log.warning(event, address=self.client[0] if self.client else "")
        is_idle = self.cycle is None or self.cycle.response_complete or self._in_body
        if said and is_idle:
            self.transport.write(said)
        self.transport.close()
