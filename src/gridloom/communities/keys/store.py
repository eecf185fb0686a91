"""Reading and writing allocation keys, in the caller's transaction."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gridloom.communities.keys.rules import Consumer, Key, Round
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

_FIND = sql(
    "SELECT k.id, k.name, k.description, v.id AS version_id, v.number AS version "
    "FROM communities.allocation_key k JOIN communities.key_version v ON v.key_id = k.id AND v.number = k.version "
    "WHERE k.id = :id AND k.community_id = :community_id AND k.deleted_at IS NULL"
)
# The newest version is read once the key is held: a statement that had to wait joins rows as they were before.
_HOLD = sql(
    "SELECT id FROM communities.allocation_key "
    "WHERE id = :id AND community_id = :community_id AND deleted_at IS NULL FOR UPDATE"
)
_SHARE = sql(
    "SELECT id FROM communities.allocation_key "
    "WHERE id = :id AND community_id = :community_id AND deleted_at IS NULL FOR SHARE"
)
_ROUNDS = sql(
    "SELECT key_version_id, id, number, energy_allocated_percentage AS share FROM communities.iteration "
    "WHERE key_version_id = ANY(CAST(:ids AS bigint[])) ORDER BY key_version_id, number"
)
_CONSUMERS = sql(
    "SELECT c.iteration_id, c.id, c.name, c.energy_allocated_percentage AS share FROM communities.consumer c "
    "JOIN communities.iteration i ON i.id = c.iteration_id "
    "WHERE i.key_version_id = ANY(CAST(:ids AS bigint[])) ORDER BY c.iteration_id, c.position"
)
_ADD = sql(
    "INSERT INTO communities.allocation_key (tenant_id, community_id, name, description) "
    "VALUES (:tenant_id, :community_id, :name, :description) RETURNING id"
)
_DESCRIBE = sql(
    "UPDATE communities.allocation_key SET name = :name, description = :description, version = :version, "
    "updated_at = now() WHERE id = :id"
)
_DELETE = sql("UPDATE communities.allocation_key SET deleted_at = now(), updated_at = now() WHERE id = :id")
_ADD_VERSION = sql(
    "INSERT INTO communities.key_version (tenant_id, key_id, number) VALUES (:tenant_id, :key_id, :number) RETURNING id"
)
_ADD_ROUND = sql(
    "INSERT INTO communities.iteration (tenant_id, key_version_id, number, energy_allocated_percentage) "
    "VALUES (:tenant_id, :key_version_id, :number, :share) RETURNING id"
)
_ADD_CONSUMERS = sql(
    "INSERT INTO communities.consumer (tenant_id, iteration_id, position, name, energy_allocated_percentage) "
    "SELECT CAST(:tenant_id AS bigint), CAST(:iteration_id AS bigint), each.position, each.name, each.share "
    "FROM unnest(CAST(:names AS text[]), CAST(:shares AS numeric[])) WITH ORDINALITY AS each (name, share, position) "
    "ORDER BY each.position"
)


class RoundRow(NamedTuple):
    """A round with the numbers of its rows; those of the consumers are in their order."""

    id: int
    round: Round
    consumer_ids: tuple[int, ...]


class Stored(NamedTuple):
    """A key and its newest version."""

    id: int
    name: str
    description: str
    version_id: int
    version: int


async def find(tx: Tx, community_id: int, key_id: int) -> Stored | None:
    """A key of a community; None when there is none of that number, or it was deleted."""
    row = await tx.one(_FIND, id=key_id, community_id=community_id)
    return None if row is None else Stored(**row)


async def hold(tx: Tx, community_id: int, key_id: int) -> Stored | None:
    """`find`, and nobody else changes, deletes or hands in the key until this transaction ends."""
    if await tx.one(_HOLD, id=key_id, community_id=community_id) is None:
        return None
    return await find(tx, community_id, key_id)


async def newest_version(tx: Tx, community_id: int, key_id: int) -> int | None:
    """The newest version of a key, which is neither changed nor deleted until this transaction ends; None: no such key."""
    if await tx.one(_SHARE, id=key_id, community_id=community_id) is None:
        return None
    found = await find(tx, community_id, key_id)
    return None if found is None else found.version_id


async def rounds_of(tx: Tx, version_ids: Sequence[int]) -> dict[int, tuple[RoundRow, ...]]:
    """The rounds of versions, in the order of their numbers; in two statements."""
    ids = sorted(set(version_ids))
    rows = await tx.all(_ROUNDS, ids=ids)
    consumers: dict[int, list[tuple[int, Consumer]]] = {}
    for row in await tx.all(_CONSUMERS, ids=ids):
        consumers.setdefault(row["iteration_id"], []).append((row["id"], Consumer(row["name"], row["share"])))
    found: dict[int, list[RoundRow]] = {}
    for row in rows:
        inside = consumers.get(row["id"], [])
        each = Round(row["number"], row["share"], tuple(consumer for _, consumer in inside))
        found.setdefault(row["key_version_id"], []).append(RoundRow(row["id"], each, tuple(id_ for id_, _ in inside)))
    return {version: tuple(rounds) for version, rounds in found.items()}


async def versions(tx: Tx, version_ids: Iterable[int]) -> dict[int, Key]:
    """What versions say, by their numbers; those that do not exist are left out."""
    found = await rounds_of(tx, list(version_ids))
    return {version: Key(tuple(row.round for row in rows)) for version, rows in found.items()}


async def add(tx: Tx, community_id: int, name: str, description: str, key: Key) -> int:
    """A new key with its first version; gives its number."""
    given = {"community_id": community_id, "name": name, "description": description}
    number = int(await tx.scalar(_ADD, tenant_id=tx.tenant, **given))
    await add_version(tx, number, 1, key)
    return number


async def add_version(tx: Tx, key_id: int, number: int, key: Key) -> int:
    """A version of a key, which the caller holds; gives its number in the database."""
    version = int(await tx.scalar(_ADD_VERSION, tenant_id=tx.tenant, key_id=key_id, number=number))
    for each in key.rounds:
        given = {"key_version_id": version, "number": each.number, "share": each.share}
        iteration = await tx.scalar(_ADD_ROUND, tenant_id=tx.tenant, **given)
        names, shares = [one.name for one in each.consumers], [one.share for one in each.consumers]
        await tx.run(_ADD_CONSUMERS, tenant_id=tx.tenant, iteration_id=iteration, names=names, shares=shares)
    return version


async def describe(tx: Tx, key_id: int, name: str, description: str, version: int) -> None:
    """Name, description and the number of the newest version."""
    await tx.run(_DESCRIBE, id=key_id, name=name, description=description, version=version)


async def delete(tx: Tx, key_id: int) -> None:
    """Stop showing a key."""
    await tx.run(_DELETE, id=key_id)
