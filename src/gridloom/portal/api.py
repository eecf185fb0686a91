"""The portal API: what a customer sees, and how an organisation sets it up, in the dialect its clients speak."""

from typing import Any, ClassVar

import msgspec

from gridloom.core.identity.store import Identity
from gridloom.kernel.errors import Fault, Invalid, Unauthenticated
from gridloom.kernel.http.api import Api
from gridloom.kernel.http.call import Answer, Call
from gridloom.kernel.http.dialect import Dialect
from gridloom.kernel.http.subject import Subject
from gridloom.portal import security
from gridloom.portal.tokens import PortalIssuer


class ErrorBody(msgspec.Struct):
    """An error told in one sentence."""

    message: str


class PortalDialect(Dialect):
    """Bearer tokens of organisation admins or of portal users; `{message}` errors; wrong input is 400."""

    update_method = "PUT"
    invalid_status = 400
    documented: ClassVar[tuple[int, ...]] = (400, 401, 403, 429)
    security: ClassVar[dict[str, dict[str, Any]]] = security.SCHEMES

    async def authenticate(self, call: Call) -> Subject | None:
        """A portal user's JWT, or an admin's or service token, as the operation allows."""
        scheme, _, secret = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated
        secret = secret.strip()
        subject = await call.services.part(PortalIssuer).recognise(secret) if secret.count(".") == 2 else None
        if subject is None:
            subject = await call.services.part(Identity).by_token(secret, security.ADMIN_KINDS)
        if subject is None:
            raise Unauthenticated
        return subject

    async def enter(self, call: Call, subject: Subject) -> Subject:
        """An operation is for admins, for portal users, or for both, as its security scheme says."""
        security.check(call.operation, subject)
        return subject

    def fault(self, fault: Fault, call: Call | None) -> Answer:  # noqa: ARG002 - the request changes nothing here
        """`{"message": …}`; wrong fields are named in the sentence."""
        message = fault.message
        if isinstance(fault, Invalid) and fault.errors:
            message = "; ".join(f"{error.dotted or error.where}: {error.message}" for error in fault.errors)
        return Answer(ErrorBody(message))

    def fault_type(self, status: int) -> Any:  # noqa: ARG002 - one form for all
        """One form for every error."""
        return ErrorBody


api = Api(
    "portal",
    title="gridloom portal",
    package="gridloom.portal",
    prefixes=("/v2/portal", "/v3/portal"),
    dialect=PortalDialect(),
)
