"""What travels when portal users sign in and out."""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from gridloom.portal.schemas import Wire

Given = Annotated[str, Meta(min_length=1, max_length=1024)] | UnsetType


class TokenRequest(Wire):
    """Who wants a token, in which portal (by `domain` or `portal_id`), and on what grounds."""

    grant_type: Literal["password", "refresh_token"]
    domain: Given = UNSET
    portal_id: Given = UNSET
    username: Annotated[str, Meta(min_length=1, max_length=320, description="E-mail address.")] | UnsetType = UNSET
    password: Given = UNSET
    refresh_token: Given = UNSET

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """What the grant type asks for, and one way of naming the portal."""
        needed = ("username", "password") if self.grant_type == "password" else ("refresh_token",)
        for name in needed:
            if getattr(self, name) is UNSET:
                yield name, f"A grant of type {self.grant_type} needs this."
        if (self.domain is UNSET) == (self.portal_id is UNSET):
            yield "domain", "Name the portal by its domain or by its id."


class TokenResponse(Struct):
    """An access token for an hour, and a refresh token for thirty days that works once.

    `id_token` is the same token: clients that send the one or the other are both recognised.
    """

    access_token: str
    id_token: str
    refresh_token: str
    expires_in: int
    token_type: Literal["Bearer"] = field(default="Bearer")


class RevokeRequest(Struct):
    """Which grant to end."""

    refresh_token: Annotated[str, Meta(max_length=1024)]


class Revoked(Struct):
    """The grant has ended."""

    message: Literal["Token revoked successfully"] = "Token revoked successfully"
