"""Making users of a portal."""

from typing import Any
from uuid import UUID

import pytest
from tests.portal.kit import PASSWORD, Admin, Desk, User

from gridloom.core.parties import public as parties
from gridloom.kernel.errors import Conflict, Fault, Invalid, NotFound
from gridloom.portal.users import public as users


async def test_a_user_knows_the_portal_and_the_contact(admin: Admin, desk: Desk, portal: dict[str, Any]) -> None:
    number = UUID(portal["portal_id"])
    async with desk.database.tenant(desk.tenant) as tx:
        contact = await parties.create(tx, "person", parties.PartyFields(given_name="Ada"))
        made = await users.create_portal_user(
            tx, desk.identity, number, " Ada@example.org ", PASSWORD, party_id=contact.id
        )
        assert await users.find(tx, number, made.user_id) == made
        found = await parties.party_of_user(tx, made.user_id)
    assert (made.portal_id, made.origin, made.email, made.party_id) == (
        number, portal["origin"], "Ada@example.org", contact.id,
    )  # fmt: skip
    assert found == contact


async def test_a_user_without_a_password_cannot_sign_in_with_one(
    admin: Admin, desk: Desk, portal: dict[str, Any]
) -> None:
    async with desk.database.tenant(desk.tenant) as tx:
        made = await users.create_portal_user(tx, desk.identity, UUID(portal["portal_id"]), "ada@example.org", None)
    user = User(desk, portal, "ada@example.org", made)
    assert (await user.sign_in(password="x")).status_code == 401


@pytest.mark.parametrize(
    ("email", "number", "fault"),
    [
        ("no address", None, Invalid),
        ("ada@example.org", "01990000-0000-7000-8000-000000000009", NotFound),
    ],
)
async def test_a_wrong_address_or_portal_makes_nobody(
    admin: Admin, desk: Desk, portal: dict[str, Any], email: str, number: str | None, fault: type[Fault]
) -> None:
    with pytest.raises(fault):
        async with desk.database.tenant(desk.tenant) as tx:
            await users.create_portal_user(tx, desk.identity, UUID(number or portal["portal_id"]), email, PASSWORD)
    assert await admin.count("portal.portal_user") == 0
    assert await admin.count('identity."user"') == 0


async def test_an_address_has_one_account_in_a_portal(admin: Admin, ada: User) -> None:
    with pytest.raises(Conflict):
        await admin.user(ada.portal, ada.email.upper())
    assert await admin.count("portal.portal_user") == 1


async def test_a_closed_portal_or_another_one_knows_no_user(admin: Admin, desk: Desk, ada: User) -> None:
    other = await admin.portal("INSTALLER_PORTAL")
    async with desk.database.tenant(desk.tenant) as tx:
        assert await users.find(tx, UUID(other["portal_id"]), ada.made.user_id) is None
        assert await users.find(tx, ada.made.portal_id, ada.made.user_id) == ada.made
    await admin.delete()
    async with desk.database.tenant(desk.tenant) as tx:
        assert await users.find(tx, ada.made.portal_id, ada.made.user_id) is None
