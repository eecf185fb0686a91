"""Which tariff of a group applies. No I/O."""

from collections.abc import Sequence
from datetime import date
from typing import Generic, Literal, TypeAlias, TypeVar

from msgspec import Struct

Method: TypeAlias = Literal["id_tag", "mac_address", "user_device", "plug_and_charge", "plug_and_charge_iso15118"]
What = TypeVar("What")


class Audience(Struct, frozen=True, kw_only=True):
    """Whom a tariff is for, when, and by which authorization. What is empty restricts nothing.

    Kinds of people add up: whoever is of one of them is meant. Dates are local, the last one included.
    """

    charge_point_partner: bool = False
    roaming: bool = False
    ad_hoc: bool = False
    partner_ids: tuple[int, ...] = ()
    group_ids: tuple[int, ...] = ()
    plan_ids: tuple[int, ...] = ()
    methods: tuple[str, ...] = ()
    first_day: date | None = None
    last_day: date | None = None

    @property
    def everybody(self) -> bool:
        """Nothing is said about people."""
        people = (self.partner_ids, self.group_ids, self.plan_ids)
        return not (self.charge_point_partner or self.roaming or self.ad_hoc or any(people))


class Visitor(Struct, frozen=True, kw_only=True):
    """Who charges. known: somebody with an account here; nobody known and no roaming is ad hoc.

    partner_ids: partners that the driver was invited to. plan_ids: of active subscriptions. method: how the driver was
    authorized, None where that is not known (yet).
    """

    known: bool = False
    roaming: bool = False
    partner_ids: tuple[int, ...] = ()
    group_ids: tuple[int, ...] = ()
    plan_ids: tuple[int, ...] = ()
    method: str | None = None


class Candidate(Struct, Generic[What], frozen=True, kw_only=True):
    """A tariff of a group: whom it is for, and what the caller wants to get when it applies."""

    audience: Audience
    what: What


def resolve(
    candidates: Sequence[Candidate[What]], visitor: Visitor, today: date, *, charge_point_partner: int | None = None
) -> What | None:
    """The tariff that applies to a visitor: the group's tariffs are asked from the last to the first, and the first that
    matches holds. The base tariff is first in the list and matches everybody; None for a list without one.

    today: at the place of the charge point. charge_point_partner: the partner who owns it.
    """
    for candidate in reversed(candidates):
        if applies(candidate.audience, visitor, today, charge_point_partner=charge_point_partner):
            return candidate.what
    return None


def applies(audience: Audience, visitor: Visitor, today: date, *, charge_point_partner: int | None = None) -> bool:
    """Dates, method and people all have to agree; of the kinds of people one is enough."""
    if audience.first_day is not None and today < audience.first_day:
        return False
    if audience.last_day is not None and today > audience.last_day:
        return False
    # A list of methods is about local drivers; guests of other providers are never among them.
    if audience.methods and (visitor.roaming or visitor.method not in audience.methods):
        return False
    return audience.everybody or _meant(audience, visitor, charge_point_partner)


def _meant(audience: Audience, visitor: Visitor, charge_point_partner: int | None) -> bool:
    if audience.roaming and visitor.roaming:
        return True
    if audience.ad_hoc and not visitor.known and not visitor.roaming:
        return True
    if audience.charge_point_partner and charge_point_partner in visitor.partner_ids:
        return True
    shared = (
        set(audience.partner_ids) & set(visitor.partner_ids)
        or set(audience.group_ids) & set(visitor.group_ids)
        or set(audience.plan_ids) & set(visitor.plan_ids)
    )
    return bool(shared)
