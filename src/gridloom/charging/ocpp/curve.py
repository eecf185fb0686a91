"""How a simulated car charges: power rises, holds, and falls towards a full battery."""

from dataclasses import dataclass

RAMP_S = 10.0
TAPER_FROM = 0.8
LEAST_POWER = 0.05  # of the maximum, at the very end


@dataclass(slots=True)
class Car:
    """A battery at the cable. capacity_wh: of the battery; soc: 0 to 1; limit_w: what car and cable allow."""

    capacity_wh: float = 60_000.0
    soc: float = 0.35
    limit_w: float = 11_000.0
    connected_s: float = 0.0

    @property
    def power_w(self) -> float:
        """What it takes now: a ramp of ten seconds, the limit, and from 80 % on less and less; 0 when full."""
        if self.soc >= 1:
            return 0.0
        ramp = min(1.0, self.connected_s / RAMP_S)
        taper = min(1.0, (1 - self.soc) / (1 - TAPER_FROM))
        return self.limit_w * ramp * max(taper, LEAST_POWER)

    def charge(self, seconds: float) -> float:
        """Let time pass; returns the energy taken in Wh."""
        taken = 0.0
        while seconds > 0:
            step = min(5.0, seconds)
            self.connected_s += step
            energy = min(self.power_w * step / 3600, (1 - self.soc) * self.capacity_wh)
            self.soc = min(1.0, self.soc + energy / self.capacity_wh)
            taken += energy
            seconds -= step
        return taken
