"""One person and one meter, whichever API speaks of them: what one writes, the others read."""

from decimal import Decimal
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path
from typing import Any

from tests.commerce.kit import address, caller_of
from tests.commerce.kit import done as commerce
from tests.communities.invitations.samples import letters
from tests.communities.kit import Person, World, refused
from tests.journeys.cooperative import FED, SHARED, TAKEN, Cooperative, begin, instant, ms, quarters
from tests.journeys.street import DAY, EMAIL, HOUSE, NEXT, ROOF, column, consumption, street
from tests.suites.client import Callers

from gridloom.kernel.mail.outbox import Mail
from gridloom.settings import Settings

CONTACT = "/rel/contacts/{contact}"
ELSEWHERE = "549999900000000033"


async def contact_of(callers: Callers, email: str) -> Any:
    """The one contact with an e-mail address, as the commerce API has it."""
    caller = await caller_of(callers)
    body = {"constraints": [{"key": "email", "operator": "in", "values": [email]}]}
    (found,) = await commerce(caller, "POST", "/rel/contacts", json=body)
    return found


async def member(cooperative: Cooperative, number: int) -> Any:
    return await cooperative.call("GET", f"/members/{number}", "/members/{id_member}")


async def test_a_member_is_a_contact_and_each_side_reads_what_the_other_writes(
    cooperative: Cooperative, callers: Callers
) -> None:
    number = await cooperative.individual("Janssens", EMAIL)
    shop = await caller_of(callers)
    found = await contact_of(callers, EMAIL.lower())
    assert (found["email"], found["given_name"], found["family_name"]) == (EMAIL, "Ada", "Janssens")
    assert found["billing"]["primary"]["locality"] == "Namur"
    listed = await commerce(shop, "GET", "/rel/contacts")
    assert [each["id"] for each in listed if each.get("email") == EMAIL] == [found["id"]]

    # She moves, marries and writes from another address: told to the shop, read by the community.
    moved = await address(shop, thoroughfare="Nieuwstraat", premise_number=8, locality="Gent", postal_code="9000")
    await commerce(shop, "PUT", "/rel/contacts", json={
        "id": found["id"], "email": "mia@peeters.example", "family_name": "Peeters",
        "billing": {"primary": moved["id"]},
    })  # fmt: skip
    now = await member(cooperative, number)
    assert (now["name"], now["email"], now["first_name"]) == ("Peeters", "mia@peeters.example", "Ada")
    shown = now["billing_address"]
    assert (shown["street"], str(shown["number"]), shown["city"], shown["postcode"]) == (
        "Nieuwstraat", "8", "Gent", "9000",
    )  # fmt: skip
    # The address at which she lives is no business of the shop's.
    assert now["home_address"]["city"] == "Namur"
    assert [each["name"] for each in await cooperative.call("GET", "/members/")] == ["Peeters"]

    # And back: told to the community, read by the shop, and the versions say what was when.
    home = {"street": "Rue Neuve", "number": "3", "city": "Liège", "postcode": "4000"}
    change = {"id": number, "first_name": "Mia", "billing_address": home}
    await cooperative.call("PUT", "/members/", json=change)
    after = await commerce(shop, "GET", f"/rel/contacts/{found['id']}", CONTACT)
    assert (after["given_name"], after["billing"]["primary"]["locality"]) == ("Mia", "Liège")
    first = await commerce(
        shop, "GET", f"/rel/contacts/{found['id']}", CONTACT, params={"version": found["version"]}
    )  # fmt: skip
    assert (first["family_name"], first["billing"]["primary"]["locality"]) == ("Janssens", "Namur")


async def test_who_is_removed_as_a_contact_stays_a_member_by_name(cooperative: Cooperative, callers: Callers) -> None:
    number = await cooperative.individual("Janssens", EMAIL)
    shop = await caller_of(callers)
    found = await contact_of(callers, EMAIL)
    await commerce(shop, "DELETE", f"/rel/contacts/{found['id']}", CONTACT)
    now = await member(cooperative, number)
    assert (now["name"], now["email"], now["first_name"]) == ("Janssens", "", "")
    # Whoever writes the member again makes a person of it again.
    await cooperative.call("PUT", "/members/", json={"id": number, "first_name": "Mia", "email": EMAIL})
    again = await contact_of(callers, EMAIL)
    assert (again["given_name"], again["family_name"], again["id"] != found["id"]) == ("Mia", "Janssens", True)


async def test_a_company_is_an_organisation_and_its_manager_a_contact(
    cooperative: Cooperative, callers: Callers
) -> None:
    number = await cooperative.company("Zon op Dak")
    shop = await caller_of(callers)
    (found,) = await commerce(shop, "GET", "/rel/organisations")
    assert found["name"] == "Zon op Dak"
    manager = await contact_of(callers, "grace@example.org")
    await commerce(shop, "PUT", "/rel/contacts", json={"id": manager["id"], "given_name": "Gracia"})
    now = await member(cooperative, number)
    assert (now["name"], now["manager"]["name"], now["manager"]["surname"]) == ("Zon op Dak", "Gracia", "Peeters")


async def test_a_profile_is_the_users_own_and_a_contact_too(
    cooperative: Cooperative, callers: Callers, world: World
) -> None:
    """A member's record is the community's, a profile the user's: linking them mixes nothing."""
    number = await cooperative.individual("Janssens", EMAIL)
    mia = await world.person()
    await accept_by_mail(cooperative, world, mia, number)
    assert (await mia.call("PUT", "/users/", json={"first_name": "Mia", "last_name": "Smets"})).status_code == 200
    found = await contact_of(callers, mia.email)
    assert (found["given_name"], found["family_name"]) == ("Mia", "Smets")
    now = await member(cooperative, number)
    assert (now["first_name"], now["name"], now["email"]) == ("Ada", "Janssens", EMAIL)
    assert now["user_link_email"] == mia.email
    await commerce(
        await caller_of(callers), "PUT", "/rel/contacts", json={"email": mia.email, "family_name": "Peeters"}
    )
    assert (await mia.call("GET", "/users/")).json()["data"]["last_name"] == "Peeters"


async def test_whoever_signs_in_with_the_address_of_the_own_membership_can_still_be_changed_by_the_shop(
    cooperative: Cooperative, callers: Callers, world: World
) -> None:
    """The usual case: a member is invited at the address that the community knows."""
    mia = await world.person()
    number = await cooperative.individual("Janssens", mia.email)
    known = await contact_of(callers, mia.email)
    await accept_by_mail(cooperative, world, mia, number)
    shop = await caller_of(callers)
    body = {"constraints": [{"key": "email", "operator": "in", "values": [mia.email]}]}
    people = await commerce(shop, "POST", "/rel/contacts", json=body)
    assert known["id"] in [each["id"] for each in people]
    for each in people:
        changed = await shop.put("/rel/contacts", json={"id": each["id"], "additional_name": "M."})
        assert changed.status_code == 200, changed.text
    # By the address alone it is the same person every time.
    by_address = [await commerce(shop, "PUT", "/rel/contacts", json={"email": mia.email}) for _ in range(2)]
    assert by_address[0]["id"] == by_address[1]["id"]


async def letter_to(cooperative: Cooperative, world: World, email: str) -> Message:
    """The one mail that waits for somebody, sent as an installation without a mail server does: into a folder."""
    mail, settings = world.application.services.part(Mail), world.application.services.part(Settings)
    folder = Path(settings.var) / "mail"
    (waiting,) = [each for each in await letters(cooperative.community) if each.to == email]
    await mail.deliver(waiting)
    written = message_from_bytes((folder / f"{waiting.key}.eml").read_bytes(), policy=default)
    assert written["To"] == email
    return written


async def accept_by_mail(cooperative: Cooperative, world: World, person: Person, number: int) -> None:
    invitation = {"id_member": number, "user_email": person.email}
    await cooperative.call("PATCH", "/members/invite", json=invitation)
    await letter_to(cooperative, world, person.email)
    (mine,) = (await person.call("GET", "/invitations/own")).json()["data"]
    answer = await person.call("POST", "/invitations/accept", json={"invitation_id": mine["id"]})
    assert answer.json() == {"data": "success", "error_code": 0}


async def link(cooperative: Cooperative, number: int) -> Any:
    return await cooperative.call("GET", f"/members/{number}/link", "/members/{id_member}/link")


async def test_who_is_invited_by_mail_becomes_the_member_rises_and_leaves(
    cooperative: Cooperative, world: World
) -> None:
    community, ada = cooperative.community, cooperative.admin
    number = await cooperative.individual("Janssens", EMAIL)
    mia = await world.person()
    here = f"/communities/leave/{community.id}"
    refused(await mia.call("GET", "/members/", community), 401, 5)

    await cooperative.call("PATCH", "/members/invite", json={"id_member": number, "user_email": mia.email})
    assert await link(cooperative, number) == {"status": 3, "user_email": mia.email}
    letter = await letter_to(cooperative, world, mia.email)
    assert "Soleil partagé" in letter["Subject"]
    text = letter.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
    assert "Soleil partagé" in text
    assert mia.email in text

    (mine,) = (await mia.call("GET", "/invitations/own")).json()["data"]
    assert (mine["member_id"], mine["member_name"], mine["community"]["name"]) == (number, "Janssens", "Soleil partagé")
    stranger = await world.person()
    refused(await stranger.call("POST", "/invitations/accept", json={"invitation_id": mine["id"]}), 400, 30007)
    accepted = await mia.call("POST", "/invitations/accept", json={"invitation_id": mine["id"]})
    assert accepted.status_code == 200
    assert (await mia.call("GET", "/invitations/own")).json()["data"] == []
    linked = await link(cooperative, number)
    assert (linked["status"], linked["user_email"]) == (1, mia.email)

    # As a MEMBER she may see who runs the community, and no more.
    admins = (await mia.call("GET", "/communities/admins", community)).json()["data"]
    assert [each["email"] for each in admins] == [ada.email]
    refused(await mia.call("GET", "/members/", community), 403, 4)
    role = {"id_user": linked["user_id"], "new_role": "MANAGER"}
    await cooperative.call("PATCH", "/communities/", json=role)
    listed = await mia.call("GET", "/members/", community)
    assert [each["name"] for each in listed.json()["data"]] == ["Janssens"]
    # Nobody rises by the own hand.
    refused(await mia.call("PATCH", "/communities/", community, json=role | {"new_role": "ADMIN"}), 403, 4)
    roles = await community.roles()
    assert sorted(roles.values()) == ["ADMIN", "MANAGER"]

    left = await mia.call("DELETE", here, template="/communities/leave/{id_community}")
    assert left.status_code == 200, left.text
    refused(await mia.call("GET", "/members/", community), 401, 5)
    assert (await mia.call("GET", "/communities/my-communities")).json()["data"] == []
    assert await community.roles() == {profile: role for profile, role in roles.items() if role == "ADMIN"}
    # The member is still there, with its meters and whatever was settled; ADMINs of others stay where they are.
    assert (await member(cooperative, number))["name"] == "Janssens"
    last = await ada.call("DELETE", here, template="/communities/leave/{id_community}")
    assert last.status_code == 400
    assert list((await community.roles()).values()) == ["ADMIN"]


async def test_what_a_meter_sends_is_consumption_and_what_is_shared_is_a_signal(cooperative: Cooperative) -> None:
    await street(cooperative)
    # The roof comes as a file before it is a sensor, the house's first two values too, its others from the sensor.
    times = [instant(time) for time in quarters(DAY)[:4]]
    await cooperative.upload(
        [(time, ROOF, "injection", Decimal("0.25")) for time in times]
        + [(time, HOUSE, "consumption", Decimal("0.1")) for time in times[:2]]
    )
    house, roof = await cooperative.sensor(HOUSE, "House"), await cooperative.sensor(ROOF, "Roof")
    since, till = begin(DAY), begin(NEXT)
    data = await cooperative.measured(roof, FED, since, till)
    assert (data["time"], data["value"]) == ([ms(time) for time in quarters(DAY)[:4]], [Decimal("0.25")] * 4)
    await cooperative.measure(house, TAKEN, column(["0.1", "0.1", "0.3", "0.2"])[2:])

    taken, shared, net = [[Decimal(each) for each in row] for row in (
        ("0.1", "0.1", "0.3", "0.2"), ("0.1", "0.1", "0.25", "0.2"), ("0", "0", "0.05", "0"),
    )]  # fmt: skip
    expected = [times, taken, shared, net]
    assert await consumption(cooperative, HOUSE, "timestamps", "gross", "shared", "net") == expected
    data = await cooperative.measured(house, SHARED, since, till)
    assert (data["value"], data["origin"]) == (shared, [3] * 4)
    data = await cooperative.measured(roof, 152, since, till)
    assert data["value"] == shared

    # What the meter corrects is corrected for the community, and shared again before anybody reads it.
    await cooperative.measure(house, TAKEN, column(["0.0"]))
    assert await consumption(cooperative, HOUSE, "shared") == [[Decimal(0), *shared[1:]]]
    assert (await cooperative.measured(house, SHARED, since, till))["value"][-1] == Decimal("0.2")


async def test_a_meter_that_was_a_sensor_first_brings_its_readings_along(cooperative: Cooperative) -> None:
    house = await cooperative.sensor(HOUSE, "House")
    await cooperative.measure(house, TAKEN, column(["0.1", "0.2"]))
    await street(cooperative)
    assert await consumption(cooperative, HOUSE, "gross", "shared") == [[Decimal("0.1"), Decimal("0.2")], [0, 0]]


async def test_a_sensor_that_goes_leaves_the_community_its_meter_and_readings(cooperative: Cooperative) -> None:
    await street(cooperative)
    house, roof = await cooperative.sensor(HOUSE, "House"), await cooperative.sensor(ROOF, "Roof")
    await cooperative.measure(house, TAKEN, column(["0.1", "0.2"]))
    await cooperative.measure(roof, FED, column(["0.1", "0.1"]))
    names = ("timestamps", "gross", "shared", "net")
    before = await consumption(cooperative, HOUSE, *names)
    assert before[2] == [Decimal("0.1")] * 2
    run = await cooperative.settle(DAY, DAY)

    key = f"/api/sensors/{house['client_cid']}.{house['sensor_mid']}"
    assert (await cooperative.meters.delete(key)).status_code == 204
    assert (await cooperative.meters.get(key)).status_code == 404
    gone = await cooperative.meters.get(f"{key}/signals/{TAKEN}/data", params={"since": 0, "till": ms(begin(NEXT))})
    assert gone.status_code == 404
    listed = await cooperative.meters.get(f"/api/sensors/{roof['client_cid']}.{roof['sensor_mid']}")
    assert listed.status_code == 200

    shown = await cooperative.call("GET", f"/meters/{HOUSE}", "/meters/{id}")
    assert (shown["EAN"], shown["status"] if "status" in shown else shown["meter_data"]["status"]) == (HOUSE, 1)
    assert await consumption(cooperative, HOUSE, *names) == before
    assert await cooperative.settle(DAY, DAY) == run

    # A new sensor with the number is the same meter again, with everything that was read of it.
    again = await cooperative.sensor(HOUSE, "House, again")
    data = await cooperative.measured(again, TAKEN, begin(DAY), begin(NEXT))
    assert data["value"] == [Decimal("0.1"), Decimal("0.2")]


async def test_a_removed_meter_leaves_its_sensor_alone(cooperative: Cooperative) -> None:
    await street(cooperative)
    house = await cooperative.sensor(HOUSE, "House")
    await cooperative.measure(house, TAKEN, column(["0.1", "0.2"]))
    await cooperative.leave(HOUSE, NEXT)
    await cooperative.call("DELETE", f"/meters/{HOUSE}", "/meters/{id}")
    data = await cooperative.measured(house, TAKEN, begin(DAY), begin(NEXT))
    assert data["value"] == [Decimal("0.1"), Decimal("0.2")]


async def test_a_sensor_that_gets_another_number_does_not_take_the_meter_along(cooperative: Cooperative) -> None:
    """A sensor hung elsewhere is another meter from then on, or keeps its number; what it sends is not the old one's."""
    await street(cooperative)
    house = await cooperative.sensor(HOUSE, "House")
    await cooperative.measure(house, TAKEN, column(["0.1", "0.2"]))
    before = await consumption(cooperative, HOUSE, "timestamps", "gross")
    key = f"/api/sensors/{house['client_cid']}.{house['sensor_mid']}"
    changed = await cooperative.meters.put(key, params={"sensor_eid": ELSEWHERE})
    number = (await cooperative.meters.get(key)).json()["sensor_eid"]
    assert number == (ELSEWHERE if changed.is_success else HOUSE)
    if number == ELSEWHERE:
        await cooperative.measure(house, TAKEN, column(["7", "7", "7"]))
    assert await consumption(cooperative, HOUSE, "timestamps", "gross") == before
