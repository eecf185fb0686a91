"""Declared resources of prices."""

from gridloom.charging.pricing import rules, tables
from gridloom.charging.pricing.currencies import CURRENCIES
from gridloom.charging.pricing.schemas import Currency, CurrencyPatch, CurrencyWrite, Tax, TaxPatch, TaxWrite
from gridloom.charging.writing import texts
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
    writes={"display_name": texts("display_name")},
    tags=("resource / taxes",),
    names={
        "list": Named("taxesListing"),
        "create": Named("taxCreate"),
        "read": Named("taxRead"),
        "update": Named("taxUpdate"),
        "delete": Named("taxDelete"),
    },
    documented={"list": (422,), "create": (422,), "update": (422,), "delete": (409,)},
)

currencies = Resource(
    tables.currency,
    "currencies/v2.0",
    item="currency",
    shows=Currency,
    creates=CurrencyWrite,
    updates=CurrencyPatch,
    scope="charging.currencies",
    pages=Pages.CURSOR | Pages.NUMBER,
    columns={"name": tables.currency.c.alphabetic_code, "numeric_code": tables.currency.c.alphabetic_code},
    values={
        "name": {code: each.title for code, each in CURRENCIES.items()},
        "numeric_code": {code: each.number for code, each in CURRENCIES.items()},
    },
    taken={"uq_currency_tenant_id_alphabetic_code": "alphabeticCode"},
    on_write=rules.keep_code_of_base,
    on_delete=rules.keep_base,
    wrapped=False,
    tags=("resource / currencies",),
    names={
        "list": Named("currenciesListing"),
        "create": Named("currencyCreate"),
        "read": Named("currencyRead"),
        "update": Named("currencyUpdate"),
        "delete": Named("currencyDeleteDeprecated", deprecated=True),
    },
    documented={"list": (404, 422), "create": (422,), "update": (409, 422), "delete": (422,)},
)
