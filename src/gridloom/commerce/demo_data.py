"""Somebody to sell to, and somewhere to sell, in the demo tenant."""

from gridloom.core.parties import public as parties
from gridloom.core.parties.public import AddressFields, Listed, PartyFields
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.http.call import Services
from gridloom.kernel.ids import uuid7

_CHANNEL = sql(
    "INSERT INTO commerce.channel (tenant_id, id, name, type, description) "
    "VALUES (:tenant_id, :id, 'Web shop', 'storefront', 'The shop of the demo')"
)


async def fill(services: Services, tenant: int) -> None:
    """A contact who acts for an organisation, with an address and a phone number, and a web shop."""
    async with services.part(Database).tenant(tenant) as tx:
        hall = await parties.add_address(
            tx, AddressFields(street="Kerkstraat", number="12", postcode="9000", city="Gent", country="BE")
        )
        coop = await parties.create(
            tx,
            "organisation",
            PartyFields(
                name="Zon op Dak", billing_email="books@zon.example", addresses={"billing": Listed(hall)}, tags=["demo"]
            ),
        )
        ada = await parties.create(
            tx,
            "person",
            PartyFields(
                given_name="Ada",
                family_name="Peeters",
                email="ada@zon.example",
                addresses={"shipping": Listed(hall)},
                phones=Listed(await parties.add_phone(tx, "+32 471 23 45 67")),
                tags=["demo"],
            ),
        )
        await parties.join(tx, ada.id, coop)
        await tx.run(_CHANNEL, tenant_id=tx.tenant, id=uuid7())
