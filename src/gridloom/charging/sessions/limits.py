"""When a session has to end. No I/O; who is asked to end it, and how often, is in `stops.py`."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct

REFUSED = ("authorization_failed", "charging_on_evse_not_allowed")
"""Reasons of failed sessions whose station must not charge."""


class Ends(Struct, frozen=True):
    """Limits of a session and its tariff, the lower of both. kWh, minutes, percent; None: no limit."""

    energy_kwh: Decimal | None = None
    minutes: Decimal | None = None
    soc_percent: Decimal | None = None

    @classmethod
    def of(cls, session: Any, tariff: Mapping[str, Any] | None) -> "Ends":
        """From a row of `charging.session` and the `stop_session` of its tariff's copy."""
        said = tariff or {}
        return cls(
            _lower(session["stop_energy_kwh"], said.get("stopWhenEnergyExceedsKwh")),
            _lower(session["stop_minutes"], said.get("timeLimitMinutes")),
            _lower(session["stop_soc_percent"], said.get("stopWhenSocExceedsPercent")),
        )


def _lower(own: Any, tariff: Any) -> Decimal | None:
    given = [Decimal(str(each)) for each in (own, tariff) if each is not None]
    return min(given, default=None)


def reached(ends: Ends, energy_wh: Decimal | None, soc_percent: Decimal | None, duration: timedelta) -> str | None:
    """The reason for which a session has to end now; None while it may go on. A battery that tells nothing has no limit."""
    if ends.energy_kwh is not None and energy_wh is not None and energy_wh >= ends.energy_kwh * 1000:
        return "energy_exceeded"
    if ends.soc_percent is not None and soc_percent is not None and soc_percent >= ends.soc_percent:
        return "soclimitreached"
    if ends.minutes is not None and duration >= timedelta(microseconds=int(ends.minutes * 60_000_000)):
        return "time_limit"
    return None
