"""What one API is spoken like: who calls, how pages and filters are spelled, what an answer and an error look like.

A dialect knows nothing of resources and tables, and a resource knows nothing of spelling. Each API has one subclass in its
`api.py`.
"""

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from gridloom.kernel.errors import Fault, Invalid
from gridloom.kernel.http.call import Answer, Call
from gridloom.kernel.http.pages import PageOf, PageRequest, Pages
from gridloom.kernel.http.subject import Subject

if TYPE_CHECKING:
    from gridloom.kernel.http.operation import Operation


class QueryField(msgspec.Struct, frozen=True):
    """A parameter that the dialect adds to an operation: its wire name, type, default, and where it is read from.

    default NODEFAULT, as it is when not said: the parameter is required.
    """

    name: str
    type: Any
    default: Any = msgspec.field(default_factory=lambda: msgspec.NODEFAULT)
    where: str = "query"


class Dialect:
    """The defaults of a plain JSON API; override what differs."""

    resource_root: ClassVar[str] = ""
    action_root: ClassVar[str] = ""
    update_method: ClassVar[str] = "PATCH"
    create_status: ClassVar[int] = 201
    delete_status: ClassVar[int] = 204
    invalid_status: ClassVar[int] = 422
    bad_path_is_not_found: ClassVar[bool] = False
    filter_object: ClassVar[str | None] = None
    include_name: ClassVar[str] = "include"
    decimal_is_number: ClassVar[bool] = False
    documented: ClassVar[tuple[int, ...]] = (401, 403, 422, 429)
    security: ClassVar[dict[str, dict[str, Any]]] = {"bearer": {"type": "http", "scheme": "bearer"}}

    def __init__(self) -> None:
        self.encoder = msgspec.json.Encoder(
            decimal_format="number" if self.decimal_is_number else "string", enc_hook=_encode_other
        )

    async def authenticate(self, call: Call) -> Subject | None:
        """The caller, or None when the request carries nobody. Raises Unauthenticated for a wrong credential."""
        raise NotImplementedError

    async def enter(self, call: Call, subject: Subject) -> Subject:  # noqa: ARG002 - only some APIs have such places
        """The caller in the place that the request names (a community, a portal), with the rights it gives.

        Called once the caller is known and let in, before any input is read. Raises Forbidden, or a fault of the API.
        """
        return subject

    def path(self, root: str, path: str) -> str:
        """A declared path as the API serves it; a path that begins with a slash is whole already."""
        return path if path.startswith("/") else f"{root}/{path}"

    def one(self, value: Any, operation: "Operation") -> Any:  # noqa: ARG002 - some dialects tell operations apart
        """The envelope of a single answer."""
        return value

    def one_type(self, shape: Any, operation: "Operation") -> Any:  # noqa: ARG002 - as above
        """The type of `one`, for the OpenAPI document."""
        return shape

    def page_fields(self, pages: Pages) -> list[QueryField]:  # noqa: ARG002 - a dialect without pages ignores them
        """The parameters by which a page is asked for."""
        return []

    def page_request(self, values: dict[str, Any], pages: Pages) -> PageRequest:  # noqa: ARG002 - as above
        """What those parameters mean."""
        return PageRequest()

    def page(self, page: PageOf, call: Call) -> tuple[Any, dict[str, str]]:  # noqa: ARG002 - links need the call
        """The envelope of a list, and its headers."""
        return page.items, {}

    def page_type(self, shape: Any, pages: Pages) -> Any:  # noqa: ARG002 - as above
        """The type of `page`, for the OpenAPI document."""
        return list[shape]

    def fault(self, fault: Fault, call: Call | None) -> Answer:
        """An error in the form of this API."""
        raise NotImplementedError

    def fault_type(self, status: int) -> Any:
        """The type of an error's body, for the OpenAPI document; None for an empty one."""
        raise NotImplementedError

    def status_of(self, fault: Fault) -> int:
        """The HTTP status of a fault in this API."""
        return self.invalid_status if isinstance(fault, Invalid) and fault.status == Invalid.status else fault.status

    def headers(self, call: Call) -> dict[str, str]:
        """Headers of every answer, successful or not."""
        return call.limits


def _encode_other(value: Any) -> Any:
    raise NotImplementedError(f"no JSON form for {type(value).__name__}")


def page_struct(name: str, fields: list[tuple[str, Any]], *, module: str | None = None) -> type[msgspec.Struct]:
    """A struct for an envelope's type; used in documents only. `module` tells two of one name apart there."""
    return msgspec.defstruct(name, [(key, shape) for key, shape in fields], kw_only=True, module=module)
