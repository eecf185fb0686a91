"""What this module refuses."""

from typing import ClassVar

from gridloom.kernel.errors import Unauthenticated


class TenantNotNamed(Unauthenticated):
    """Login and password are right in several tenants."""

    code = "tenant_not_named"
    number: ClassVar[int] = 6
    says: ClassVar[str] = "tenant_not_named"
