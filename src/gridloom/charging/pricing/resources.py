"""Declared resources of prices."""

from gridloom.charging.pricing import tables
from gridloom.charging.pricing.schemas import Tax, TaxPatch, TaxWrite
from gridloom.kernel.http.pages import Pages
from gridloom.kernel.http.resource import Named, Resource

taxes = Resource(
    tables.tax,
    "taxes/v2.0",
    item="tax",
    shows=Tax,
    creates=TaxWrite,
    updates=TaxPatch,
    scope="charging.taxes",
    pages=Pages.CURSOR | Pages.NUMBER,
    columns={"last_updated_at": tables.tax.c.updated_at},
    writes={"display_name": lambda texts: {"display_name": texts or []}},
    tags=("resource / taxes",),
    names={
        "list": Named("taxesListing"),
        "create": Named("taxCreate"),
        "read": Named("taxRead"),
        "update": Named("taxUpdate"),
        "delete": Named("taxDelete"),
    },
    documented={"create": (422,), "update": (422,), "delete": (409,)},
)
