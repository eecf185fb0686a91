"""People and organisations in the database: written, changed, linked, found, and every version of them."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from gridloom.core.identity.store import Identity
from gridloom.core.parties import public as parties
from gridloom.core.parties.public import AddressFields, Listed, Membership, Party, PartyFields
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid, NotFound
from gridloom.kernel.http.pages import PageOf, PageRequest
from gridloom.kernel.security.sealing import Sealer

HOME = AddressFields(street="Kerkstraat", number="12A", postcode="9000", city="Gent", country="be")


async def person(tx: Tx, **fields: Any) -> Party:
    return await parties.create(
        tx, "person", PartyFields(**{"given_name": "Ada", "email": "ada@example.org", **fields})
    )


async def organisation(tx: Tx, name: str = "Zon op Dak", **fields: Any) -> Party:
    return await parties.create(tx, "organisation", PartyFields(name=name, **fields))


async def numbers_of_versions(tx: Tx, party: Party) -> list[int]:
    return [each.number for each in await parties.versions(tx, party.kind, party.public_id)]


async def links(tx: Tx, table: str, party: Party, column: str = "party_id") -> list[tuple[Any, ...]]:
    rows = await tx.all(f"SELECT * FROM parties.{table} WHERE {column} = :id ORDER BY position", id=party.id)
    return [tuple(dict(row).values())[2:] for row in rows]


async def test_a_new_person_is_read_back_by_number_by_uuid_and_by_email(db: Database, tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        ada = await person(tx, family_name="Peeters", language="nl", tags=["a", "b", "a"], metadata={"shoe": 38})
        assert await parties.by_id(tx, ada.id) == ada
        assert await parties.find(tx, "person", ada.public_id) == ada
        assert await parties.find_by_email(tx, " ADA@example.org") == ada
        assert (ada.name, ada.language, ada.tags, ada.metadata) == ("Ada Peeters", "nl", ("a", "b"), {"shoe": 38})
        assert (ada.number, ada.deleted_at) == (1, None)


async def test_a_person_is_no_organisation(db: Database, tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        ada = await person(tx)
        assert await parties.find(tx, "organisation", ada.public_id) is None
        assert await parties.find_by_email(tx, "ada@example.org", kind="organisation") is None
        with pytest.raises(NotFound):
            await parties.versions(tx, "organisation", ada.public_id)


async def test_what_one_writes_another_reads(db: Database, tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        ada = await person(tx)
    async with db.tenant(tenant) as tx:
        await parties.set_phone(tx, ada.id, "0471 23 45 67", "BE")
        await parties.change(tx, ada.id, PartyFields(national_number="85.07.30-033.28", ibans=["BE71 0961 2345 6769"]))
    async with db.tenant(tenant, read_only=True) as tx:
        seen = await parties.find_by_email(tx, "ada@example.org")
        assert seen is not None
        assert seen.phones.primary is not None
        assert seen.phones.primary.number == "+32471234567"
        assert (seen.national_number, seen.ibans) == ("85073003328", ("BE71096123456769",))
        row = await tx.one("SELECT national_number, ibans, version_id FROM parties.party WHERE id = :id", id=ada.id)
        assert row is not None
        assert tuple(row) == ("85073003328", ["BE71096123456769"], seen.version)


async def test_each_change_is_a_version_and_no_change_is_none(db: Database, tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        ada = await person(tx)
        second = await parties.change(tx, ada.id, PartyFields(family_name="Peeters"))
        assert (second.number, second.name) == (2, "Ada Peeters")
        assert second.version != ada.version
        again = await parties.change(tx, ada.id, PartyFields(family_name="Peeters", given_name="Ada", tags=[]))
        assert again == second
        assert await numbers_of_versions(tx, ada) == [2, 1]


async def test_an_old_version_never_changes(db: Database, tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        home = await parties.add_address(tx, HOME)
        ada = await person(tx, addresses={"home": Listed(home)})
        assert await parties.at_version(tx, "person", ada.public_id, ada.version) == ada
        await parties.set_address(tx, ada.id, "home", AddressFields(street="Dok", number="1", country="BE"))
        await parties.change(tx, ada.id, PartyFields(given_name="Adèle", email=None))
        await parties.remove(tx, ada.id)
        assert await parties.at_version(tx, "person", ada.public_id, ada.version) == ada
        assert await numbers_of_versions(tx, ada) == [4, 3, 2, 1]


async def test_a_version_says_who_made_it_and_when(db: Database, tenant: int) -> None:
    with clock.at(clock.now()) as stopped:
        async with db.tenant(tenant, subject="user:7") as tx:
            ada = await person(tx)
        made, changed = stopped.instant, stopped.move(timedelta(days=3))
        async with db.tenant(tenant) as tx:
            ada = await parties.change(tx, ada.id, PartyFields(given_name="Adèle"))
            newest, first = await parties.versions(tx, "person", ada.public_id)
    assert (first.changed_by, first.created_at) == ("user:7", made)
    assert (newest.changed_by, newest.created_at) == ("system", changed)
    assert (ada.created_at, ada.updated_at) == (made, changed)


async def test_a_stored_version_can_be_neither_changed_nor_removed_by_a_tenant(db: Database, tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        ada = await person(tx)
    for command in ("UPDATE parties.party_version SET number = 9", "DELETE FROM parties.party_version"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with db.tenant(tenant) as tx:
                await tx.run(command)
    async with db.tenant(tenant) as tx:
        assert await parties.at_version(tx, "person", ada.public_id, ada.version) == ada


async def test_the_version_of_somebody_else_is_not_given(db: Database, tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        ada, eve = await person(tx), await person(tx, email="eve@example.org")
        assert await parties.at_version(tx, "person", ada.public_id, eve.version) is None
        assert await parties.at_version(tx, "person", ada.public_id, uuid4()) is None


async def test_a_removed_party_is_no_longer_found_but_its_versions_are(db: Database, tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        ada = await person(tx)
        gone = await parties.remove(tx, ada.id)
        assert (gone.number, gone.deleted_at) == (2, gone.updated_at)
        assert await parties.by_id(tx, ada.id) is None
        assert await parties.find(tx, "person", ada.public_id) is None
        assert await parties.find_by_email(tx, "ada@example.org") is None
        assert (await parties.page(tx, "person", PageRequest())).items == []
        assert await parties.at_version(tx, "person", ada.public_id, gone.version) == gone
        for attempt in (parties.remove(tx, ada.id), parties.change(tx, ada.id, PartyFields(given_name="Eve"))):
            with pytest.raises(NotFound):
                await attempt


async def test_an_address_that_is_none_is_refused_and_nothing_is_written(db: Database, tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        ada = await person(tx)
        for field in ("email", "billing_email"):
            with pytest.raises(Invalid) as refused:
                await parties.change(tx, ada.id, PartyFields(**{field: "nowhere"}))
            assert refused.value.field == field
        assert await parties.by_id(tx, ada.id) == ada


async def test_links_are_kept_beside_the_version_for_joins(db: Database, tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        home, work = await parties.add_address(tx, HOME), await parties.add_address(tx, HOME)
        first, second = await parties.add_phone(tx, "+32471234567"), await parties.add_phone(tx, "+3222109876")
        zon = await organisation(tx)
        place = Membership(organisation_id=zon.id, public_id=zon.public_id, role="manager")
        ada = await person(
            tx,
            addresses={"billing": Listed(home, (work,)), "shipping": Listed(None, (work,))},
            phones=Listed(None, (first, second)),
            organisations=Listed(place),
        )
        assert sorted(await links(tx, "address_link", ada)) == [
            ("billing", home.id, 0), ("billing", work.id, 1), ("shipping", work.id, 1),
        ]  # fmt: skip
        assert await links(tx, "phone_link", ada) == [(first.id, 1), (second.id, 2)]
        assert await links(tx, "membership", ada, "person_id") == [(zon.id, "manager", 0)]
        await parties.change(
            tx, ada.id, PartyFields(addresses={"billing": Listed()}, phones=Listed(second), organisations=Listed())
        )
        assert await links(tx, "address_link", ada) == [("shipping", work.id, 1)]
        assert await links(tx, "phone_link", ada) == [(second.id, 0)]
        assert await links(tx, "membership", ada, "person_id") == []


async def test_somebody_who_moves_gets_another_address_and_a_version(db: Database, tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        ada = await parties.set_address(tx, (await person(tx)).id, "home", HOME)
        home = ada.address("home")
        assert home is not None
        assert (home.country, home.street, ada.number) == ("BE", "Kerkstraat", 2)
        assert await parties.set_address(tx, ada.id, "home", HOME) == ada
        moved = await parties.set_address(tx, ada.id, "home", AddressFields(street="Dok", number="1", country="BE"))
        assert (moved.number, moved.address("home") != home) == (3, True)
        assert (await parties.addresses(tx, [home.public_id])) == {home.public_id: home}
        nowhere = await parties.set_address(tx, ada.id, "home", None)
        assert (nowhere.number, nowhere.address("home")) == (4, None)


async def test_a_phone_number_is_set_once_and_taken_away(db: Database, tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        ada = await parties.set_phone(tx, (await person(tx)).id, "0471 23 45 67", "BE")
        assert await parties.set_phone(tx, ada.id, "+32 471 23 45 67") == ada
        with pytest.raises(Invalid, match="Bad phone number or country code"):
            await parties.set_phone(tx, ada.id, "12", "BE")
        soft = await parties.set_phone(tx, ada.id, "12 ", "BE", soft=True)
        assert soft.phones.primary is not None
        assert (soft.phones.primary.number, soft.phones.primary.is_valid) == ("12", False)
        assert (await parties.set_phone(tx, ada.id, None)).phones == Listed()


async def test_a_person_follows_the_newest_version_of_an_organisation_unless_pinned(db: Database, tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        zon = await organisation(tx)
        ada = await parties.join(tx, (await person(tx)).id, zon)
        eve = await parties.join(tx, (await person(tx, email="eve@example.org")).id, zon, pinned=zon.version)
        newer = await parties.change(tx, zon.id, PartyFields(name="Zon op elk Dak"))
        shown = await parties.organisations_of(tx, [ada, eve])
        assert (shown[ada.id].primary, shown[eve.id].primary) == (newer, zon)
        then = await parties.organisations_of(tx, [ada, eve], as_then=True)
        assert (then[ada.id].primary, then[eve.id].primary) == (zon, zon)
        await parties.remove(tx, zon.id)
        shown = await parties.organisations_of(tx, [ada, eve])
        assert (shown[ada.id].all, shown[eve.id].all) == ((), ())
        then = await parties.organisations_of(tx, [ada, eve], as_then=True)
        assert (then[ada.id].primary, then[eve.id].primary) == (zon, zon)


async def test_an_organisation_that_changes_makes_no_version_of_its_people(db: Database, tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        zon = await organisation(tx)
        ada = await parties.join(tx, (await person(tx)).id, zon)
        await parties.change(tx, zon.id, PartyFields(name="Zon op elk Dak"))
        assert await parties.join(tx, ada.id, zon) == ada
        assert await numbers_of_versions(tx, ada) == [2, 1]


async def test_the_first_organisation_somebody_joins_is_the_primary_one(db: Database, tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        zon, wind = await organisation(tx), await organisation(tx, "Wind")
        ada = await person(tx)
        for each in (zon, wind, wind):
            ada = await parties.join(tx, ada.id, each)
        assert [each.organisation_id for each in ada.organisations.all] == [zon.id, wind.id]
        assert ada.number == 3
        ada = await parties.join(tx, ada.id, zon, role="manager")
        assert ada.number == 4
        assert [each.role for each in ada.organisations.all] == ["manager", "member"]


async def test_vat_numbers_are_checked_once_and_softly(db: Database, tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        zon = await organisation(tx, registrations=[(None, "BE 0403.170.701"), ("US", "12-34"), (None, "BE0403170702")])
        assert [(each.country, each.number, each.is_valid) for each in zon.registrations] == [
            ("BE", "BE0403170701", True), ("US", "1234", None), ("BE", "BE0403170702", False),
        ]  # fmt: skip
        with clock.travel(timedelta(days=1)):
            same = await parties.change(
                tx, zon.id, PartyFields(registrations=[("be", "BE0403170701"), ("US", "1234"), (None, "BE0403170702")])
            )
        assert same == zon


async def test_of_several_with_one_email_the_oldest_is_found_and_the_audience_decides(
    db: Database, tenant: int
) -> None:
    async with db.tenant(tenant) as tx:
        first = await person(tx, audience="members")
        second = await person(tx)
        assert await parties.find_by_email(tx, "ada@example.org") == first
        assert await parties.find_by_email(tx, "ada@example.org", audience="default") == second
        assert await parties.find_by_email(tx, "ada@example.org", audience="nobody") is None


async def test_pages_walk_over_people_while_more_come(db: Database, tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        known = [(await person(tx, email=f"p{n}@example.org")).id for n in range(5)]
        request, seen = PageRequest(size=2, cursor="", total=True), []
        for _ in range(5):
            page: PageOf = await parties.page(tx, "person", request)
            seen += [each.id for each in page.items]
            if page.next_cursor is None:
                break
            known.append((await person(tx, email=f"late{len(known)}@example.org")).id)
            request = PageRequest(size=2, cursor=page.next_cursor, total=True)
        assert seen[:5] == known[:5]
        assert len(seen) == len(set(seen))


async def test_another_tenant_sees_none_of_it(db: Database, tenant: int, other_tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        ada = await parties.set_address(tx, (await person(tx)).id, "home", HOME)
        ada = await parties.set_phone(tx, ada.id, "+32471234567")
    home, phone = ada.address("home"), ada.phones.primary
    assert home is not None
    assert phone is not None
    async with db.tenant(other_tenant) as tx:
        assert await parties.by_id(tx, ada.id) is None
        assert await parties.find(tx, "person", ada.public_id) is None
        assert await parties.find_by_email(tx, "ada@example.org") is None
        assert await parties.at_version(tx, "person", ada.public_id, ada.version) is None
        assert await parties.addresses(tx, [home.public_id]) == {}
        assert await parties.phones(tx, [phone.public_id]) == {}
        assert (await parties.page(tx, "person", PageRequest())).items == []
        with pytest.raises(NotFound):
            await parties.change(tx, ada.id, PartyFields(given_name="Eve"))


async def test_an_address_of_another_tenant_cannot_be_linked(db: Database, tenant: int, other_tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        theirs = await parties.add_address(tx, HOME)
    async with db.tenant(other_tenant) as tx:
        ada = await person(tx)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with db.tenant(other_tenant) as tx:
            await parties.change(tx, ada.id, PartyFields(addresses={"home": Listed(theirs)}))
    async with db.tenant(other_tenant) as tx:
        assert await parties.by_id(tx, ada.id) == ada


async def test_the_person_behind_a_login(db: Database, tenant: int) -> None:
    identity = Identity(db, Sealer(b"k" * 32))
    async with db.tenant(tenant) as tx:
        ada = await person(tx)
        user = await identity.create_user(tx, "ada@example.org", None, roles=["admin"])
        assert await parties.party_of_user(tx, user) is None
        await parties.attach_user(tx, user, ada.id)
        assert await parties.party_of_user(tx, user) == ada
        with pytest.raises(NotFound):
            await parties.attach_user(tx, user + 1_000_000, ada.id)


async def test_what_happens_is_told(db: Database, tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        ada = await person(tx)
        await parties.change(tx, ada.id, PartyFields(given_name="Ada"))
        second = await parties.change(tx, ada.id, PartyFields(given_name="Adèle"))
        await parties.remove(tx, ada.id)
        told = [(each.name, each.aggregate) for each in tx.outbox]
        about = f"party:{ada.id}"
        assert told == [(f"parties.party.{what}", about) for what in ("created", "changed", "removed")]
        assert UUID(tx.outbox[1].payload["version_id"]) == second.version
        tx.outbox.clear()


async def test_people_of_two_writers_at_once_all_get_their_version(db: Database, tenant: int) -> None:
    async with db.tenant(tenant) as tx:
        ada = await person(tx)

    async def tag(name: str) -> None:
        async with db.tenant(tenant) as tx:
            await parties.change(tx, ada.id, lambda now: PartyFields(tags=[*now.tags, name]))

    await asyncio.gather(*(tag(f"t{n}") for n in range(6)))
    async with db.tenant(tenant) as tx:
        now = await parties.by_id(tx, ada.id)
        assert now is not None
        assert sorted(now.tags) == [f"t{n}" for n in range(6)]
        assert await numbers_of_versions(tx, ada) == [7, 6, 5, 4, 3, 2, 1]


async def test_lists_move_without_losing_anything() -> None:
    rows = [Membership(organisation_id=n, public_id=UUID(int=n)) for n in range(4)]
    listed = Listed(rows[0], (rows[1],))
    assert parties.moved(listed, rows[2], [rows[3]]) == Listed(rows[2], (rows[0], rows[1], rows[3]))
    assert parties.moved(listed, rows[1], []) == Listed(rows[1], (rows[0],))
    assert parties.moved(listed, None, []) == Listed(None, (rows[0], rows[1]))
    assert parties.moved(listed, rows[0], [rows[0], rows[1]]) == listed
    assert parties.replaced(listed, rows[2], [rows[3], rows[3], rows[2]]) == Listed(rows[2], (rows[3],))
