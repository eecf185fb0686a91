"""Nobody alters the trail: the tenant cannot, and the owner of the database cannot without being found out."""

import json

import asyncpg
import pytest

from gridloom.kernel import audit
from gridloom.kernel.audit import Broken
from gridloom.kernel.audit import verification as module
from gridloom.kernel.audit.chain import GENESIS, canonical, link

ENTRY = "SELECT * FROM audit.entry ORDER BY position, occurred_at, id"
TAMPERINGS = {
    "a changed detail": ("UPDATE audit.entry SET detail = '{\"n\": 99}' WHERE tenant_id = :t AND position = 3", 3),
    "a changed subject": ("UPDATE audit.entry SET subject = 'user:9' WHERE tenant_id = :t AND position = 2", 2),
    "a moved instant": (
        "UPDATE audit.entry SET occurred_at = occurred_at + interval '1 microsecond' WHERE tenant_id = :t AND position = 4",
        4,
    ),
    "a missing entry": ("DELETE FROM audit.entry WHERE tenant_id = :t AND position = 2", 2),
    "a missing first entry": ("DELETE FROM audit.entry WHERE tenant_id = :t AND position = 1", 1),
    "a cut-off end": ("DELETE FROM audit.entry WHERE tenant_id = :t AND position > 3", 4),
    "an emptied trail": ("DELETE FROM audit.entry WHERE tenant_id = :t", 1),
    "a forgotten head": ("DELETE FROM audit.chain WHERE tenant_id = :t", 1),
    "a head set back": ("UPDATE audit.chain SET position = 3 WHERE tenant_id = :t", 4),
    "an entry taken out of the chain": (
        (
            "UPDATE audit.entry SET position = NULL, sealed_at = NULL, previous = NULL, digest = NULL "
            "WHERE tenant_id = :t AND position = 5"
        ),
        5,
    ),
    "a changed link": ("UPDATE audit.entry SET digest = sha256('x') WHERE tenant_id = :t AND position = 5", 5),
}


@pytest.fixture
async def chained(trailed, tenant):
    """A tenant with five sealed entries and one that is not sealed yet."""
    async with trailed.tenant(tenant, subject="user:7") as tx:
        for number in range(5):
            audit.record(tx, "a.b", ("thing", number), {"n": number, "text": 'ü "quoted"\n'})
    await audit.seal(trailed)
    async with trailed.tenant(tenant) as tx:
        audit.record(tx, "a.b", ("thing", "unsealed"))
    return tenant


async def verdict(db, tenant, **options):
    async with db.tenant(tenant) as tx:
        return await audit.verify(tx, **options)


async def contents(db, tenant):
    async with db.tenant(tenant) as tx:
        return await tx.all(ENTRY)


async def tamper(db, tenant, *commands):
    """What somebody with every right on the database may do: take the guard away, alter, put it back."""
    async with db.system() as tx:
        await tx.run("ALTER TABLE audit.entry DISABLE TRIGGER USER")
        for command in commands:
            await tx.run(command, t=tenant)
        await tx.run("ALTER TABLE audit.entry ENABLE TRIGGER USER")


async def test_an_untouched_trail_holds(trailed, chained):
    found = await verdict(trailed, chained)
    assert (found.holds, found.checked, found.unsealed, found.position) == (True, 5, 1, 5)


async def test_an_empty_trail_holds(trailed, tenant):
    found = await verdict(trailed, tenant)
    assert (found.holds, found.checked, found.unsealed, found.digest) == (True, 0, 0, GENESIS)


async def test_a_long_trail_is_read_page_by_page(trailed, chained, monkeypatch):
    monkeypatch.setattr(module, "PAGE", 2)
    assert (await verdict(trailed, chained)).checked == 5


@pytest.mark.parametrize("what", TAMPERINGS)
async def test_the_owner_of_the_database_is_found_out(trailed, chained, what):
    command, position = TAMPERINGS[what]
    await tamper(trailed, chained, command)
    found = await verdict(trailed, chained)
    assert found.broken is not None
    assert (found.broken.position, found.position) == (position, position - 1)


async def test_a_trail_rewritten_from_some_place_on_is_found_by_a_digest_noted_before(trailed, chained):
    noted = {5: (await verdict(trailed, chained)).digest}
    rows = [dict(row) for row in await contents(trailed, chained)][:5]
    digest, commands = rows[2]["previous"], []
    for row in rows[2:]:
        forged = {**row, "subject": "user:8", "detail": "{}"}
        previous, digest = digest, link(digest, canonical(forged, row["position"]))
        commands.append(
            f"UPDATE audit.entry SET subject = 'user:8', detail = '{forged['detail']}', previous = '\\x{previous.hex()}', "
            f"digest = '\\x{digest.hex()}' WHERE tenant_id = :t AND position = {row['position']}"
        )
    commands.append(f"UPDATE audit.chain SET digest = '\\x{digest.hex()}' WHERE tenant_id = :t")
    await tamper(trailed, chained, *commands)
    assert (await verdict(trailed, chained)).holds
    found = await verdict(trailed, chained, anchors=noted)
    assert found.broken == Broken(5, "entry 5 is not the one whose digest was noted")


async def test_a_trail_thrown_away_is_found_by_a_digest_noted_before(trailed, chained):
    noted = {5: (await verdict(trailed, chained)).digest}
    await tamper(
        trailed, chained, "DELETE FROM audit.entry WHERE tenant_id = :t", "DELETE FROM audit.chain WHERE tenant_id = :t"
    )
    assert (await verdict(trailed, chained)).holds
    assert (await verdict(trailed, chained, anchors=noted)).broken == Broken(
        1, "entry 5 was noted elsewhere and is missing"
    )


async def test_a_true_digest_noted_before_is_confirmed(trailed, chained):
    noted = {5: (await verdict(trailed, chained)).digest}
    assert (await verdict(trailed, chained, anchors=noted)).holds


@pytest.mark.parametrize(
    "command",
    [
        "UPDATE audit.entry SET subject = 'user:9'",
        "UPDATE audit.entry SET position = 9, sealed_at = now(), previous = sha256('a'), digest = sha256('b')",
        "DELETE FROM audit.entry",
        "TRUNCATE audit.entry",
        "UPDATE audit.chain SET position = 1",
        "DELETE FROM audit.chain",
        (
            "INSERT INTO audit.chain (tenant_id, position, digest, base_position, base_digest, sealed_at) "
            "VALUES (:t, 0, sha256('a'), 0, sha256('a'), now())"
        ),
        "SELECT set_config('gridloom.erase_trail', CAST(CAST(:t AS integer) AS text), true); DELETE FROM audit.entry",
    ],
)
async def test_a_tenant_has_no_right_to_alter_anything(trailed, chained, command):
    before = await contents(trailed, chained)

    async def attempt():
        async with trailed.tenant(chained) as tx:
            for part in command.split("; "):
                await tx.run(part, **({"t": chained} if ":t" in part else {}))

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await attempt()
    assert await contents(trailed, chained) == before
    assert (await verdict(trailed, chained)).holds


async def test_a_tenant_cannot_write_an_entry_that_looks_sealed(trailed, chained):
    async def attempt():
        async with trailed.tenant(chained) as tx:
            await tx.run(
                "INSERT INTO audit.entry (tenant_id, id, occurred_at, subject, action, position, sealed_at, previous, digest) "
                "VALUES (:t, gen_random_uuid(), now(), 'x', 'y', 6, now(), sha256('a'), sha256('b'))",
                t=chained,
            )

    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only: INSERT"):
        await attempt()
    assert len(await contents(trailed, chained)) == 6


@pytest.mark.parametrize(
    "command",
    [
        "UPDATE audit.entry SET detail = '{}' WHERE tenant_id = :t",
        "UPDATE audit.entry SET detail = '{}' WHERE tenant_id = :t AND digest IS NULL",
        "UPDATE audit.entry SET digest = sha256('x') WHERE tenant_id = :t AND position = 1",
        (
            "UPDATE audit.entry SET position = 6, sealed_at = now(), previous = sha256('a'), digest = sha256('b'), subject = 'x' "
            "WHERE tenant_id = :t AND digest IS NULL"
        ),
        "DELETE FROM audit.entry WHERE tenant_id = :t",
        "DELETE FROM identity.tenant WHERE id = :t",
        "TRUNCATE audit.entry",
    ],
)
async def test_the_guard_stops_the_owner_too_until_it_is_taken_away(trailed, chained, command):
    before = await contents(trailed, chained)

    async def attempt():
        async with trailed.system() as tx:
            await tx.run(command, **({"t": chained} if ":t" in command else {}))

    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await attempt()
    assert await contents(trailed, chained) == before


async def test_a_tenant_can_be_erased_with_its_trail_when_that_is_said(trailed, chained, other_tenant):
    async with trailed.tenant(other_tenant) as tx:
        audit.record(tx, "a.b")
    async with trailed.system() as tx:
        await tx.run(f"SELECT set_config('gridloom.erase_trail', '{chained}', true)")
        await tx.run("DELETE FROM identity.tenant WHERE id = :t", t=chained)
    assert await contents(trailed, chained) == []
    assert len(await contents(trailed, other_tenant)) == 1


async def lines_of(db, tenant, after=0):
    async with db.tenant(tenant) as tx:
        return [line async for line in audit.export(tx, after=after)]


async def test_an_export_proves_itself_and_can_be_read(trailed, chained):
    lines = await lines_of(trailed, chained)
    assert len(lines) == 5
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)
    first = json.loads(lines[0])
    assert (first["position"], first["subject"], first["object_id"]) == (1, "user:7", "0")
    assert first["detail"] == {"n": 0, "text": 'ü "quoted"\n'}
    found = audit.verify_export(lines)
    inside = await verdict(trailed, chained)
    assert (found.holds, found.checked, found.digest) == (True, 5, inside.digest)


async def test_an_export_can_go_on_where_the_last_one_ended(trailed, chained):
    lines = await lines_of(trailed, chained)
    end = audit.verify_export(lines[:2])
    rest = await lines_of(trailed, chained, after=end.position)
    assert rest == lines[2:]
    assert audit.verify_export(rest, after=end.position, digest=end.digest).checked == 3
    assert audit.verify_export(rest).broken == Broken(1, "entry 1 is missing")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda line: line.replace(b'"subject":"user:7"', b'"subject":"user:8"'), "the fields of entry 2 are not what"),
        (lambda line: line.replace(b'"n": 1', b'"n": 2', 1), "the fields of entry 2 are not what"),
        (lambda line: line.replace(b"user:7", b"user:8"), "entry 2 is not what was sealed"),
        (lambda line: b"", "entry 2 is missing"),
        (lambda line: b"{}", "this line is no entry"),
        (lambda line: b"\xff", "this line is no entry"),
        (lambda line: line[:-40], "this line is no entry"),
    ],
)
async def test_a_changed_export_does_not_prove_itself(trailed, chained, change, reason):
    lines = await lines_of(trailed, chained)
    lines[1] = change(lines[1])
    found = audit.verify_export(lines)
    assert (found.broken.position, found.checked) == (2, 1)
    assert reason in found.broken.reason
