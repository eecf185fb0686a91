"""The charging API: sites, stations, drivers, tariffs and sessions, in the dialect its clients speak."""

from functools import cache
from typing import Any, ClassVar
from urllib.parse import urlencode

import msgspec
from msgspec import Meta

from gridloom.core.identity.store import Identity
from gridloom.kernel.errors import Fault, Invalid, Unauthenticated
from gridloom.kernel.http.api import Api
from gridloom.kernel.http.call import Answer, Call
from gridloom.kernel.http.dialect import Dialect, QueryField, page_struct
from gridloom.kernel.http.operation import Operation
from gridloom.kernel.http.pages import PageOf, PageRequest, Pages
from gridloom.kernel.http.subject import Subject

MAX_PAGE = 100
# Mon, 01 Jun 2026 00:00:00 GMT: when numbered pages were announced to end; RFC 9745 and RFC 8594.
SUNSET = {"Deprecation": "@1780272000", "Sunset": "Mon, 01 Jun 2026 00:00:00 GMT"}


class Message(msgspec.Struct):
    """An error told in one sentence."""

    message: str


class InvalidBody(msgspec.Struct):
    """Wrong input: a sentence, and for each field the list of what is wrong with it."""

    message: str
    errors: dict[str, list[str]]


class Links(msgspec.Struct):
    """Addresses of other pages; null where there is none."""

    first: str | None = None
    last: str | None = None
    prev: str | None = None
    next: str | None = None


class PageLink(msgspec.Struct):
    """A numbered page as a pager shows it."""

    url: str | None
    label: str
    active: bool


class ListMeta(msgspec.Struct, omit_defaults=True, rename={"first_item": "from", "last_item": "to"}):
    """How a list goes on: numbered pages carry counts, walked lists carry cursors."""

    path: str
    per_page: int
    current_page: int | msgspec.UnsetType = msgspec.UNSET
    first_item: int | msgspec.UnsetType | None = msgspec.UNSET
    last_page: int | msgspec.UnsetType = msgspec.UNSET
    links: list[PageLink] | msgspec.UnsetType = msgspec.UNSET
    last_item: int | msgspec.UnsetType | None = msgspec.UNSET
    total: int | msgspec.UnsetType = msgspec.UNSET
    next_cursor: str | msgspec.UnsetType | None = msgspec.UNSET
    prev_cursor: str | msgspec.UnsetType | None = msgspec.UNSET


class ChargingDialect(Dialect):
    """Bearer tokens of an operator or of all; `{data}` envelopes; `filter[…]` and `include[]`; numbers and cursors."""

    resource_root = "/public-api/resources"
    action_root = "/public-api/actions"
    filter_object = "filter"
    decimal_is_number = True
    bad_path_is_not_found = True
    documented: ClassVar[tuple[int, ...]] = (401, 403, 429)
    security: ClassVar[dict[str, dict[str, Any]]] = {
        "bearerAuth": {"type": "http", "scheme": "bearer", "bearerFormat": "API Token"}
    }

    async def authenticate(self, call: Call) -> Subject | None:
        """An API token as bearer."""
        subject = await call.services.part(Identity).by_token(call.bearer, ("charging", "service"))
        if subject is None:
            raise Unauthenticated
        return subject

    def one(self, value: Any, operation: Operation) -> Any:  # noqa: ARG002 - every wrapped answer has this form
        """`{"data": …}`."""
        return {"data": value}

    def one_type(self, shape: Any, operation: Operation) -> Any:
        """The type of `one`."""
        return page_struct(f"{operation.name}Answer", [("data", shape)])

    def page_fields(self, pages: Pages) -> list[QueryField]:
        """`per_page`, and `page` or `cursor` or both."""
        size = QueryField("per_page", _between(1, MAX_PAGE), MAX_PAGE)
        number = QueryField("page", _between(1, 10**9) | msgspec.UnsetType, msgspec.UNSET)
        cursor = QueryField("cursor", str | msgspec.UnsetType, msgspec.UNSET)
        fields = [size] if pages else []
        return fields + ([number] if Pages.NUMBER in pages else []) + ([cursor] if Pages.CURSOR in pages else [])

    def page_request(self, values: dict[str, Any], pages: Pages) -> PageRequest:
        """A cursor, even an empty one, walks; without one a dual list is numbered; a list that only walks begins."""
        if not pages:
            return PageRequest()
        cursor, number = values.get("cursor", msgspec.UNSET), values.get("page", msgspec.UNSET)
        size = values["per_page"]
        if cursor is not msgspec.UNSET or Pages.NUMBER not in pages:
            return PageRequest(size=size, cursor="" if cursor is msgspec.UNSET else cursor)
        return PageRequest(size=size, number=1 if number is msgspec.UNSET else number, total=True)

    def page(self, page: PageOf, call: Call) -> tuple[Any, dict[str, str]]:
        """`{"data", "links", "meta"}`; a list without pages is `{"data"}` alone."""
        if page.request.size is None:
            return {"data": page.items}, {}
        if page.request.cursor is not None:
            links, meta = _walked(page, call)
            return {"data": page.items, "links": links, "meta": meta}, {}
        links, meta = _numbered(page, call)
        headers = SUNSET if "page" in call.query and Pages.CURSOR in call.operation.pages else {}
        return {"data": page.items, "links": links, "meta": meta}, dict(headers)

    def page_type(self, shape: Any, pages: Pages) -> Any:
        """The type of `page`."""
        return _page_of(shape, paged=bool(pages))

    def fault(self, fault: Fault, call: Call | None) -> Answer:  # noqa: ARG002 - the request changes nothing here
        """`{"message"}`, with `errors` by field for wrong input."""
        if not isinstance(fault, Invalid):
            return Answer(Message(fault.message))
        found: dict[str, list[str]] = {}
        for error in fault.errors:
            found.setdefault(error.dotted or error.where, []).append(error.message)
        return Answer(InvalidBody(Invalid.text if found else fault.message, found))

    def fault_type(self, status: int) -> Any:
        """`InvalidBody` for 422, `Message` for the rest."""
        return InvalidBody if status == 422 else Message


@cache
def _page_of(shape: Any, *, paged: bool) -> Any:
    """One struct for all lists of a shape: several resources may show the same one, such as notes."""
    name = f"{getattr(shape, '__name__', 'Item')}{'Page' if paged else 'List'}"
    fields: list[tuple[str, Any]] = [("data", list[shape])]
    more: list[tuple[str, Any]] = [("links", Links), ("meta", ListMeta)] if paged else []
    return page_struct(name, [*fields, *more], module=getattr(shape, "__module__", None))


def _between(low: int, high: int) -> Any:
    from typing import Annotated

    return Annotated[int, Meta(ge=low, le=high)]


def _link(call: Call, **changes: Any) -> str:
    """This list's address with its filters, and other page parameters."""
    kept = [(k, v) for k, v in call.pairs if k not in ("page", "cursor")]
    return f"{call.url}?{urlencode([*kept, *changes.items()])}"


def _walked(page: PageOf, call: Call) -> tuple[Links, ListMeta]:
    links = Links(
        prev=_link(call, cursor=page.previous_cursor) if page.previous_cursor else None,
        next=_link(call, cursor=page.next_cursor) if page.next_cursor else None,
    )
    meta = ListMeta(call.url, page.request.size or 0, next_cursor=page.next_cursor, prev_cursor=page.previous_cursor)
    return links, meta


def _numbered(page: PageOf, call: Call) -> tuple[Links, ListMeta]:
    size, here, total = page.request.size or 1, page.request.number or 1, page.total or 0
    last = max(1, -(-total // size))
    first_item = page.request.offset + 1 if page.items else None
    previous = _link(call, page=here - 1) if here > 1 else None
    following = _link(call, page=here + 1) if here < last else None
    pager = [
        PageLink(previous, "Previous", active=False),
        *[PageLink(_link(call, page=n), str(n), active=n == here) for n in _shown(here, last)],
        PageLink(following, "Next", active=False),
    ]
    links = Links(_link(call, page=1), _link(call, page=last), previous, following)
    meta = ListMeta(
        call.url, size, current_page=here, first_item=first_item, last_page=last, links=pager,
        last_item=page.request.offset + len(page.items) if page.items else None, total=total,
    )  # fmt: skip
    return links, meta


def _shown(here: int, last: int) -> list[int]:
    """The pages a pager names: the ends and the neighbours."""
    return sorted({n for n in (1, 2, *range(here - 3, here + 4), last - 1, last) if 1 <= n <= last})


api = Api(
    "charging",
    title="gridloom charging",
    package="gridloom.charging",
    prefixes=("/public-api",),
    dialect=ChargingDialect(),
)
