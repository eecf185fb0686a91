"""The communities API: energy communities, their members, meters, keys and sharing, in the dialect its clients speak."""

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from gridloom.core.identity.store import Identity
from gridloom.kernel.errors import Fault, Unauthenticated
from gridloom.kernel.http.api import Api
from gridloom.kernel.http.call import Answer, Call
from gridloom.kernel.http.dialect import Dialect, QueryField, page_struct
from gridloom.kernel.http.operation import Operation
from gridloom.kernel.http.pages import PageOf, PageRequest, Pages
from gridloom.kernel.http.subject import Subject

PAGE_SIZE = 10
MAX_PAGE = 200


class Pagination(msgspec.Struct):
    """Where in a list an answer is."""

    page: int
    limit: int
    total: int
    total_pages: int


class ErrorBody(msgspec.Struct, rename={"status_code": "statusCode"}):
    """An error in both forms that clients know: `data` and `error_code`, `success`, `error` and `statusCode`."""

    success: bool
    error: str
    status_code: int
    data: str
    error_code: int


class CommunitiesDialect(Dialect):
    """Bearer tokens and `x-community-id`; `{data, error_code}` envelopes; every success is 200."""

    create_status = 200
    delete_status = 200
    update_method = "PUT"
    documented: ClassVar[tuple[int, ...]] = (400, 401, 403, 422)
    security: ClassVar[dict[str, dict[str, Any]]] = {"bearer": {"type": "http", "scheme": "bearer"}}

    async def authenticate(self, call: Call) -> Subject | None:
        """A communities or service token as bearer."""
        scheme, _, secret = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated
        subject = await call.services.part(Identity).by_token(secret.strip(), ("communities", "service"))
        if subject is None:
            raise Unauthenticated
        return subject

    def one(self, value: Any, operation: Operation) -> Any:  # noqa: ARG002 - every answer has this form
        """`{"data": …, "error_code": 0}`."""
        return {"data": value, "error_code": 0}

    def one_type(self, shape: Any, operation: Operation) -> Any:
        """The type of `one`."""
        return page_struct(f"{operation.name}Answer", [("data", shape), ("error_code", int)])

    def page_fields(self, pages: Pages) -> list[QueryField]:
        """`page` and `limit`."""
        if not pages:
            return []
        return [
            QueryField("page", Annotated[int, Meta(ge=1, le=10**9)], 1),
            QueryField("limit", Annotated[int, Meta(ge=1, le=MAX_PAGE)], PAGE_SIZE),
        ]

    def page_request(self, values: dict[str, Any], pages: Pages) -> PageRequest:
        """Numbered pages with a count."""
        return PageRequest(size=values["limit"], number=values["page"], total=True) if pages else PageRequest()

    def page(self, page: PageOf, call: Call) -> tuple[Any, dict[str, str]]:  # noqa: ARG002 - no links in this API
        """`{"data", "error_code", "pagination"}`."""
        total, size = page.total or 0, page.request.size or 1
        pagination = Pagination(page.request.number or 1, size, total, -(-total // size))
        return {"data": page.items, "error_code": 0, "pagination": pagination}, {}

    def page_type(self, shape: Any, pages: Pages) -> Any:
        """The type of `page`."""
        fields: list[tuple[str, Any]] = [("data", list[shape]), ("error_code", int)]
        return page_struct(f"{shape.__name__}Page", [*fields, ("pagination", Pagination)] if pages else fields)

    def fault(self, fault: Fault, call: Call | None) -> Answer:  # noqa: ARG002 - the request changes nothing here
        """The union of both error forms."""
        status = self.status_of(fault)
        number = int(getattr(fault, "number", 1))
        return Answer(ErrorBody(False, fault.message, status, fault.message, number))

    def fault_type(self, status: int) -> Any:  # noqa: ARG002 - one form for all
        """One form for every error."""
        return ErrorBody


api = Api(
    "communities",
    title="gridloom communities",
    package="gridloom.communities",
    prefixes=(
        "/communities", "/members", "/meters", "/keys", "/sharing_operations", "/documents", "/invitations", "/users",
    ),
    dialect=CommunitiesDialect(),
)  # fmt: skip
