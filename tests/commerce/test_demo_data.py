"""What a newcomer finds in the commerce API of the demo tenant."""

from tests.commerce.kit import caller_of, done
from tests.suites.client import Callers

from gridloom.commerce.demo_data import fill


async def test_the_demo_has_a_contact_with_an_organisation_and_a_shop(callers: Callers) -> None:
    caller = await caller_of(callers)
    await fill(caller.application.services, caller.tenant)
    (ada,) = await done(caller, "GET", "/rel/contacts")
    (coop,) = await done(caller, "GET", "/rel/organisations")
    (shop,) = await done(caller, "GET", "/cat/channels")
    assert (ada["email"], ada["organisations"]["primary"], shop["type"]) == ("ada@zon.example", coop, "storefront")
    assert ada["phone_numbers"]["primary"]["national"] == "0471 23 45 67"
    assert ada["shipping"]["primary"] == coop["billing"]["primary"]
