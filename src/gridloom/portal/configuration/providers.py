"""Identity providers that a portal lets its users sign in with, as they travel."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from gridloom.portal.schemas import Flag, Text, Wire

Slug = Annotated[str, Meta(pattern=r"^[0-9a-z-]+$", max_length=100)]
Title = Annotated[str, Meta(min_length=1, max_length=200)]


class OidcMetadata(Wire):
    """Addresses of a provider that differ from what it publishes, and how signing out works there."""

    response_modes_supported: list[Literal["form_post", "fragment", "query"]] | UnsetType = UNSET
    authorization_endpoint: Text = UNSET
    token_endpoint: Text = UNSET
    userinfo_endpoint: Text = UNSET
    logout_uri: Text = UNSET
    logout_redirect_uri: Text = UNSET
    skip_login_as_logout: Flag = UNSET
    mobile_redirect_uri: Text = UNSET
    test_auth_username: Annotated[str, Meta(description="Written, never read back.")] | UnsetType = UNSET
    test_auth_password: Annotated[str, Meta(description="Written, never read back.")] | UnsetType = UNSET


class OidcConfig(Wire):
    """How a provider is spoken to (OpenID Connect)."""

    oidc_issuer: str
    client_id: str
    scope: str
    type: Literal["authorization_code", "implicit"] | UnsetType = UNSET
    redirect_uri: Text = UNSET
    client_secret: Annotated[str, Meta(description="Written, never read back.")] | UnsetType = UNSET
    has_client_secret: (
        Annotated[bool, Meta(description="Read: whether there is one. Written without one: keep the one there is.")]
        | UnsetType
    ) = UNSET
    metadata: OidcMetadata | UnsetType = UNSET
    prompt: Literal["login", "select_account", "consent"] | UnsetType = UNSET


class MobileOidcConfig(Wire):
    """Another client of the same provider, for the app on a phone."""

    client_id: Text = UNSET
    client_secret: Annotated[str, Meta(description="Written, never read back.")] | UnsetType = UNSET


class ContactMapping(Wire):
    """Which claim feeds which field of the contact; more fields may be named."""

    email: str
    first_name: Text = UNSET
    last_name: Text = UNSET
    phone: Text = UNSET
    preferred_language: Text = UNSET
    concession: Text = UNSET
    installer_number: Text = UNSET


class AccountMapping(Wire):
    """Which claim feeds which field of the account; more fields may be named."""

    name: Text = UNSET
    street: Text = UNSET
    house_number: Text = UNSET
    postal_code: Text = UNSET
    city: Text = UNSET


class PortalUserMapping(Wire):
    """Which claim says whether a user may come in, and until when; more fields may be named."""

    access_status: Text = UNSET
    expires_at: Text = UNSET


class ConcessionMapping(Wire):
    """Which claim names an installer's concession for what."""

    water: Text = UNSET
    energy: Text = UNSET
    gas: Text = UNSET


class AttributeMappings(Wire):
    """Which claim of a provider feeds which field here."""

    contact: ContactMapping
    account: AccountMapping | UnsetType = UNSET
    portal_user: PortalUserMapping | UnsetType = UNSET
    concession_attributes: ConcessionMapping | UnsetType = UNSET


class EntityMatching(Wire):
    """By which fields a user of a provider is found among those that are known."""

    portal_user: dict[str, str] | UnsetType = UNSET
    contact: dict[str, str] | UnsetType = UNSET
    auto_create_cognito_user: (
        Annotated[bool, Meta(description="Whether somebody new becomes a portal user; true without it.")] | UnsetType
    ) = UNSET


class Provider(Wire):
    """An identity provider, as an admin writes it. Without a slug it gets one made of its name."""

    display_name: Title
    provider_type: Literal["OIDC"]
    slug: Slug | UnsetType = UNSET
    attribute_mappings: AttributeMappings | UnsetType = UNSET
    entity_matching: EntityMatching | UnsetType = UNSET
    oidc_config: OidcConfig | UnsetType = UNSET
    mobile_oidc_config: MobileOidcConfig | UnsetType = UNSET


class PublicProvider(Wire):
    """An identity provider, as everybody may see it: without secrets."""

    slug: Slug
    display_name: str
    oidc_config: OidcConfig | UnsetType = UNSET
    mobile_oidc_config: MobileOidcConfig | UnsetType = UNSET
