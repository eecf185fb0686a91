"""What travels about the details that invoices to a user carry."""

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from gridloom.charging.drivers.schemas import Short
from gridloom.charging.places import Country, State, state_mistake
from gridloom.charging.schemas import Mistakes, Wire

InvoiceType = Literal["individual", "company"]
AnyInvoiceType = Literal["individual", "company", "EInvoice", "Company", "Donation"]
ELSEWHERE = "This field belongs to an invoice service that is not connected."


class PersonElsewhere(Wire):
    """A person as another invoice service knows one."""

    name: Short | UnsetType | None = UNSET
    email: Short | UnsetType | None = UNSET
    mobile_phone_number: Short | UnsetType | None = UNSET
    tax_id: Short | UnsetType | None = UNSET
    country: Country | UnsetType | None = UNSET
    city: Short | UnsetType | None = UNSET
    postcode: Short | UnsetType | None = UNSET
    address: Short | UnsetType | None = UNSET


class CompanyElsewhere(PersonElsewhere):
    """A company as another invoice service knows one."""

    landline_phone_number: Short | UnsetType | None = UNSET


class Elsewhere(Wire, kw_only=True):
    """Fields of invoice services beside our own. They are part of the contract; none is connected, and none is filled."""

    client_type: InvoiceType | UnsetType | None = UNSET
    name: Short | UnsetType | None = UNSET
    email: Short | UnsetType | None = UNSET
    phone: Short | UnsetType | None = UNSET
    first_name: Short | UnsetType = UNSET
    last_name: Short | UnsetType = UNSET
    postcode: Short | UnsetType | None = UNSET
    carrier_type: Literal["Mobile", "Citizen", "GreenWorld"] | UnsetType | None = UNSET
    love_code: Short | UnsetType | None = UNSET
    mobile_bar_code: Short | UnsetType | None = UNSET
    citizen_id: Short | UnsetType | None = UNSET
    company_id: Short | UnsetType | None = UNSET
    invoice_required: bool | UnsetType = UNSET


class InvoiceDetails(Elsewhere, kw_only=True):
    """Whether a user wants invoices, and to whom they are made out."""

    individual: PersonElsewhere | UnsetType = UNSET
    company: CompanyElsewhere | UnsetType = UNSET

    require_invoice: bool
    require_invoice_last_updated_at: datetime | None
    last_updated_at: datetime
    require_invoice_enforced_by: Literal["operator_setting", "user_request"] | UnsetType | None = UNSET
    original_request_value: bool | UnsetType | None = UNSET
    invoice_type: AnyInvoiceType | None
    individual_name: str | None
    individual_personal_id: str | None
    individual_tax_id: str | None
    company_name: str | None
    company_reg_no: str | None
    company_tax_id: str | None
    company_tax_administration_office_name: str | None
    country: Country | None
    region: str | None
    state: State | UnsetType = UNSET
    city: str | None
    post_code: str | None
    address: str | None


OTHERS = tuple(each.name for each in msgspec.structs.fields(Elsewhere))


class InvoiceDetailsWrite(Elsewhere, kw_only=True, forbid_unknown_fields=True):
    """The whole of the details: what is left out is taken away. A field that is none of these is refused."""

    require_invoice: bool
    invoice_type: AnyInvoiceType | None
    mobile_phone_number: Short | UnsetType | None = UNSET
    landline_phone_number: Short | UnsetType | None = UNSET
    tax_id: Short | UnsetType | None = UNSET
    individual_name: Short | None = None
    individual_personal_id: Short | None = None
    individual_tax_id: Short | None = None
    company_name: Short | None = None
    company_reg_no: Short | None = None
    company_tax_id: Short | None = None
    company_tax_administration_office_name: Short | None = None
    country: Country | None = None
    region: Short | None = None
    state: State | UnsetType | None = UNSET
    city: Short | None = None
    post_code: Short | None = None
    address: Short | None = None

    def mistakes(self) -> Mistakes:
        """A state belongs to its country, and nothing to a service that is not connected."""
        names = {field.name: field.encode_name for field in msgspec.structs.fields(type(self))}
        for name in (*OTHERS, "mobile_phone_number", "landline_phone_number", "tax_id"):
            if getattr(self, name) is not UNSET:
                yield names[name], ELSEWHERE
        if self.invoice_type not in (None, "individual", "company"):
            yield "invoiceType", ELSEWHERE
        if not self.state:
            return
        if self.country is None:
            yield "state", "A state is said with its country."
        elif mistake := state_mistake(self.country, self.state):
            yield "state", mistake
