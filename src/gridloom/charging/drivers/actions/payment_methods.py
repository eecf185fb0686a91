"""The ways in which a user pays, while nothing is connected that takes money: there is none, and none can be added."""

from gridloom.charging.drivers.invoicing import require_user
from gridloom.charging.drivers.payment_schemas import (
    PaymentMethod,
    PaymentMethodBegun,
    PaymentMethodPatch,
    PaymentMethodRegistered,
    PaymentMethodWrite,
)
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid, NotFound
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.pages import PageOf, PageRequest, Pages

_PATH = "/public-api/resources/users/v1.0/{user}/payment-methods"
_ONE = f"{_PATH}/{{paymentMethodId}}"
_READ, _WRITE = "charging.payment-methods:read", "charging.payment-methods:write"
_TAGS = ("resource / users",)


class NoPaymentProcessor(Invalid):
    """Nothing is connected that could take money."""

    text = "Payment processor not installed"


@action(
    "GET",
    _PATH,
    scope=_READ,
    answers={200: PaymentMethod},
    faults=[NotFound],
    name="paymentMethodsListing",
    lists=Pages.NUMBER,
    tags=_TAGS,
)
async def list_payment_methods(tx: Tx, user: int, page: PageRequest) -> PageOf:
    """The ways in which a user pays."""
    await require_user(tx, user)
    return PageOf([], page, total=0)


@action(
    "POST",
    _PATH,
    scope=_WRITE,
    answers={200: PaymentMethodBegun, 201: PaymentMethodRegistered},
    faults=[NotFound, NoPaymentProcessor],
    name="paymentMethodCreate",
    wrapped=False,
    tags=_TAGS,
)
async def create_payment_method(tx: Tx, user: int, body: PaymentMethodWrite) -> PaymentMethodBegun:  # noqa: ARG001 - checked, and then there is nobody to ask
    """Begin or end the registration of a way to pay; it needs somebody who takes money."""
    await require_user(tx, user)
    raise NoPaymentProcessor


@action("GET", _ONE, scope=_READ, answers={200: PaymentMethod}, faults=[NotFound], name="paymentMethodRead", tags=_TAGS)
async def read_payment_method(paymentMethodId: str) -> PaymentMethod:  # noqa: ARG001, N803 - the path's own name
    """One way in which a user pays."""
    raise NotFound


@action(
    "PATCH",
    _ONE,
    scope=_WRITE,
    answers={200: PaymentMethod},
    faults=[NotFound],
    name="paymentMethodUpdate",
    tags=_TAGS,
    documented=(422,),
)
async def update_payment_method(paymentMethodId: str, body: PaymentMethodPatch) -> PaymentMethod:  # noqa: ARG001, N803 - as above
    """Make a way to pay the first one to use."""
    raise NotFound


@action(
    "DELETE",
    _ONE,
    scope=_WRITE,
    answers={204: None},
    faults=[NotFound],
    name="paymentMethodDelete",
    tags=_TAGS,
    documented=(422,),
)
async def delete_payment_method(paymentMethodId: str) -> None:  # noqa: ARG001, N803 - as above
    """Remove a way to pay."""
    raise NotFound
