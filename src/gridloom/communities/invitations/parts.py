"""What invitations add to a running application."""

from gridloom.kernel.http.call import Services
from gridloom.kernel.security.ratelimit import Limit, RateLimiter
from gridloom.settings import Settings

HOUR_S = 3600


class LetterLimit(RateLimiter):
    """How many letters one caller may have us write: who invites chooses the recipient and part of the text."""


def provide(services: Services) -> None:
    """One budget an hour for each caller."""
    services.add(LetterLimit(Limit(services.part(Settings).letters_per_hour, HOUR_S)))
