"""Rate limits at the door: one budget for a caller, another for an address that shows no valid token."""

from gridloom.kernel.http.call import Call
from gridloom.kernel.http.dialect import Dialect
from gridloom.kernel.http.endpoint import Admission
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.security.ratelimit import Limit, RateLimiter, address_key


class Limits(Admission):
    """Requests a minute, for one process (see `kernel.security.ratelimit`)."""

    def __init__(self, *, per_subject: int, per_address: int) -> None:
        self._subjects = RateLimiter(Limit(per_subject))
        self._addresses = RateLimiter(Limit(per_address))

    def admit(self, call: Call, subject: Subject | None, dialect: Dialect) -> None:  # noqa: ARG002 - one rule for all
        """Count the request and put the limit's headers on its answer. Raises RateLimited."""
        if subject is None:
            decision = self._addresses.take(address_key(call.address))
        else:
            decision = self._subjects.take(f"{subject.tenant_id}/{subject.id}")
        call.limits = decision.headers()
        decision.enforce()
