"""What other parts of the charging API may use of tariffs.

    visitor = await visitor_of(tx, driver_id, method="id_tag")           # Visitor() is somebody ad hoc
    tariff = await tariff_for(tx, group_id, visitor, today, charge_point_partner=3)
    number = await snapshot_of(tx, tariff)                               # when the session starts
    priced = price(timeline, (await snapshot(tx, number)).tariff, calendar, terms)

For foreign keys: `tables.tariff`, `tables.tariff_group` and `tables.tariff_snapshot`, with integer keys. `resolve` is the rule
alone, over candidates that come from anywhere.
"""

from gridloom.charging.tariffs import tables
from gridloom.charging.tariffs.parsing import tariff_of, wired
from gridloom.charging.tariffs.rules import Audience, Candidate, Visitor, applies, resolve
from gridloom.charging.tariffs.store import (
    Snapshot,
    candidates,
    set_base_type,
    snapshot,
    snapshot_of,
    tariff_for,
    visitor_of,
)

__all__ = [
    "Audience",
    "Candidate",
    "Snapshot",
    "Visitor",
    "applies",
    "candidates",
    "resolve",
    "set_base_type",
    "snapshot",
    "snapshot_of",
    "tables",
    "tariff_for",
    "tariff_of",
    "visitor_of",
    "wired",
]
