"""The billing periods of a user while subscriptions are switched off: none is offered here."""

from gridloom.charging.drivers import invoicing
from gridloom.charging.drivers.billing_schemas import BillingPeriod, BillingPeriodQuery
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import MethodNotAllowed, NotFound
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.pages import PageOf, PageRequest, Pages

_PERIODS = "/public-api/resources/users/v1.0/{user}/subscription-billing-periods"
_TAGS = ("resource / users",)


class NoSubscriptions(MethodNotAllowed):
    """Subscriptions are not offered here."""

    text = "Subscriptions are switched off for this system."


@action(
    "GET",
    _PERIODS,
    scope="charging.subscriptions:read",
    answers={200: BillingPeriod},
    faults=[NotFound, NoSubscriptions],
    name="subscriptionBillingPeriodsListing",
    lists=Pages.CURSOR,
    tags=_TAGS,
    documented=(422,),
)
async def list_billing_periods(tx: Tx, user: int, page: PageRequest, query: BillingPeriodQuery) -> PageOf:  # noqa: ARG001 - what the contract asks for
    """The billing periods of a user; there are none while subscriptions are switched off."""
    await invoicing.require_user(tx, user)
    raise NoSubscriptions


@action(
    "GET",
    f"{_PERIODS}/{{billingPeriod}}",
    scope="charging.subscriptions:read",
    answers={200: BillingPeriod},
    faults=[NotFound, NoSubscriptions],
    name="subscriptionBillingPeriodRead",
    tags=_TAGS,
)
async def read_billing_period(tx: Tx, user: int, billingPeriod: int) -> BillingPeriod:  # noqa: ARG001, N803 - the path's own name
    """One billing period of a user; there is none while subscriptions are switched off."""
    await invoicing.require_user(tx, user)
    raise NoSubscriptions
