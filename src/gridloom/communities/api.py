"""The communities API: energy communities, their members, meters, keys and sharing, in the dialect its clients speak."""

from functools import lru_cache
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from gridloom.communities import access, gateway, numbers, texts
from gridloom.core.identity.store import Identity
from gridloom.kernel.errors import Fault, Forbidden, Invalid, Unauthenticated
from gridloom.kernel.http.api import Api
from gridloom.kernel.http.call import Answer, Call
from gridloom.kernel.http.dialect import Dialect, QueryField, page_struct
from gridloom.kernel.http.operation import Operation
from gridloom.kernel.http.pages import PageOf, PageRequest, Pages
from gridloom.kernel.http.subject import Subject

PAGE_SIZE = 10
MAX_PAGE = 200

# What the kernel refuses by itself, as this API numbers it.
NUMBERS: dict[type[Fault], int] = {Forbidden: 4, Unauthenticated: 6}


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
    """Bearer tokens and `x-community-id`, or a trusted gateway's headers; `{data, error_code}`; every success is 200."""

    create_status = 200
    delete_status = 200
    update_method = "PUT"
    documented: ClassVar[tuple[int, ...]] = (400, 401, 403, 422, 429)
    security: ClassVar[dict[str, dict[str, Any]]] = {"bearer": {"type": "http", "scheme": "bearer"}}

    async def authenticate(self, call: Call) -> Subject | None:
        """Whom a trusted gateway names; else the owner of a communities or service token."""
        if (named := await gateway.recognise(call)) is not None:
            return named
        scheme, _, secret = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated
        subject = await call.services.part(Identity).by_token(secret.strip(), ("communities", "service"))
        if subject is None:
            raise Unauthenticated
        return subject

    async def enter(self, call: Call, subject: Subject) -> Subject:
        """The caller with the role in the community that `x-community-id` names; see `access.py` and `roles.py`."""
        return await access.enter(call, subject)

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
        return _page_type(shape, with_pages=bool(pages))

    def fault(self, fault: Fault, call: Call | None) -> Answer:
        """The union of both error forms, in the language that was asked for."""
        status = self.status_of(fault)
        number, text = self._said(fault, call)
        return Answer(ErrorBody(False, text, status, text, number))

    def _said(self, fault: Fault, call: Call | None) -> tuple[int, str]:
        speech = texts.language(call.headers.get("accept-language", "") if call is not None else "")
        if isinstance(fault, Invalid) and fault.errors and call is not None and call.operation is not None:
            pages = self.page_fields(call.operation.pages) if call.operation.pages else []
            found = [(error, numbers.broken_rule(error, call.operation, pages)) for error in fault.errors]
            lines = [
                f"{error.dotted or error.where}: "
                f"{(rule.says and texts.said(rule.says, speech, rule.words)) or error.message}"
                for error, rule in found
            ]
            return found[0][1].number, "; ".join(lines)
        number = int(getattr(fault, "number", NUMBERS.get(type(fault), numbers.EXCEPTION)))
        key = getattr(fault, "says", "") or (number if number != numbers.EXCEPTION else fault.code)
        told = texts.said(key, speech, getattr(fault, "words", {}))
        return number, told or texts.said(numbers.EXCEPTION, speech) or fault.message

    def fault_type(self, status: int) -> Any:  # noqa: ARG002 - one form for all
        """One form for every error."""
        return ErrorBody


@lru_cache
def _page_type(shape: Any, *, with_pages: bool) -> Any:
    """One type a shape, although several operations list it."""
    fields: list[tuple[str, Any]] = [("data", list[shape]), ("error_code", int)]
    return page_struct(f"{shape.__name__}Page", [*fields, ("pagination", Pagination)] if with_pages else fields)


api = Api(
    "communities",
    title="gridloom communities",
    package="gridloom.communities",
    prefixes=(
        "/communities", "/members", "/meters", "/keys", "/sharing_operations", "/documents", "/invitations", "/users",
        "/settlements",
    ),
    dialect=CommunitiesDialect(),
)  # fmt: skip
