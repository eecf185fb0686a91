"""Faults: what a caller is told, as classes with a stable code. A dialect gives each the form of its API."""

from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec


class FieldError(msgspec.Struct, frozen=True):
    """One wrong field: where (`body`, `query`, `path` or `header`), its path in that part, and what is wrong."""

    where: str
    path: tuple[str | int, ...]
    message: str
    kind: str = "invalid"

    @property
    def dotted(self) -> str:
        """The path with dots: `items.0.sku`."""
        return ".".join(str(step) for step in self.path)


class Fault(Exception):
    """A refusal. `status` is the HTTP status unless the dialect has another for it; `code` never changes once published."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"
    text: ClassVar[str] = "The request was refused."

    def __init__(
        self,
        message: str = "",
        *,
        field: str | None = None,
        index: int | None = None,
        headers: dict[str, str] | None = None,
        detail: Any = None,
    ) -> None:
        super().__init__(message or self.text)
        self.message = message or self.text
        self.field = field
        self.index = index
        self.headers = headers or {}
        self.detail = detail


class Unauthenticated(Fault):
    """Nobody was recognised: the token is missing, wrong, expired or revoked."""

    status = 401
    code = "unauthenticated"
    text = "Access token is missing or invalid."


class Forbidden(Fault):
    """The caller is known and may not do this."""

    status = 403
    code = "forbidden"
    text = "This action is unauthorized."


class NotFound(Fault):
    """No such object, or none that this caller can see."""

    status = 404
    code = "not_found"
    text = "Not found."


class MethodNotAllowed(Fault):
    """The path exists, not with this method."""

    status = 405
    code = "method_not_allowed"
    text = "This method is not supported here."


class Conflict(Fault):
    """The state of things does not allow it: already there, in use, changed meanwhile."""

    status = 409
    code = "conflict"
    text = "This conflicts with what is already there."


class TooLarge(Fault):
    """The body is larger than this operation takes."""

    status = 413
    code = "too_large"
    text = "The body is too large."


class WrongMediaType(Fault):
    """The body is in a form this operation does not read."""

    status = 415
    code = "wrong_media_type"
    text = "The body has an unsupported media type."


class Invalid(Fault):
    """One or more fields are wrong; all of them are named."""

    status = 422
    code = "invalid"
    text = "The given data was invalid."

    def __init__(
        self,
        message: str = "",
        *,
        field: str | None = None,
        index: int | None = None,
        errors: Sequence[FieldError] = (),
        where: str = "body",
    ) -> None:
        super().__init__(message, field=field, index=index)
        if not errors and field is not None:
            path: tuple[str | int, ...] = tuple(int(s) if s.isdigit() else s for s in field.split("."))
            errors = (FieldError(where, path if index is None else (index, *path), self.message),)
        self.errors = list(errors)


class RateLimited(Fault):
    """Too many requests; the headers say when to come back."""

    status = 429
    code = "rate_limited"
    text = "Too many requests. Please try again later."


class Unavailable(Fault):
    """A part or partner that this needs is not there."""

    status = 503
    code = "unavailable"
    text = "This is not available at the moment."
