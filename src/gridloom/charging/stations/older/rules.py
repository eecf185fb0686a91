"""The rules of stations, told in the words of the older versions; what an older request does not say."""

from typing import Any

from gridloom.charging.stations.points.rules import complete, operator_of_older
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import FieldError, Invalid
from gridloom.kernel.http.call import Call

OLDER = {
    ("network", "ip"): "networkIp",
    ("network", "port"): "networkPort",
    ("user", "id"): "accessType",
    ("subscription", "required"): "accessType",
    ("sharingCode",): "accessType",
}


async def complete_point(tx: Tx, columns: dict[str, Any], current: Any | None, call: Call) -> None:
    """As the current version, under the older names. A new charge point belongs to the operator of its location."""
    if current is None and columns.get("operator_id") is None:
        columns["operator_id"] = await operator_of_older(tx, columns.get("location_id"))
        if columns["operator_id"] is None:
            raise Invalid("Without a location and a default operator nobody knows whose this is.", field="locationId")
    if columns.get("partner_id", 0) is None:
        columns |= {"partner_contract_id": None, "partner_access_type": None, "corporate_billing_as_default": False}
    try:
        await complete(tx, columns, current, call)
    except Invalid as fault:
        errors = [FieldError(e.where, (OLDER[e.path],), e.message) if e.path in OLDER else e for e in fault.errors]  # type: ignore[index]  # paths of bodies are texts
        raise Invalid(errors=errors) from None
