"""An operation: one method on one path, a scope, typed input, declared answers, and one function.

The function names what it needs, and gets it: `tx: Tx` (the request's transaction), `subject: Subject`, `call: Call`,
`body`, `query`, `headers` (structs), a path parameter by its name, or any part of the application by its type.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias, get_type_hints
from uuid import UUID

from gridloom.kernel.errors import Fault
from gridloom.kernel.http.dialect import QueryField

Handler: TypeAlias = Callable[..., Awaitable[Any]]

PUBLIC = "public"
ANYONE = "anyone"
READS = ("GET", "HEAD")
ONE_MB = 1_000_000

_PARAMETER = re.compile(r"\{(\w+)\}")


class Operation:
    """What a document lists and a router calls. Made by `action`, or by a Resource for each of its verbs.

    scope: the scope a caller needs, PUBLIC (nobody needs to be signed in), or ANYONE (any signed-in caller).
    answers: status -> type of the body (None: empty). The first success status is the one a plain return value gets.
    faults: fault classes this operation can answer; their statuses are documented.
    writes: whether it needs a transaction that may write; by default everything but GET.
    paged: a list in the dialect's envelope. wrapped: whether a single answer gets the dialect's envelope.
    form: the struct that documents a multipart or urlencoded body, which the handler reads from the call itself.
    envelope: the type of a whole successful answer, where the dialect's own envelope does not say it (documents only).
    """

    def __init__(
        self,
        method: str,
        path: str,
        handler: Handler,
        *,
        scope: str,
        answers: Mapping[int, Any] | None = None,
        faults: Sequence[type[Fault]] = (),
        name: str = "",
        summary: str = "",
        tags: Sequence[str] = (),
        writes: bool | None = None,
        audited: bool | None = None,
        idempotent: bool = False,
        wrapped: bool = True,
        deprecated: bool = False,
        root: str = "action",
        form: Any = None,
        envelope: Any = None,
        lists: Any = None,
        item: Any = None,
        extra: Sequence[QueryField] = (),
        max_body: int = ONE_MB,
        documented: Sequence[int] = (),
        headers_out: Mapping[int, Sequence[str]] | None = None,
        media: str = "application/json",
        answer_media: str = "application/json",
        security: Sequence[str] | None = None,
        inputs: Mapping[str, Any] | None = None,
    ) -> None:
        if not scope:
            raise ValueError(f"{method} {path} has no scope; say PUBLIC if that is meant")
        self.method = method
        self.path = path
        self.handler = handler
        self.scope = scope
        self.answers: dict[int, Any] = dict(answers) if answers else {200: None}
        self.faults = tuple(faults)
        self.name = name or handler.__name__
        doc = inspect.getdoc(handler) or ""
        self.summary = summary or doc.split("\n", 1)[0].rstrip(".")
        self.description = doc
        self.tags = tuple(tags)
        self.writes = method not in READS if writes is None else writes
        self.audited = self.writes if audited is None else audited
        self.idempotent = idempotent
        self.wrapped = wrapped
        self.deprecated = deprecated
        self.root = root
        self.form = form
        self.envelope = envelope
        self.pages = lists
        self.item = item
        self.extra = list(extra)
        self.max_body = max_body
        self.documented = tuple(documented)
        self.headers_out = dict(headers_out or {})
        self.media = media
        self.answer_media = answer_media
        self.security = security
        self.module = handler.__module__
        self.inputs = dict(inputs) if inputs is not None else inputs_of(handler)

    @property
    def status(self) -> int:
        """The status of a plain return value."""
        return next((s for s in self.answers if 200 <= s < 300), 200)

    @property
    def parameters(self) -> list[str]:
        """The names of the path parameters, in order."""
        return _PARAMETER.findall(self.path)

    def path_type(self, name: str) -> Any:
        """The type the handler gives a path parameter; text when it does not name it."""
        wanted = self.inputs.get(name, str)
        return wanted if wanted in (int, str, float, UUID) else str

    def __repr__(self) -> str:
        return f"<{self.method} {self.path}>"


def inputs_of(handler: Handler) -> dict[str, Any]:
    """What a handler asks for: name -> annotation, evaluated."""
    hints = get_type_hints(handler, include_extras=True)
    return {name: hints.get(name, str) for name in inspect.signature(handler).parameters}


def action(method: str, path: str, *, scope: str, **options: Any) -> Callable[[Handler], Operation]:
    """Declare a verb: `@action("POST", "charge-point/v1.0/{chargePoint}/stop", scope=…, answers={202: Accepted})`.

    The path is relative to the dialect's action root unless it begins with a slash. Options are those of Operation.
    """

    def declare(handler: Handler) -> Operation:
        return Operation(method, path, handler, scope=scope, root="action", **options)

    return declare
