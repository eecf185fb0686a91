"""What travels about tariffs, their groups and their copies."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from msgspec import UNSET, Meta, UnsetType

from gridloom.charging.api import Links, ListMeta
from gridloom.charging.schemas import Id, Locale, Mistakes, Name, Wire
from gridloom.charging.tariffs import parsing
from gridloom.charging.tariffs.pricing_schemas import Clock, Fee, Pricing
from gridloom.charging.tariffs.rules import Audience, Method
from gridloom.kernel.http.checks import number

TariffType: TypeAlias = Literal[
    "free", "flat rate", "duration+energy", "duration+energy time of day", "energy tou", "standard", "charging not allowed",
    "average power levels", "peak power levels", "standard_tod", "optimised dynamic pricing",
]  # fmt: skip
Localised: TypeAlias = dict[Locale, Annotated[str, Meta(max_length=10_000)] | None]
Limit = Annotated[Decimal, number(gt=0, le=1_000_000_000, places=5)]
Short = Annotated[str, Meta(max_length=150)]
Long = Annotated[str, Meta(max_length=2000)]


class StopSession(Wire):
    """When a session ends by itself; what is left out has no limit. The state of charge counts where the station tells it."""

    time_limit_minutes: Limit | UnsetType | None = UNSET
    stop_when_energy_exceeds_kwh: Limit | UnsetType | None = UNSET
    stop_when_soc_exceeds_percent: Annotated[int, Meta(ge=70, le=99)] | UnsetType | None = UNSET


class Restrictions(Wire):
    """Whom a tariff is for. People add up; dates (the last one included) and methods narrow down."""

    apply_to_users_of_charge_point_owner: Annotated[
        bool | UnsetType, Meta(description="Same as the partner's.", extra_json_schema={"deprecated": True})
    ] = UNSET
    apply_to_users_of_charge_point_partner: bool | UnsetType = UNSET
    apply_to_users_of_all_roaming_emsps: bool | UnsetType = UNSET
    apply_to_ad_hoc_users: bool | UnsetType = UNSET
    ad_hoc_pre_authorize_amount: Fee | UnsetType | None = UNSET
    ad_hoc_stop_when_pre_authorized_amount_falls_below: Fee | UnsetType = UNSET
    apply_to_users_of_partners: list[Id] | UnsetType = UNSET
    apply_to_users_with_groups: Annotated[
        list[Name] | UnsetType,
        Meta(description="Names of user groups; kept as their ids.", extra_json_schema={"deprecated": True}),
    ] = UNSET
    apply_to_user_group_ids: list[Id] | UnsetType = UNSET
    apply_to_users_with_subscriptions: list[Id] | UnsetType = UNSET
    apply_to_authorization_methods: list[Method] | UnsetType = UNSET
    start_date: date | UnsetType | None = UNSET
    end_date: date | UnsetType | None = UNSET

    def mistakes(self) -> Mistakes:
        """A tariff that ends before it begins never applies."""
        if isinstance(self.start_date, date) and isinstance(self.end_date, date) and self.end_date < self.start_date:
            yield "endDate", "The end is before the start."

    def audience(self) -> Audience:
        """The same as the rule takes it."""
        return Audience(
            charge_point_partner=self.apply_to_users_of_charge_point_partner is True
            or self.apply_to_users_of_charge_point_owner is True,
            roaming=self.apply_to_users_of_all_roaming_emsps is True,
            ad_hoc=self.apply_to_ad_hoc_users is True,
            partner_ids=tuple(self.apply_to_users_of_partners or ()),
            group_ids=tuple(self.apply_to_user_group_ids or ()),
            plan_ids=tuple(self.apply_to_users_with_subscriptions or ()),
            methods=tuple(self.apply_to_authorization_methods or ()),
            first_day=self.start_date or None,
            last_day=self.end_date or None,
        )


class Partner(Wire):
    """The partner whose administrators may change the tariff."""

    id: Id | UnsetType | None = UNSET


class TariffDisplay(Wire):
    """What a charge point shows about a tariff."""

    default_price_information: Short | UnsetType | None = UNSET
    default_price_information_offline: Short | UnsetType | None = UNSET
    price_information: Long | UnsetType | None = UNSET
    total_cost_information: Long | UnsetType | None = UNSET


class Tariff(Wire):
    """What charging costs, and whom. What is not set is left out."""

    id: int
    operator_id: int
    name: str
    type: TariffType
    description: Localised | UnsetType | None = UNSET
    additional_information: Localised | UnsetType | None = UNSET
    learn_more_url: Localised | UnsetType | None = UNSET
    day_tariff_start: Clock | UnsetType = UNSET
    night_tariff_start: Clock | UnsetType = UNSET
    pricing: Pricing | UnsetType = UNSET
    currency: Annotated[str | UnsetType, Meta(description="ISO 4217.")] = UNSET
    stop_session: StopSession | UnsetType = UNSET
    restrictions: Restrictions | UnsetType = UNSET
    partner: Partner | UnsetType = UNSET
    last_updated_at: datetime | UnsetType = UNSET
    display: TariffDisplay | UnsetType = UNSET
    integration_id: int | UnsetType | None = UNSET
    external_id: str | UnsetType | None = UNSET


class TariffList(Wire):
    """A page of tariffs; about one user, the tariff that applies and no pages."""

    data: list[Tariff]
    links: Links | UnsetType = UNSET
    meta: ListMeta | UnsetType = UNSET


class TariffSnapshot(Tariff, kw_only=True):
    """A copy of a tariff as it was when a session was priced; nothing changes it any more."""

    tariff_id: int


class TariffUpdate(Wire):
    """All of a tariff; what is left out is taken back. Which prices count depends on the type."""

    name: Name
    type: TariffType
    description: Localised | None = None
    additional_information: Localised | None = None
    learn_more_url: Localised | None = None
    day_tariff_start: Clock | UnsetType = UNSET
    night_tariff_start: Clock | UnsetType = UNSET
    pricing: Pricing | UnsetType = UNSET
    stop_session: StopSession | UnsetType = UNSET
    restrictions: Restrictions | UnsetType = UNSET
    partner: Partner | UnsetType = UNSET
    display: TariffDisplay | UnsetType = UNSET
    integration_id: Id | None = None
    external_id: Annotated[str, Meta(max_length=255)] | None = None

    def mistakes(self) -> Mistakes:
        """What this type lacks, and prices that contradict each other."""
        yield from parsing.mistakes(
            self.type, self.pricing or Pricing(), self.day_tariff_start or None, self.night_tariff_start or None
        )


class TariffWrite(TariffUpdate):
    """A new tariff. A token of one operator may leave the operator out."""

    operator_id: Id | None = None


class GroupDisplay(Wire):
    """What a charge point shows while nobody is authorized."""

    default_price_information: Short | UnsetType = UNSET
    default_price_information_offline: Short | UnsetType = UNSET


class GroupDisplayWrite(Wire):
    """What a charge point shall show while nobody is authorized."""

    default_price_information: Short | UnsetType | None = UNSET
    default_price_information_offline: Short | UnsetType | None = UNSET


_ORDER = Meta(description="In order: the last one that matches applies. The base tariff is always the first.")


class TariffGroup(Wire):
    """Tariffs of which one applies to each driver."""

    id: int
    operator_id: int
    name: str
    tariff_ids: Annotated[list[int] | UnsetType, _ORDER] = UNSET
    partner_id: int | UnsetType | None = None
    display: GroupDisplay | UnsetType = UNSET
    last_updated_at: datetime | UnsetType = UNSET


class TariffGroupUpdate(Wire):
    """All of a tariff group; what is left out is taken back, save the base tariff, which stays."""

    name: Name
    tariff_ids: Annotated[list[Id] | UnsetType, _ORDER] = UNSET
    partner_id: Id | None = None
    display: GroupDisplayWrite | UnsetType = UNSET
    last_updated_at: Annotated[datetime | UnsetType, Meta(description="Not written.")] = UNSET


class TariffGroupWrite(TariffGroupUpdate):
    """A new tariff group. A token of one operator may leave the operator out."""

    operator_id: Id | None = None
