"""A tiny API for the tests of the HTTP kernel: a plain dialect, three tables of its own, and a client of both."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any, ClassVar

import httpx
import msgspec
from msgspec import Meta
from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Identity,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.tables import Instant
from gridloom.kernel.errors import Fault, Invalid, Unauthenticated
from gridloom.kernel.http.api import Api
from gridloom.kernel.http.call import Answer, Call, Services
from gridloom.kernel.http.dialect import Dialect, QueryField
from gridloom.kernel.http.dispatcher import Dispatcher, Mounted
from gridloom.kernel.http.endpoint import Admission
from gridloom.kernel.http.operation import Operation
from gridloom.kernel.http.pages import PageOf, PageRequest, Pages
from gridloom.kernel.http.resource import Resource
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.security.headers import Cors

BASE = "http://tiny.test"
RIGHTS = "SELECT, INSERT, UPDATE, DELETE"

# A MetaData of its own: these tables exist in the tests' databases only.
tables = MetaData()


def _table(name: str, *items: Any, uuid: bool = False) -> Table:
    key = Column("id", Uuid, nullable=False) if uuid else Column("id", BigInteger, Identity(), nullable=False)
    return Table(
        name,
        tables,
        Column("tenant_id", Integer, nullable=False),
        key,
        *items,
        PrimaryKeyConstraint("tenant_id", "id"),
        schema="tiny",
        info={"tenant": True, "rights": RIGHTS},
    )


shelf = _table(
    "shelf",
    Column("name", Text, nullable=False),
    Column("holder_id", BigInteger),
    UniqueConstraint("tenant_id", "name", name="uq_shelf_name", deferrable=True, initially="DEFERRED"),
)
thing = _table(
    "thing",
    Column("name", Text, nullable=False),
    Column("code", Text),
    Column("note", Text),
    Column("price", Numeric(12, 4)),
    Column("small", SmallInteger),
    Column("count", Integer),
    Column("weight", BigInteger),
    Column("tags", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("details", JSONB, nullable=False, server_default=text("'{}'")),
    Column("kind", Text),
    Column("made_at", Instant),
    Column("shelf_id", BigInteger),
    Column("holder_id", BigInteger),
    Column("removed_at", Instant),
    Column("updated_at", Instant, nullable=False, server_default=text("now()")),
    UniqueConstraint("tenant_id", "code", name="uq_thing_code"),
    ForeignKeyConstraint(
        ["tenant_id", "shelf_id"], ["tiny.shelf.tenant_id", "tiny.shelf.id"], ondelete="RESTRICT", name="fk_thing_shelf"
    ),
)
parcel = _table("parcel", Column("name", Text, nullable=False), uuid=True)


class Wrong(msgspec.Struct):
    """A refusal as the tests read it."""

    code: str
    message: str
    errors: list[tuple[str, str, str]] = []


class Plain(Dialect):
    """Bearer names instead of tokens; errors with their code; pages by `page` and `size`, or by `cursor`."""

    security: ClassVar[dict[str, dict[str, Any]]] = {"bearer": {"type": "http", "scheme": "bearer"}}

    def __init__(self, subjects: Mapping[str, Subject] | None = None) -> None:
        super().__init__()
        self.subjects: dict[str, Subject] = dict(subjects or {})

    async def authenticate(self, call: Call) -> Subject | None:
        if not call.bearer:
            return None
        try:
            return self.subjects[call.bearer]
        except KeyError:
            raise Unauthenticated from None

    def page_fields(self, pages: Pages) -> list[QueryField]:
        fields = [QueryField("size", Annotated[int, Meta(ge=1, le=50)], 3)]
        if Pages.NUMBER in pages:
            fields.append(QueryField("page", Annotated[int, Meta(ge=1)] | msgspec.UnsetType, msgspec.UNSET))
        if Pages.CURSOR in pages:
            fields.append(QueryField("cursor", str | msgspec.UnsetType, msgspec.UNSET))
        return fields

    def page_request(self, values: dict[str, Any], pages: Pages) -> PageRequest:
        if not pages:
            return PageRequest()
        cursor = values.get("cursor", msgspec.UNSET)
        if cursor is not msgspec.UNSET:
            return PageRequest(size=values["size"], cursor=cursor)
        number = values.get("page", msgspec.UNSET)
        return PageRequest(size=values["size"], number=1 if number is msgspec.UNSET else number, total=True)

    def page(self, page: PageOf, call: Call) -> tuple[Any, dict[str, str]]:
        body = {"items": page.items, "next": page.next_cursor, "previous": page.previous_cursor, "total": page.total}
        return body, {}

    def fault(self, fault: Fault, call: Call | None) -> Answer:
        errors = fault.errors if isinstance(fault, Invalid) else []
        return Answer(Wrong(fault.code, fault.message, [(e.where, e.dotted, e.message) for e in errors]))

    def fault_type(self, status: int) -> Any:
        return Wrong


class Deep(Plain):
    """The same with filters inside `filter[…]` and decimals as numbers."""

    filter_object = "filter"
    decimal_is_number = True
    resource_root = "/tiny"
    action_root = "/tiny/do"


class TinyApi(Api):
    """An API of what it is given, instead of what a package declares."""

    def __init__(
        self, *declared: Operation | Resource, dialect: Dialect | None = None, name: str = "tiny", prefix: str = "/tiny"
    ) -> None:
        super().__init__(name, title="Tiny", package="gridloom", prefixes=(prefix,), dialect=dialect or Plain())
        self._given = declared

    def _declared(self) -> Any:
        for value in self._given:
            for each in value.operations(self.dialect) if isinstance(value, Resource) else [value]:
                yield self._placed(each)


async def nobody(scope: Any, receive: Any, send: Any) -> None:
    """The fallback of a dispatcher that has only APIs."""
    await send({"type": "http.response.start", "status": 418, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"the site"})


@asynccontextmanager
async def idle() -> AsyncIterator[None]:
    """A lifespan in which nothing happens."""
    yield


def services_with(*parts: Any, admission: Admission | None = None) -> Services:
    """The parts of an application: a database (open or not), and what a test adds."""
    services = Services()
    if not any(isinstance(part, Database) for part in parts):
        services.add(Database("postgresql://nobody@localhost:1/nothing"))
    for part in parts:
        services.add(part)
    services.add(admission or Admission(), kind=Admission)
    return services


def dispatcher(apis: Sequence[Api], services: Services, **options: Any) -> Dispatcher:
    """The outermost ring around some APIs."""
    mounted = [Mounted(api.name, api.build(services), api.prefixes) for api in apis]
    given = {"lifespan": idle, "cors": Cors(), **options}
    return Dispatcher(mounted, Mounted("site", nobody, exact=["/tiny/exactly"]), **given)


def client_of(
    api: Api, *parts: Any, bearer: str | None = None, admission: Admission | None = None, **options: Any
) -> httpx.AsyncClient:
    """A client of one API; bearer: the name of the subject that it speaks for."""
    app = dispatcher([api], services_with(*parts, admission=admission), **options)
    headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers)


def subject_of(tenant: int, *scopes: str, name: str = "token:1", **attributes: Any) -> Subject:
    """A caller of a tenant."""
    return Subject(tenant_id=tenant, id=name, kind="service", scopes=frozenset(scopes), attributes=attributes)
