"""Allocation keys of a community.

Whoever changes a key holds it first. A sharing operation keeps the version of a key that it was given.
"""

import asyncio
from typing import Any

from gridloom.communities import dates
from gridloom.communities.access import IN_COMMUNITY, standing_of
from gridloom.communities.keys import rules, store, workbook, writing
from gridloom.communities.keys.faults import KeyInUse, NoKey, NoKeyToChange
from gridloom.communities.keys.lists import KEYS
from gridloom.communities.keys.schemas import Key, KeyPartial, KeysQuery, KeyUpdate, KeyWrite
from gridloom.communities.sharing import public as sharing
from gridloom.communities.workbooks import MEDIA_TYPE, attachment, prefers_json
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.call import Answer, Call
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.pages import PageOf, PageRequest, Pages
from gridloom.kernel.http.subject import Subject

READ, WRITE = "communities.keys:read", "communities.keys:write"
DONE = "success"
SHARED: dict[str, Any] = {"extra": IN_COMMUNITY, "tags": ("Keys",)}
# Three rounds of as many consumers as a round may have.
MAX_BODY = 6_000_000


@action("GET", "/keys/", scope=READ, answers={200: KeyPartial}, lists=Pages.NUMBER, name="get_keys", **SHARED)
async def list_keys(tx: Tx, subject: Subject, call: Call, page: PageRequest, query: KeysQuery) -> PageOf:
    """The allocation keys of the community."""
    return await KEYS.page(tx, page, query, call, community_id=standing_of(subject).community_id)


@action("POST", "/keys/", scope=WRITE, answers={200: str}, name="post_keys", max_body=MAX_BODY, **SHARED)
async def add(tx: Tx, subject: Subject, body: KeyWrite) -> str:
    """Add an allocation key.

    One to three iterations with different numbers 0, 1 or 2, whose shares of the production sum up to 1. In each, at least one
    consumer and none twice; their shares sum up to 1, or, where somebody gets energy by need (-1), to 1 at most. Sums may miss 1
    by 0.001.
    """
    key = writing.read(body.iterations, is_new=True)
    await store.add(tx, standing_of(subject).community_id, body.name.strip(), body.description, key)
    return DONE


@action(
    "PUT", "/keys/", scope=WRITE, answers={200: str}, faults=(NoKeyToChange,), name="put_keys", max_body=MAX_BODY, **SHARED
)  # fmt: skip
async def change(tx: Tx, subject: Subject, body: KeyUpdate) -> str:
    """Change an allocation key.

    Sharing operations that were given the key keep the iterations as they were; hand the key in again for the new ones.
    """
    key = writing.read(body.iterations, is_new=False)
    there = await store.hold(tx, standing_of(subject).community_id, body.id)
    if there is None:
        raise NoKeyToChange
    version = there.version
    if (await store.versions(tx, [there.version_id])).get(there.version_id) != key:
        version += 1
        await store.add_version(tx, there.id, version, key)
    await store.describe(tx, there.id, body.name.strip(), body.description, version)
    return DONE


@action("GET", "/keys/{id}", scope=READ, answers={200: Key}, faults=(NoKey,), name="get_keys_id", **SHARED)
async def detail(tx: Tx, subject: Subject, id: int) -> Key:  # noqa: A002 - the contract's name of the parameter
    """An allocation key with its iterations and consumers."""
    stored, rounds = await _found(tx, subject, id)
    return writing.shown(stored, rounds)


@action(
    "DELETE", "/keys/{id}", scope=WRITE, answers={200: str}, faults=(NoKey, KeyInUse), name="delete_keys_id", **SHARED
)  # fmt: skip
async def delete(tx: Tx, subject: Subject, id: int) -> str:  # noqa: A002 - as above
    """Delete an allocation key that no sharing operation follows, now or later, and none waits for.

    What was shared with it before stays as it is.
    """
    there = await store.hold(tx, standing_of(subject).community_id, id)
    if there is None:
        raise NoKey
    if await sharing.uses_key(tx, there.id, dates.today()):
        raise KeyInUse
    await store.delete(tx, there.id)
    return DONE


@action(
    "GET", "/keys/{id}/download", scope=READ, answers={200: bytes}, faults=(NoKey,), answer_media=MEDIA_TYPE, wrapped=False,
    name="get_keys_id_download", **SHARED,
)  # fmt: skip
async def download(tx: Tx, subject: Subject, call: Call, id: int) -> Answer:  # noqa: A002 - as above
    """An allocation key as a workbook, `allocation_key.xlsx`.

    Whoever accepts `application/json` rather than a workbook gets the answer of `GET /keys/{id}`.
    """
    stored, rounds = await _found(tx, subject, id)
    if prefers_json(call.headers.get("accept", "")):
        return Answer({"data": writing.shown(stored, rounds), "error_code": 0}, headers={"vary": "Accept"})
    key = rules.Key(tuple(row.round for row in rounds))
    content = await asyncio.to_thread(workbook.key_workbook, stored.name, stored.description, key)
    headers = {**attachment(workbook.FILE_NAME), "vary": "Accept"}
    return Answer(content, media_type=MEDIA_TYPE, headers=headers)


async def _found(tx: Tx, subject: Subject, key_id: int) -> tuple[store.Stored, tuple[store.RoundRow, ...]]:
    stored = await store.find(tx, standing_of(subject).community_id, key_id)
    if stored is None:
        raise NoKey
    return stored, (await store.rounds_of(tx, [stored.version_id])).get(stored.version_id, ())
