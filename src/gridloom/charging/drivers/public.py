"""What other parts of the charging API may use of drivers.

    tag = await id_tag(tx, "04:A2:3B:9C", operator_id=7)
    refusal = may_charge(tag, clock.now())
    number = await record_authorization(
        tx, method="id_tag", status="rejected" if refusal else "accepted", rejection_reason=refusal, operator_id=7,
        driver_id=tag.driver.id if tag and tag.driver else None, id_tag_uid="04:A2:3B:9C", charge_point_id=3,
    )

For foreign keys: `tables.driver`, `tables.id_tag`, `tables.user_group` and `tables.authorization`, with integer keys. A driver
who is deleted keeps the row.
"""

from gridloom.charging.drivers import tables
from gridloom.charging.drivers.authorization_schemas import RoamingPartner
from gridloom.charging.drivers.authorizing import (
    decide_authorization,
    driver,
    id_tag,
    link_session,
    record_activity,
    record_authorization,
)
from gridloom.charging.drivers.rules import OCPP_STATUS, Driver, KnownTag, Refusal, may_charge, may_start_another
from gridloom.charging.drivers.uids import uid_key

__all__ = [
    "OCPP_STATUS",
    "Driver",
    "KnownTag",
    "Refusal",
    "RoamingPartner",
    "decide_authorization",
    "driver",
    "id_tag",
    "link_session",
    "may_charge",
    "may_start_another",
    "record_activity",
    "record_authorization",
    "tables",
    "uid_key",
]
