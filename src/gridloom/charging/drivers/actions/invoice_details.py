"""The details that invoices to a user carry."""

from gridloom.charging.drivers import invoicing
from gridloom.charging.drivers.invoice_schemas import InvoiceDetails, InvoiceDetailsWrite
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import NotFound
from gridloom.kernel.http.operation import action

_PATH = "/public-api/resources/users/v1.0/{user}/invoice-details"
_TAGS = ("resource / users",)


@action(
    "GET",
    _PATH,
    scope="charging.users:read",
    answers={200: InvoiceDetails},
    faults=[NotFound],
    name="invoiceDetailsRead",
    wrapped=False,
    tags=_TAGS,
)
async def read_invoice_details(tx: Tx, user: int) -> InvoiceDetails:
    """The details that invoices to a user carry."""
    return await invoicing.read(tx, user)


@action(
    "POST",
    _PATH,
    scope="charging.users:write",
    answers={200: InvoiceDetails},
    faults=[NotFound],
    name="invoiceDetailsCreateOrUpdate",
    wrapped=False,
    tags=_TAGS,
    documented=(422,),
)
async def save_invoice_details(tx: Tx, user: int, body: InvoiceDetailsWrite) -> InvoiceDetails:
    """Write the details that invoices to a user carry, as a whole."""
    return await invoicing.save(tx, user, body)
