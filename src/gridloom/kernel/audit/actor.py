"""How a subject is written down."""

from typing import Any

SYSTEM = "system"


def actor(subject: Any) -> str:
    """The stable text of whoever acts: the subject's `id`, a text as it is, or `system` when nobody is signed in."""
    if subject is None:
        return SYSTEM
    return str(getattr(subject, "id", subject))
