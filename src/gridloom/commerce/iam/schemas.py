"""What travels about access."""

from typing import Annotated, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

Secret = Annotated[str, Meta(min_length=1, max_length=1024)]
BEARER: Literal["Bearer"] = "Bearer"
Revoked: TypeAlias = Literal["current", "jwt", "all"]


class IamTokenRequest(Struct, kw_only=True):
    """Who asks for a token, and by what right.

    grant_type: `client_credentials`, or `refresh_token` with the token in `refresh_token`. scope: separated by spaces.
    """

    client_id: Annotated[str, Meta(min_length=1, max_length=255)] | UnsetType = UNSET
    client_secret: Secret | UnsetType = UNSET
    grant_type: Annotated[str, Meta(min_length=1, max_length=100)] | UnsetType = UNSET
    scope: Annotated[str, Meta(max_length=10_000)] | UnsetType | None = UNSET
    refresh_token: Secret | UnsetType | None = UNSET


class IamAccessToken(Struct, kw_only=True):
    """An access token, how many seconds it lasts, and what brings the next one. scope: what it opens."""

    token_type: Literal["Bearer"] = BEARER
    expires_in: int
    access_token: str | UnsetType = UNSET
    refresh_token: str | UnsetType = UNSET
    scope: str | UnsetType = UNSET


class IamScope(Struct):
    """Something that a token can open."""

    id: str
    description: str


class RevokeQuery(Struct):
    """current: this token and its refresh token. jwt and all: every token and refresh token of the caller."""

    tokens: Revoked = "current"
