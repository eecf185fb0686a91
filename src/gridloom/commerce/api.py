"""The commerce API: identity, relations, catalogue, orders, stock and logistics, in the dialect its clients speak."""

from typing import Any, ClassVar

import msgspec

from gridloom.commerce.paging import PAGE_SIZE, PageSize, PageToken, page_request
from gridloom.commerce.tokens import CommerceIssuer
from gridloom.core.identity.store import Identity
from gridloom.kernel.errors import Fault, FieldError, Invalid, Unauthenticated
from gridloom.kernel.http.api import Api
from gridloom.kernel.http.call import Answer, Call
from gridloom.kernel.http.dialect import Dialect, QueryField
from gridloom.kernel.http.pages import PageOf, PageRequest, Pages
from gridloom.kernel.http.subject import Subject

NAMESPACES = ("iam", "rel", "cat", "odr", "wms", "lcs", "mes", "cnt", "spl", "tpl", "qcq", "int")

# The labels of the reference, and the short ones that clients in the field look at; both are sent.
WRONG_LABELS = ("invalid value", "invalid")


class Error(msgspec.Struct):
    """An error: the HTTP status, a sentence, the request's id, and labels with the fields they are about."""

    code: int
    message: str
    reference: str
    errors: dict[str, list[str]]


class CommerceDialect(Dialect):
    """OAuth2 bearer JWTs; pages in headers; snake case; wrong input is 400."""

    update_method = "PUT"
    create_status = 200
    invalid_status = 400
    decimal_is_number = True
    documented: ClassVar[tuple[int, ...]] = (400, 401, 403, 404, 500, 503)
    security: ClassVar[dict[str, dict[str, Any]]] = {
        "oauth": {
            "type": "oauth2",
            "flows": {"clientCredentials": {"tokenUrl": "/iam/oauth/authorize", "scopes": {}}},
        }
    }

    async def authenticate(self, call: Call) -> Subject | None:
        """An access token of ours as bearer, or a service token."""
        scheme, _, secret = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated
        secret = secret.strip()
        subject = await call.services.part(CommerceIssuer).recognise(secret) if secret.count(".") == 2 else None
        if subject is None:
            subject = await call.services.part(Identity).by_token(secret, ("service",))
        if subject is None:
            raise Unauthenticated
        return subject

    def page_fields(self, pages: Pages) -> list[QueryField]:
        """Two request headers; `x-page` is a number or the token of a page."""
        if not pages:
            return []
        return [
            QueryField("x-page", PageToken, "1", "header"),
            QueryField("x-page-size", PageSize, PAGE_SIZE, "header"),
        ]

    def page_request(self, values: dict[str, Any], pages: Pages) -> PageRequest:
        """A positive number is a numbered page, anything else the token we gave."""
        if not pages:
            return PageRequest()
        return page_request(values["x-page"], values["x-page-size"])

    def page(self, page: PageOf, call: Call) -> tuple[Any, dict[str, str]]:  # noqa: ARG002 - no links in this API
        """A plain list; the next page's token, the number of matches and the size in headers."""
        if page.request.size is None:
            return page.items, {}
        following = page.next_cursor or ""
        if page.request.number is not None and page.total is not None:
            more = page.request.offset + len(page.items) < page.total
            following = str(page.request.number + 1) if more else ""
        headers = {"x-count": str(page.total or 0), "x-page-size": str(page.request.size)}
        return page.items, ({"x-page": following, **headers} if following else headers)

    def fault(self, fault: Fault, call: Call | None) -> Answer:
        """`Error`; the labels name the fields by their path."""
        labels: dict[str, list[str]] = {}
        for error in fault.errors if isinstance(fault, Invalid) else []:
            for label in ("required",) if error.kind == "required" else WRONG_LABELS:
                labels.setdefault(label, []).append(_named(error))
        return Answer(Error(self.status_of(fault), fault.message, call.id if call else "", labels))

    def fault_type(self, status: int) -> Any:  # noqa: ARG002 - one form for all
        """One form for every error."""
        return Error


def _named(error: FieldError) -> str:
    """The path of a field; the token of a page travels as a header here."""
    is_token = (error.where, error.path) == ("query", ("cursor",))
    return "x-page" if is_token else error.dotted or error.where


api = Api(
    "commerce",
    title="gridloom commerce",
    package="gridloom.commerce",
    prefixes=tuple(f"/{name}" for name in NAMESPACES),
    dialect=CommerceDialect(),
)
