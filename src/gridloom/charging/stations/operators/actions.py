"""The settings, read as a whole."""

from msgspec import UNSET

from gridloom.charging.stations.operators.schemas import BaseCurrency, DefaultTax, Reservations, Settings
from gridloom.charging.stations.operators.store import currency_of_business, settings
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.operation import action


@action(
    "GET",
    "/public-api/resources/settings/v1.0",
    scope="charging.settings:read",
    answers={200: Settings},
    documented=(404,),
    name="settingsListing",
    tags=("resource / settings",),
)
async def read_settings(tx: Tx) -> Settings:
    """How the whole system is set: currency, default tax, reservations, languages of documents."""
    found = await settings(tx)
    currency = await currency_of_business(tx)
    tax = found["default_tax_id"]
    return Settings(
        base_currency=UNSET if currency is None else BaseCurrency(id=currency["id"], last_updated_at=currency["updated_at"]),
        default_tax=UNSET if tax is None else DefaultTax(
            id=tax,
            enable_multi_tax_support=found["enable_multi_tax_support"],
            tax_information_not_in_invoices_and_receipts=found["tax_information_not_in_invoices_and_receipts"],
            last_updated_at=found["tax_changed_at"],
        ),
        reservations=Reservations(
            enable_reservations=found["enable_reservations"],
            reservation_time=found["reservation_time"],
            expiry_notification=found["expiry_notification"],
            max_reservations_per_day_per_user=found["max_reservations_per_day_per_user"],
            cooldown_time_between_reservations=found["cooldown_time_between_reservations"],
            enable_reservations_queue=found["enable_reservations_queue"],
            last_updated_at=found.get("reservations_changed_at", UNSET),
        ),
        bilingual_invoices_enabled=found["bilingual_invoices_enabled"],
        bilingual_receipts_enabled=found["bilingual_receipts_enabled"],
    )  # fmt: skip
