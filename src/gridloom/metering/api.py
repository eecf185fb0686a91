"""The metering API: sensors, signals, weather and estimation graphs, in the dialect its clients speak."""

from typing import Any, ClassVar

import msgspec

from gridloom.core.identity.store import Identity
from gridloom.kernel.errors import Fault, FieldError, Invalid, Unauthenticated
from gridloom.kernel.http.api import Api
from gridloom.kernel.http.call import Answer, Call
from gridloom.kernel.http.dialect import Dialect
from gridloom.kernel.http.subject import Subject


class ErrorDetail(msgspec.Struct):
    """One wrong field: where it is, what is wrong, and of which kind."""

    loc: list[str | int]
    msg: str
    type: str


class ErrorBody(msgspec.Struct):
    """An error: a text, or for wrong input the list of wrong fields."""

    detail: str | list[ErrorDetail]


class MeteringDialect(Dialect):
    """Bearer tokens of a login, `X-Auth` keys for the weather; parameters mostly in the query; errors as `detail`."""

    update_method = "PUT"
    documented: ClassVar[tuple[int, ...]] = (401, 403, 429)
    security: ClassVar[dict[str, dict[str, Any]]] = {
        "HTTPBearer": {"type": "http", "scheme": "bearer"},
        "APIKeyHeader": {"type": "apiKey", "in": "header", "name": "X-Auth"},
    }

    async def authenticate(self, call: Call) -> Subject | None:
        """A login token or service token as bearer; operations that declare the key accept `X-Auth` too."""
        identity = call.services.part(Identity)
        found = await identity.by_token(call.bearer, ("metering", "service"))
        if found is not None:
            return found
        if "APIKeyHeader" in (call.operation.security or ()) and (key := call.headers.get("x-auth")):
            found = await identity.by_token(key.strip(), ("metering-key",))
            if found is not None:
                return found
        raise Unauthenticated

    def fault(self, fault: Fault, call: Call | None) -> Answer:  # noqa: ARG002 - the request changes nothing here
        """`{"detail": …}`."""
        headers = {"WWW-Authenticate": "Bearer"} if isinstance(fault, Unauthenticated) else {}
        if isinstance(fault, Invalid) and fault.errors:
            return Answer(ErrorBody([_detail(error) for error in fault.errors]), headers=headers)
        return Answer(ErrorBody(fault.message), headers=headers)

    def fault_type(self, status: int) -> Any:  # noqa: ARG002 - one form for all
        """One form for every error."""
        return ErrorBody


def _detail(error: FieldError) -> ErrorDetail:
    kind = "value_error.missing" if error.kind == "required" else "value_error"
    return ErrorDetail([error.where, *error.path], error.message, kind)


api = Api(
    "metering",
    title="gridloom metering",
    package="gridloom.metering",
    prefixes=("/api",),
    dialect=MeteringDialect(),
)
