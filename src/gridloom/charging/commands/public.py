"""What other parts of the charging API may use of commands.

Reservations: `reservation_of` says who holds an EVSE (a start by anybody else is refused, a remote start of the driver names
its `id_token`); `use_reservation` makes it done when the session has begun. Profiles: `ChargingProfile` is what a start takes,
`profile_16` and `profile_201` are what stations are told, `ask`, `install` and `forget_profile` keep the books about it.
"""

from gridloom.charging.commands.desk import Desk, Target
from gridloom.charging.commands.messages import profile_16, profile_201
from gridloom.charging.commands.profile_schemas import ChargingProfile
from gridloom.charging.commands.profiles import ask as ask_profile
from gridloom.charging.commands.profiles import forget as forget_profile
from gridloom.charging.commands.profiles import install as install_profile
from gridloom.charging.commands.reservations import Reservation, reservation_of, use_reservation

__all__ = [
    "ChargingProfile",
    "Desk",
    "Reservation",
    "Target",
    "ask_profile",
    "forget_profile",
    "install_profile",
    "profile_16",
    "profile_201",
    "reservation_of",
    "use_reservation",
]
