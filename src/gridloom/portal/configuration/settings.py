"""The groups of settings inside a portal's configuration, as they travel."""

from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType, field

from gridloom.portal.configuration.providers import Slug
from gridloom.portal.schemas import EntityId, Flag, Number, Text, Texts, Whole, Wire

Template: TypeAlias = UUID | UnsetType | None


class Switch(Wire):
    """Something that is on or off."""

    enabled: Flag = UNSET


class DomainSettings(Wire):
    """Which of its domains a portal answers at."""

    is_custom_domain_enabled: Flag = UNSET
    is_provided_domain_enabled: Flag = field(default=UNSET, name="is_epilot_domain_enabled")
    is_redirection_enabled: Flag = UNSET


class FeatureSettings(Wire):
    """Parts of the portal that can be left out."""

    start_page: Flag = UNSET
    billing: Flag = UNSET
    change_due_date: Flag = UNSET
    new_design: Flag = UNSET


class AuthSettings(Wire):
    """How users come in."""

    passwordless_login: Switch | UnsetType = UNSET
    entry_point: Literal["PASSWORD", "SSO"] | UnsetType = UNSET
    preferred_sso_providers: list[Slug] | UnsetType = UNSET
    auto_redirect_to_sso: Flag = UNSET


class Timeouts(Wire):
    """How long tokens last."""

    refresh_token: Whole = UNSET
    access_token: Whole = UNSET
    id_token: Whole = UNSET


class AdvancedAuthentication(Wire):
    """Further guards of a user pool."""

    user_activity_logging: Flag = UNSET
    adaptive_authentication: Flag = UNSET
    compromised_credentials_detection: Flag = UNSET


class PasswordPolicy(Wire):
    """What a password of this portal needs."""

    minimum_length: Whole = UNSET
    maximum_length: Whole = UNSET
    require_lowercase: Flag = UNSET
    require_uppercase: Flag = UNSET
    require_numbers: Flag = UNSET
    require_symbols: Flag = UNSET


class UserPool(Wire):
    """The user pool behind a portal, as clients of a hosted pool know it. Ours is built in: only the policy is used."""

    cognito_user_pool_client_id: Text = UNSET
    cognito_user_pool_arn: Text = UNSET
    cognito_user_pool_id: Text = UNSET
    timeouts: Timeouts | UnsetType = UNSET
    advanced_authentication: AdvancedAuthentication | UnsetType = UNSET
    password_policy: PasswordPolicy | UnsetType = UNSET


class EmailTemplates(Wire, rename="camel"):
    """Which template is used for which message."""

    confirm_account: Template = UNSET
    advanced_auth: Template = UNSET
    advanced_mfa: Template = field(default=UNSET, name="advancedMFA")
    journey_sign_up: Template = UNSET
    journey_sign_in_one_time_password: Template = UNSET
    journey_login_otp: Template = field(default=UNSET, name="journeyLoginOTP")
    forgot_password: Template = UNSET
    invitation: Template = UNSET
    partner_invitation: Template = UNSET
    on_new_quote: Template = UNSET
    on_map_a_pending_user: Template = UNSET
    on_doc_upload: Template = UNSET
    on_workflow_step_assigned: Template = UNSET
    confirm_email_update: Template = UNSET
    verify_code_to_set_password: Template = UNSET


class Images(Wire, rename="camel"):
    """Pictures of the start page and the order page."""

    order_left_teaser: str | UnsetType | None = UNSET
    order_right_teaser: str | UnsetType | None = UNSET
    welcome_banner: str | UnsetType | None = UNSET


class EntityIdentifier(Wire):
    """By which attributes an entity is found."""

    is_enabled: Flag = field(default=UNSET, name="isEnabled")
    attributes: Texts = UNSET


class EntityIdentifiers(Wire):
    """The older form of `registration_identifiers`."""

    type: EntityIdentifier | UnsetType = UNSET


class Identifier(Wire):
    """An attribute that somebody has to know to be matched with a record."""

    name: Text = UNSET
    schema: Text = UNSET


class ContractSelector(Wire):
    """How users choose among their contracts."""

    show_inactive: Flag = UNSET
    title_path: Text = UNSET


class TriggeredJourney(Wire):
    """A form that opens by itself at some event."""

    trigger_name: Literal["FIRST_LOGIN", "ACCEPT_ORDER", "DECLINE_ORDER"] | UnsetType = UNSET
    journey_id: EntityId = UNSET


class EditRule(Wire):
    """How often, how much and until when users may change an attribute."""

    slug: Text = UNSET
    attribute: Text = UNSET
    rule_type: Literal["cadence", "relative_to_current_value", "days_before_date", "overdue_payments"] | UnsetType = (
        UNSET
    )
    cadence_period_type: Literal["days", "weeks", "months"] | UnsetType = UNSET
    cadence_period: Number = UNSET
    changes_allowed: Whole = UNSET
    grace_period: Whole = UNSET
    allowed_increment: Text = UNSET
    allowed_decrement: Text = UNSET
    number_of_days_before_restriction: Whole = UNSET


class FileExtensions(Wire, forbid_unknown_fields=True):
    """Which files users may send, by kind."""

    document: Texts = UNSET
    image: Texts = UNSET
    spreadsheet: Texts = UNSET
    presentation: Texts = UNSET
    audio_video: Texts = field(default=UNSET, name="audioVideo")
    email: Texts = UNSET
    archive: Texts = UNSET
    cad: Texts = UNSET
    calendar: Texts = UNSET
    other: Texts = UNSET


class ActionLabel(Wire):
    """What a button says."""

    en: Text = UNSET
    de: Text = UNSET


class EntityAction(Wire):
    """A form that users may open from an entity."""

    journey_id: EntityId = UNSET
    slug: Text = UNSET
    action_label: ActionLabel | UnsetType = field(default=UNSET, name="action_Label")


class ExtensionConfig(Wire, omit_defaults=False):
    """An extension of this portal. options: may hold secrets, and are never read back."""

    id: str
    status: Literal["installed", "enabled"]
    options: dict[str, str] = field(default_factory=dict)


class HookSelection(Wire):
    """Which hook of which extension serves a purpose."""

    app_id: str
    extension_id: str
    hook_id: str


class ImageUri(Wire):
    """A picture in several sizes."""

    original: str | UnsetType | None = UNSET
    thumbnail_32: str | UnsetType | None = UNSET
    thumbnail_64: str | UnsetType | None = UNSET
    key: str | UnsetType | None = UNSET


class AdminUser(Wire):
    """Somebody of the organisation; more may be said of them."""

    type: str | UnsetType | None = UNSET
    user_id: Text = UNSET
    display_name: str | UnsetType | None = UNSET
    image_uri: ImageUri | UnsetType | None = UNSET
    org_id: Text = UNSET
    email: str | UnsetType | None = UNSET
    phone: str | UnsetType | None = UNSET


class UsersToNotify(Wire):
    """Who is told about what."""

    on_pending_user: list[AdminUser] | UnsetType = field(default=UNSET, name="onPendingUser")


class OrganisationSettings(Wire):
    """What holds for the whole organisation. notracking: nothing here follows what users do."""

    canary: Switch | UnsetType = UNSET
    notracking: Switch | UnsetType = UNSET


class Grant(Wire, omit_defaults=False):
    """Something that the caller may, or may not, do."""

    action: str
    resource: Annotated[str, Meta(description="Everything, without it.")] | UnsetType = UNSET
    effect: Literal["allow", "deny"] = "allow"
