"""How often a station may ask for tokens that nobody knows."""

from collections.abc import Hashable
from time import monotonic

from gridloom.charging.ocpp.public import Payload, Version

UNKNOWN = frozenset({"Invalid", "Unknown", "NoCredit"})
ALLOWED = 10
WINDOW_S = 60.0


class Throttle:
    """Counts refused tokens of each connected station; after `ALLOWED` within `WINDOW_S` the next ones are not looked up."""

    def __init__(self, allowed: int = ALLOWED, window: float = WINDOW_S) -> None:
        self._allowed, self._window = allowed, window
        self._counts: dict[Hashable, tuple[int, float]] = {}

    def holds(self, station: Hashable) -> bool:
        """Whether the station has to wait."""
        count, since = self._counts.get(station, (0, 0.0))
        return count >= self._allowed and monotonic() - since < self._window

    def note(self, station: Hashable, version: Version, answer: Payload) -> None:
        """Count the answer to an Authorize."""
        info = answer.get("idTagInfo" if version is Version.V16 else "idTokenInfo")
        status = info.get("status") if isinstance(info, dict) else None
        if status == "Accepted":
            self._counts.pop(station, None)
        elif status in UNKNOWN:
            count, since = self._counts.get(station, (0, monotonic()))
            if monotonic() - since >= self._window:
                count, since = 0, monotonic()
            self._counts[station] = (count + 1, since)

    def forget(self, station: Hashable) -> None:
        """It has gone, and has nothing left to wait for."""
        count, since = self._counts.get(station, (0, 0.0))
        if monotonic() - since >= self._window or count == 0:
            self._counts.pop(station, None)


def refusal(version: Version) -> Payload:
    """What a throttled Authorize is answered."""
    info = {"status": "Invalid"}
    return {"idTagInfo": info} if version is Version.V16 else {"idTokenInfo": info}
