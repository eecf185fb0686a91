"""What makes a number a number: e-mail addresses, phones, VAT numbers, bank accounts, national numbers. No I/O.

Identifiers are checked softly: what is wrong is kept as it was written and said to be wrong, because a person exists even
when their number was mistyped.
"""

import re
from functools import cache
from typing import Any, NamedTuple

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType
from schwifty import IBAN
from stdnum import get_cc_module
from stdnum.be import nn
from stdnum.exceptions import ValidationError

from gridloom.core.parties.records import PhoneType

BAD_PHONE = "Bad phone number or country code"

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_FILLING = re.compile(r"[\s.\-/]+")
_NO_DIGITS = re.compile(r"[^0-9]+")
_PHONE_TYPES: dict[int, PhoneType] = {
    PhoneNumberType.FIXED_LINE: "fixed_number",
    PhoneNumberType.MOBILE: "mobile",
    # In the numbering plans where nobody can tell the two apart, text messages mostly arrive.
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "mobile",
    PhoneNumberType.TOLL_FREE: "toll-free",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
}
# The tax office writes Greece and Northern Ireland differently than ISO 3166 does.
_VAT_PREFIXES = {"EL": "GR", "XI": "GB"}


class Checked(NamedTuple):
    """An identifier in its plain form, and whether it can be right; None when no rule says."""

    value: str
    is_valid: bool | None


class ReadPhone(NamedTuple):
    """A phone number that was understood: E.164, the national form, its country and its type."""

    number: str
    national: str
    country: str | None
    type: PhoneType | None


def is_email(text: str) -> bool:
    """Whether this looks like an e-mail address: something, one @, something, no space, at most 320 characters."""
    return len(text) <= 320 and _EMAIL.fullmatch(text.strip()) is not None


def email_key(text: str) -> str:
    """The form in which two e-mail addresses are compared: whatever the case, without spaces around it."""
    return text.strip().casefold()


def phone(text: str, country: str | None) -> ReadPhone | None:
    """A number as it is dialled in a country, or with + from anywhere; None when there is no such number."""
    region = country.upper() if country else None
    if region is not None and region not in phonenumbers.SUPPORTED_REGIONS:
        return None
    try:
        read = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(read):
        return None
    return ReadPhone(
        phonenumbers.format_number(read, PhoneNumberFormat.E164),
        phonenumbers.format_number(read, PhoneNumberFormat.NATIONAL),
        phonenumbers.region_code_for_number(read) or region,
        _PHONE_TYPES.get(phonenumbers.number_type(read)),
    )


def vat_number(text: str, country: str | None = None) -> Checked:
    """A VAT number without the filling; its country's check digits (source: the rules in python-stdnum).

    country: ISO 3166-1 alpha-2; else the letters in front of the number say it.
    """
    value = _FILLING.sub("", text).upper()
    prefix = value[:2] if value[:2].isalpha() else ""
    module = _vat_module((country or _VAT_PREFIXES.get(prefix, prefix)).upper())
    return Checked(value, _holds(module, value) if module is not None else None)


def vat_country(text: str) -> str | None:
    """The country (ISO 3166-1 alpha-2) that the letters in front of a VAT number name."""
    prefix = _FILLING.sub("", text).upper()[:2]
    return _VAT_PREFIXES.get(prefix, prefix) if len(prefix) == 2 and prefix.isascii() and prefix.isalpha() else None


def iban(text: str) -> Checked:
    """A bank account number without spaces, and whether its length and check digits are right (ISO 13616)."""
    value = "".join(text.split()).upper()
    return Checked(value, IBAN(value, allow_invalid=True).is_valid)


def national_number(text: str) -> Checked:
    """A Belgian national number (two digits check the first nine, with 2 in front of births from 2000 on)."""
    digits = _NO_DIGITS.sub("", text)
    if len(digits) != 11:
        return Checked(text.strip(), False)
    return Checked(digits, _holds(nn, digits))


@cache
def _vat_module(country: str) -> Any | None:
    country = _VAT_PREFIXES.get(country, country)
    return get_cc_module(country.lower(), "vat") if re.fullmatch("[A-Z]{2}", country) else None


def _holds(module: Any, value: str) -> bool:
    try:
        module.validate(value)
    except ValidationError:
        return False
    return True
