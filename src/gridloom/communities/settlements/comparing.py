"""Two settlements of the same operation and period, compared."""

import asyncio

from gridloom.communities.settlements import freezing, rules, store
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.files.library import Files


def are_about_the_same(one: store.Run, other: store.Run) -> bool:
    """Whether two settlements are versions of the same thing, and two of them."""
    same = (one.sharing_operation_id, one.since, one.till) == (other.sharing_operation_id, other.since, other.till)
    return same and one.id != other.id


async def compare(tx: Tx, files: Files, before: store.Run, after: store.Run) -> list[rules.Difference]:
    """Where they differ, by day and meter, each with what explains it. Raises FileMissing when the frozen readings are gone."""
    old, new = await store.lines_of(tx, before.id), await store.lines_of(tx, after.id)
    raw = [await files.read(await files.find(tx, each.inputs_file_id)) for each in (before, after)]
    readings = await asyncio.to_thread(lambda: freezing.other_readings(*(freezing.unpacked(each) for each in raw)))
    keys = freezing.other_keys(before.keys, after.keys, after.since, after.till)
    return rules.differences(old, new, other_readings=readings, other_keys=keys)
