"""What travels about users, as this API calls drivers who have an account."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from gridloom.charging.drivers.invoice_schemas import InvoiceDetails
from gridloom.charging.drivers.schemas import ReadOnly, Short
from gridloom.charging.places import STATES, Country
from gridloom.charging.schemas import Id, Switch, Wire
from gridloom.kernel.http.checks import number

_LOCALES = """
en bg mk el zh-CN zh-HK zh-TW pt sl hr it de hu fi is sv-SE da-DK nb-NO tr-TR es-ES ar ary he ta ms cy sr fr fr-MA ro lt
uk ru nl ca-ES id ar-EG pl lo th sq-XK ga-IE bs ja cs lv et az ka
"""
LOCALES = tuple(_LOCALES.split())
STATED = ("US", "AU")
"""Countries whose users say a state; it is not looked at elsewhere."""

if TYPE_CHECKING:
    UserLocale: TypeAlias = str
    UserState: TypeAlias = str
else:
    UserLocale = Literal[LOCALES]
    UserState = Literal[tuple(dict.fromkeys(each for country in STATED for each in STATES[country]))]

Email = Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$", max_length=320, extra_json_schema={"format": "email"})]
Password = Annotated[str, Meta(min_length=6, max_length=1024)]
Verified = Annotated[datetime, Meta(description="When the address was verified; without an offset it is UTC.")]
SessionsAllowed = Literal[
    "single_session",
    "multiple_simultaneous_sessions_per_idtag",
    "simultaneous_use_of_idtags",
    "multiple_simultaneous_sessions_remotely_and_idtags",
]
Activity = Literal["device_activity", "device_logout", "id_tag_authorization", "transaction", "registration"]
GroupIds = Annotated[list[Id], Meta(max_length=1000)]
_SNAKES = frozenset(
    ("first_name", "middle_name", "last_name", "post_code", "vehicle_no", "personal_id", "company_name")
)


def _spelling(name: str) -> str:
    """What is written about a person is in snake case, all the rest in camel case."""
    if name in _SNAKES:
        return name
    head, *others = name.split("_")
    return head + "".join(each.title() for each in others)


class UserOptions(Wire):
    """How many sessions a user may have at the same time."""

    sessions_allowed: SessionsAllowed | UnsetType = UNSET


class BankDetails(Wire):
    """Where money goes that a user gets back."""

    bank_iban: Short | UnsetType | None = UNSET
    bank_name: Short | UnsetType | None = UNSET
    bank_address: Short | UnsetType | None = UNSET
    bank_code: Short | UnsetType | None = UNSET
    bank_account_number: Short | UnsetType | None = UNSET
    bank_account_type: Short | UnsetType | None = UNSET


class UserAppData(Wire):
    """What other programs know the user by."""

    external_customer_id: Short | UnsetType | None = UNSET


class InviteOptions(Wire):
    """What an invitation allows."""

    allow_corporate_account_billing: bool = False
    limit_corporate_account_billing_to_partner_charge_points: bool = False
    allow_access_to_private_charge_points: bool = False
    corporate_billing_limit: Annotated[Decimal, number(ge=0)] | None = None


class PartnerInvite(Wire, kw_only=True):
    """An invitation of a partner to a user."""

    id: int
    partner_id: int
    send_via_email: bool
    email: str | None = None
    language: str | UnsetType = UNSET
    accept_url: str | None = None
    options: InviteOptions
    status: Literal["pending", "sent", "accepted"]
    created_at: datetime
    accepted_at: datetime | None = None
    user_id: int | None = None
    last_updated_at: datetime


class User(Wire, kw_only=True):
    """A driver with an account. Name, address, phone number and language are the person's, whoever wrote them last.

    The password is never shown, not even what it is kept as.
    """

    id: str
    operator_id: int
    email: str
    email_verified: datetime | None
    require_password_reset: bool
    first_name: str | None
    middle_name: str | None
    last_name: str | None
    phone: str | None
    country: str | None
    state: str | None
    city: str | None
    post_code: str | None
    address: str | None
    vehicle_no: str | None
    personal_id: str | UnsetType = UNSET
    company_name: str | None
    locale: str | None
    balance: Annotated[Decimal, Meta(description="In the currency of the business; nobody has one without payments.")]
    status: Switch
    user_group_ids: list[int]
    external_id: str | None
    subscription_id: int | None
    options: UserOptions
    last_updated_at: datetime
    created_at: datetime
    last_activity_at: datetime | None
    last_activity_source: Activity | None
    created_by: str
    receive_news_and_promotions: bool
    skip_pre_authorization: bool
    skip_unpaid_session_check: bool
    bank_details: BankDetails
    partner_invites: list[PartnerInvite] | UnsetType | None = UNSET
    external_app_data: UserAppData | UnsetType | None = UNSET
    invoice_details: InvoiceDetails | UnsetType | None = UNSET
    amount_due: Annotated[Decimal, Meta(description="What is unpaid now; nothing without payments.")] | UnsetType = (
        UNSET
    )


class UserPatch(Wire, kw_only=True, rename=_spelling):
    """What changes about a user. An empty text takes a value away; groups are replaced as a whole.

    A state counts only in the United States and in Australia.
    """

    email: Email | UnsetType = UNSET
    email_verified: Verified | UnsetType | None = UNSET
    password: Password | UnsetType = UNSET
    require_password_reset: bool | UnsetType = UNSET
    first_name: Short | UnsetType = UNSET
    middle_name: Short | UnsetType = UNSET
    last_name: Short | UnsetType = UNSET
    phone: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    country: Country | UnsetType = UNSET
    state: UserState | UnsetType | None = UNSET
    city: Short | UnsetType = UNSET
    post_code: Short | UnsetType = UNSET
    address: Short | UnsetType = UNSET
    vehicle_no: Short | UnsetType = UNSET
    personal_id: Short | UnsetType = UNSET
    company_name: Short | UnsetType | None = UNSET
    locale: UserLocale | UnsetType | None = UNSET
    user_group_ids: GroupIds | UnsetType = UNSET
    external_id: Short | UnsetType | None = UNSET
    options: UserOptions | UnsetType = UNSET
    last_updated_at: ReadOnly = UNSET
    receive_news_and_promotions: bool | UnsetType = UNSET
    skip_pre_authorization: bool | UnsetType = UNSET
    skip_unpaid_session_check: bool | UnsetType = UNSET
    bank_details: BankDetails | UnsetType = UNSET
    external_app_data: UserAppData | UnsetType | None = UNSET


class UserWrite(UserPatch, kw_only=True, rename=_spelling):
    """A new user. Its e-mail address is there once with each operator.

    nonce: of a sign-up page that is embedded elsewhere; it is taken and says nothing, for no such page is served here.
    """

    email: Email
    password: Password
    operator_id: Id | UnsetType | None = UNSET
    nonce: Annotated[Any, Meta(description="Taken, and not looked at.")] = UNSET
    partner_id: Annotated[Id, Meta(description="The partner for whom this user is created.")] | UnsetType | None = UNSET


def said(given: UserPatch, *names: str) -> dict[str, Any]:
    """Those of the fields that a body holds."""
    found = {name: getattr(given, name) for name in names}
    return {name: value for name, value in found.items() if value is not msgspec.UNSET}
