"""One API: a dialect, the path prefixes it answers for, and every operation declared below its package."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from litestar import HttpMethod, Litestar, Request
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from gridloom.kernel.discovery import modules
from gridloom.kernel.errors import MethodNotAllowed, NotFound
from gridloom.kernel.http.call import Call, Services
from gridloom.kernel.http.dialect import Dialect
from gridloom.kernel.http.endpoint import Endpoint, refusal
from gridloom.kernel.http.operation import Operation
from gridloom.kernel.http.outgoing import Response
from gridloom.kernel.http.resource import Resource

DECLARING = ("resources", "actions", "routes")
_SEGMENT = re.compile(r"\{(\w+)\}")


class Api:
    """A named API. `package` is searched for `resources.py`, `actions.py` and `routes.py`."""

    def __init__(
        self, name: str, *, title: str, package: str, prefixes: Iterable[str], dialect: Dialect, version: str = "1"
    ) -> None:
        self.name = name
        self.title = title
        self.package = package
        self.prefixes = tuple(prefixes)
        self.dialect = dialect
        self.version = version
        self._operations: list[Operation] | None = None

    @property
    def operations(self) -> list[Operation]:
        """Every operation of the API, whole paths filled in, in the order of their paths."""
        if self._operations is None:
            found = {id(each): each for each in self._declared()}
            self._operations = sorted(found.values(), key=lambda each: (each.path, each.method))
            _refuse_twins(self._operations)
        return self._operations

    @property
    def resources(self) -> list[Resource]:
        """Every declared resource of the API."""
        return list({id(r): r for m in modules("resources", within=self.package) for r in _resources(m)}.values())

    def _declared(self) -> Iterable[Operation]:
        for module in modules(*DECLARING, within=self.package):
            for value in vars(module).values():
                if isinstance(value, Resource):
                    for operation in value.operations(self.dialect):
                        yield self._placed(operation)
                elif isinstance(value, Operation) and value.module == module.__name__:
                    yield self._placed(value)

    def _placed(self, operation: Operation) -> Operation:
        root = self.dialect.resource_root if operation.root == "resource" else self.dialect.action_root
        operation.path = self.dialect.path(root, operation.path)
        return operation

    def build(self, services: Services) -> Litestar:
        """The ASGI application of this API."""
        routes: dict[str, dict[str, _Way]] = defaultdict(dict)
        for operation in self.operations:
            template, names, split = _litestar_path(operation.path)
            if operation.method in routes[template]:
                raise ValueError(f"{operation!r} cannot be told apart from another operation by its path")
            routes[template][operation.method] = _Way(Endpoint(operation, self.dialect, services), names, split)
        handlers = [_route(template, ways) for template, ways in routes.items()]

        def refuse(request: Request[Any, Any, Any], error: Exception) -> Any:
            """Only a path or method that no operation has comes here: endpoints answer for themselves."""
            call = Call(request.scope, request.receive, services, None)
            if isinstance(error, HTTPException) and error.status_code == 404:
                return refusal(NotFound(), self.dialect, call)
            if isinstance(error, HTTPException) and error.status_code == 405:
                return refusal(MethodNotAllowed(headers=dict(error.headers or {})), self.dialect, call)
            return refusal(error, self.dialect, call)

        return Litestar(
            handlers,
            exception_handlers={Exception: refuse, HTTPException: refuse},
            openapi_config=None,
            logging_config=None,
        )


def _resources(module: Any) -> Iterable[Resource]:
    return (value for value in vars(module).values() if isinstance(value, Resource))


class _Way(NamedTuple):
    """One method of a path: who answers, and how its parameters are called."""

    endpoint: Endpoint
    names: list[str]
    split: Callable[[list[str]], list[str] | None] | None


def _route(template: str, ways: dict[str, _Way]) -> HTTPRouteHandler:
    """One Litestar handler a path. Parameters are numbered by position, so that versions may name them differently.

    What GET answers, HEAD answers without the body, which the outgoing answer leaves out.
    """

    async def handle(request: Request[Any, Any, Any]) -> Response:
        scope: Any = request.scope
        endpoint, names, split = ways["GET" if scope["method"] == "HEAD" else scope["method"]]
        given = scope["path_params"]
        values = [str(given[key]) for key in sorted(given)] if given else []
        state = scope["state"]
        state["operation"] = endpoint.operation.name
        state["template"] = endpoint.operation.path
        if split is not None:
            parts = split(values)
            if parts is None:
                return endpoint.refuse(NotFound(), scope, request.receive)
            values = parts
        state["path"] = dict(zip(names, values, strict=True))
        return await endpoint(scope, request.receive)

    methods = [*ways, *(["HEAD"] if "GET" in ways else [])]
    return HTTPRouteHandler(
        template, http_method=[HttpMethod(each) for each in methods], include_in_schema=False, status_code=200
    )(handle)


def _litestar_path(path: str) -> tuple[str, list[str], Any]:
    """Our template as Litestar's; a segment with several parameters becomes one that is split afterwards."""
    names: list[str] = []
    out: list[str] = []
    patterns: list[re.Pattern[str] | None] = []
    for segment in path.split("/"):
        found = _SEGMENT.findall(segment)
        if not found:
            out.append(segment)
            continue
        names.extend(found)
        out.append(f"{{p{len(patterns):02d}:str}}")
        whole = segment == f"{{{found[0]}}}"
        patterns.append(
            None
            if whole
            else re.compile(_SEGMENT.sub("([^/]+?)", re.escape(segment).replace(r"\{", "{").replace(r"\}", "}")))
        )
    if not any(patterns):
        return "/".join(out), names, None

    def split(values: list[str]) -> list[str] | None:
        parts: list[str] = []
        for value, pattern in zip(values, patterns, strict=True):
            if pattern is None:
                parts.append(value)
            elif match := pattern.fullmatch(value):
                parts.extend(match.groups())
            else:
                return None
        return parts

    return "/".join(out), names, split


def _refuse_twins(operations: list[Operation]) -> None:
    seen: dict[tuple[str, str], Operation] = {}
    for operation in operations:
        key = (operation.method, _SEGMENT.sub("{}", operation.path).rstrip("/"))
        if key in seen:
            raise ValueError(f"{operation!r} is declared twice")
        seen[key] = operation
