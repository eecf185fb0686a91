"""A portal's configuration, as it travels."""

from typing import Annotated, Literal, TypeAlias

from msgspec import UNSET, Meta, UnsetType, field

from gridloom.portal.configuration.pages import Block, Page
from gridloom.portal.configuration.providers import Provider, PublicProvider
from gridloom.portal.configuration.settings import (
    AuthSettings,
    ContractSelector,
    DomainSettings,
    EditRule,
    EmailTemplates,
    EntityAction,
    EntityIdentifiers,
    ExtensionConfig,
    FeatureSettings,
    FileExtensions,
    Grant,
    HookSelection,
    Identifier,
    Images,
    OrganisationSettings,
    Switch,
    TriggeredJourney,
    UserPool,
    UsersToNotify,
)
from gridloom.portal.schemas import EntityId, Flag, Number, Origin, Text, Texts, Wire

Registration: TypeAlias = Literal[
    "ALLOW_WITH_CONTACT_CREATION",
    "ALLOW_WITHOUT_CONTACT_CREATION",
    "DENY",
    "ALWAYS_CREATE_CONTACT",
    "DISALLOW_COMPLETELY",
    "BLOCK_IF_PORTAL_USER_EXISTS",
]
AccountRegistration: TypeAlias = Literal[
    "ALLOW_WITH_CONTACT_CREATION", "DENY", "ALWAYS_CREATE_CONTACT", "DISALLOW_COMPLETELY"
]
Domain = Annotated[
    str, Meta(min_length=1, max_length=300, description="Where users find the portal, e.g. `portal.example.org`.")
]


class CommonConfig(Wire):
    """What admins write and everybody reads."""

    domain: Domain
    enabled: (
        Annotated[bool, Meta(description="Whether users come in. A new portal is, unless it says otherwise.")]
        | UnsetType
    ) = UNSET
    name: Text = UNSET
    is_provided_domain: Flag = field(default=UNSET, name="is_epilot_domain")
    provided_domain: Annotated[str, Meta(max_length=300, description="A second domain of the portal.")] | UnsetType = (
        field(default=UNSET, name="epilot_domain")
    )
    domain_settings: DomainSettings | UnsetType = UNSET
    design_id: EntityId = UNSET
    allowed_portal_entities: Texts = UNSET
    self_registration_setting: Registration | UnsetType = UNSET
    self_registration_account_setting: AccountRegistration | UnsetType = UNSET
    self_registration_entity: Literal["contact", "account"] | UnsetType = UNSET
    user_account_self_management: Flag = UNSET
    feature_settings: FeatureSettings | UnsetType = UNSET
    access_token: Annotated[str, Meta(description="A secret: only admins read it back.")] | UnsetType = field(
        default=UNSET, name="accessToken"
    )
    advanced_mfa: Switch | UnsetType = UNSET
    auth_settings: AuthSettings | UnsetType = UNSET
    cognito_details: UserPool | UnsetType = UNSET
    config: Annotated[str, Meta(description="Settings of the client, which nobody here looks into.")] | UnsetType = (
        UNSET
    )
    contact_identifiers: Texts = UNSET
    approval_state_attributes: dict[str, list[str]] | UnsetType = UNSET
    email_templates: EmailTemplates | UnsetType = UNSET
    images: Images | UnsetType = UNSET
    entity_identifiers: EntityIdentifiers | UnsetType = UNSET
    contract_identifiers: list[Identifier] | UnsetType = UNSET
    contract_selector_config: ContractSelector | UnsetType = UNSET
    registration_identifiers: list[Identifier] | UnsetType = UNSET
    triggered_journeys: list[TriggeredJourney] | UnsetType = UNSET
    entity_edit_rules: list[EditRule] | UnsetType = UNSET
    allowed_file_extensions: FileExtensions | UnsetType = UNSET
    prevent_search_engine_indexing: Flag = UNSET
    meter_reading_grace_period: Number = UNSET
    inactive_contract_cutoff_years: Number = UNSET
    is_dummy: Flag = UNSET
    is_v3_item: Flag = UNSET
    portal_id: Annotated[str, Meta(description="Given by the server; ignored in a body.")] | UnsetType = UNSET
    portal_sk_v3: Text = UNSET
    origin: Annotated[str, Meta(description="Given by the query; ignored in a body.")] | UnsetType = UNSET
    pages: dict[str, Page] | UnsetType = UNSET
    global_blocks: dict[str, Block] | UnsetType = UNSET


class UpsertPortalConfig(CommonConfig):
    """What an admin writes of a portal. A field that is there replaces the one before; one that is left out stays."""

    entity_actions: list[EntityAction] | UnsetType = UNSET
    extensions: list[ExtensionConfig] | UnsetType = UNSET
    extension_hooks: (
        Annotated[
            dict[str, HookSelection | None],
            Meta(description="Kind of hook -> the hook that serves it. Kinds that are left out stay, null clears one."),
        ]
        | UnsetType
    ) = UNSET
    default_user_to_notify: UsersToNotify | UnsetType = UNSET
    identity_providers: (
        Annotated[list[Provider], Meta(description="Replaces all of them; an empty list removes them.")] | UnsetType
    ) = UNSET


class PortalConfig(CommonConfig):
    """A portal. Secrets are not in it, except `accessToken` for admins."""

    id: Annotated[str, Meta(description="The same as `portal_id`.")] | UnsetType = UNSET
    organization_id: Annotated[str, Meta(description="The number of the tenant, as text.")] | UnsetType = UNSET
    org_settings: OrganisationSettings | UnsetType = UNSET
    feature_flags: dict[str, bool] | UnsetType = UNSET
    grants: list[Grant] | UnsetType = UNSET
    identity_providers: list[PublicProvider] | UnsetType = UNSET


class UpsertQuery(Wire):
    """Which portal: the one of this origin, or the one of this id."""

    origin: Origin
    portal_id: Text = UNSET


class OriginQuery(Wire):
    """Which portal."""

    origin: Origin


class ConfigQuery(Wire):
    """Which portal. A portal user needs none, nor an admin of one portal."""

    origin: Origin | UnsetType = UNSET


class DomainQuery(Wire):
    """At which domain; upper case and a port make no difference."""

    domain: Annotated[str, Meta(min_length=1, max_length=300)]
