"""Addresses and phone numbers: written once, never changed."""

from typing import Any

import msgspec

from gridloom.core.parties import rules
from gridloom.core.parties.records import Address, AddressFields, Phone, PhoneType
from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid
from gridloom.kernel.ids import uuid7

_ADD_PHONE = sql(
    "INSERT INTO parties.phone_number (tenant_id, public_id, country, number, national, type, is_valid, created_at) "
    "VALUES (:tenant_id, :public_id, :country, :number, :national, :type, :is_valid, :created_at) RETURNING id"
)
_ADDRESS_COLUMNS = tuple(each.name for each in msgspec.structs.fields(AddressFields))
_ADD_ADDRESS = sql(
    f"INSERT INTO parties.address (tenant_id, public_id, created_at, {', '.join(_ADDRESS_COLUMNS)}) "
    f"VALUES (:tenant_id, :public_id, :created_at, {', '.join(f':{name}' for name in _ADDRESS_COLUMNS)}) RETURNING id"
)


async def add_address(tx: Tx, fields: AddressFields) -> Address:
    """A new address, linked to nobody yet."""
    values = address_values(fields)
    public_id, now = uuid7(), clock.now()
    number = await tx.scalar(_ADD_ADDRESS, tenant_id=tx.tenant, public_id=public_id, created_at=now, **values)
    return Address(id=int(number), public_id=public_id, created_at=now, **values)


async def add_phone(tx: Tx, text: str, country: str | None = None, *, soft: bool = False) -> Phone:
    """A new phone number, linked to nobody yet. country: where it is dialled so, unless it begins with +.

    Raises Invalid for what is no phone number; with `soft` it is kept as it was written.
    """
    read = rules.phone(text, country)
    if read is None and not soft:
        raise Invalid(rules.BAD_PHONE, field="number")
    kind: PhoneType | None = read.type if read else None
    public_id, now = uuid7(), clock.now()
    values: dict[str, Any] = {
        "country": read.country if read else (country.upper() if country else None),
        "number": read.number if read else text.strip(),
        "national": read.national if read else text.strip(),
        "is_valid": read is not None,
    }
    number = await tx.scalar(_ADD_PHONE, tenant_id=tx.tenant, public_id=public_id, created_at=now, type=kind, **values)
    return Phone(id=int(number), public_id=public_id, created_at=now, type=kind, **values)


def address_values(fields: AddressFields) -> dict[str, Any]:
    """The columns of an address, the country in capitals."""
    values = {name: getattr(fields, name) for name in _ADDRESS_COLUMNS}
    if values["country"]:
        values["country"] = values["country"].upper()
    return values
