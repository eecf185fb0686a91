"""Keys in a sharing operation: handed in, approved from a day on, or rejected.

Whoever changes them holds the operation first, so that of two who approve at once the second one sees the first.
"""

from gridloom.communities import dates, headers
from gridloom.communities.access import standing_of
from gridloom.communities.keys import public as keys
from gridloom.communities.meters import public as meters
from gridloom.communities.numbers import Numbered
from gridloom.communities.sharing import rules, store
from gridloom.communities.sharing.actions.operations import DONE, SHARED, WRITE
from gridloom.communities.sharing.faults import KeyDoesNotWait, NoOperationForKey, NoOperationToDecide, NoSuchKey
from gridloom.communities.sharing.schemas import WRONG_KEY_STATUS, KeyDecision, KeyHandIn
from gridloom.communities.stale import public as stale
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid
from gridloom.kernel.http.call import Answer
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.subject import Subject

UNKNOWN = "x-unknown-consumers"


@action(
    "POST", "/sharing_operations/key", scope=WRITE, answers={200: str}, faults=(NoOperationForKey, NoSuchKey),
    headers_out={200: (UNKNOWN,)}, name="post_sharing_operations_key", **SHARED,
)  # fmt: skip
async def hand_in(tx: Tx, subject: Subject, body: KeyHandIn) -> Answer:
    """Hand in a key as it is now; from today on it waits for approval.

    Handing in the same key again changes nothing, unless the key has changed: then the new version waits instead of the old one.
    Where consumers of the key are no EAN of a meter that is, was or will be in the operation, `x-unknown-consumers` names the
    first 20 of them (percent-encoded): they get nothing before such a meter enters.
    """
    here = standing_of(subject).community_id
    operation = await store.hold(tx, here, body.id_sharing)
    if operation is None:
        raise NoOperationForKey
    version = await keys.newest_version(tx, here, body.id_key)
    if version is None:
        raise NoSuchKey
    rows = await store.key_rows(tx, operation.id)
    await store.write_rows(tx, operation.id, rules.hand_in(rows, body.id_key, version, dates.today()))
    unknown = await _unknown(tx, operation.id, version)
    return Answer(DONE, headers={UNKNOWN: headers.listed(unknown)} if unknown else {})


@action(
    "PATCH", "/sharing_operations/key", scope=WRITE, answers={200: str}, faults=(NoOperationToDecide, KeyDoesNotWait),
    name="patch_sharing_operations_key", **SHARED,
)  # fmt: skip
async def decide(tx: Tx, subject: Subject, body: KeyDecision) -> str:
    """Approve (1) or reject (3) a key that waits in a sharing operation.

    An approved key is followed from `date` on, which may be past or to come; the one before it ends the day before. Keys that
    were approved for that day or later give way, and are told among the rejected ones. What was shared from `date` on is shared
    again with the new key; settlements stay as they are until they are run again.
    """
    if body.status == rules.PENDING:
        message = "Expected 1 or 3."
        raise Invalid(errors=[Numbered("body", ("status",), message, number=WRONG_KEY_STATUS)])
    since = dates.day(body.date, "date")
    operation = await store.hold(tx, standing_of(subject).community_id, body.id_sharing)
    if operation is None:
        raise NoOperationToDecide
    rows = await store.key_rows(tx, operation.id)
    pending = next((row for row in rows if row.key_id == body.id_key and rules.waits(row)), None)
    if pending is None:
        raise KeyDoesNotWait
    if body.status == rules.REJECTED:
        await store.write_rows(tx, operation.id, rules.reject(pending, since))
        return DONE
    await store.write_rows(tx, operation.id, rules.approve(rows, pending, since, dates.today()))
    await stale.mark(tx, operation.id, since)
    return DONE


async def _unknown(tx: Tx, operation_id: int, version: int) -> list[str]:
    """The consumers of a key whose names are the EAN of no meter that was ever in the operation, in the order of the key."""
    key = (await keys.versions(tx, [version]))[version]
    known = await meters.ever_in_operation(tx, operation_id)
    names = dict.fromkeys(consumer.name for each in key.rounds for consumer in each.consumers)
    return [name for name in names if name not in known]
