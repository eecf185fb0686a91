"""The credentials of stations: sealed for one tenant, opened only to compare or to tell the station itself."""

from gridloom.kernel.security.sealing import Sealer


def seal_password(sealer: Sealer, tenant: int, password: str) -> bytes:
    """What is stored of a password."""
    return sealer.seal(password, context=_context(tenant))


def open_password(sealer: Sealer, tenant: int, sealed: bytes) -> str:
    """The password back; `sealing.Unsealable` when it was altered or belongs to another tenant."""
    return sealer.open(sealed, context=_context(tenant))


def _context(tenant: int) -> bytes:
    return f"charging.charge_point.network_password:{tenant}".encode()
