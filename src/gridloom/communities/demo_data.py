"""The community of the demo tenant: its first user as administrator, and a street that shares the sun of three roofs.

The meters are those of the sample (`gridloom/samples`), whose readings the metering API's demo data bring. Names, addresses and
numbers of people are made up.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import convert

from gridloom.communities import addresses
from gridloom.communities.addresses import AddressWrite
from gridloom.communities.keys import public as keys
from gridloom.communities.keys import store as key_store
from gridloom.communities.keys.public import BY_NEED, Consumer, Key, Round
from gridloom.communities.members import public as members
from gridloom.communities.members.public import MemberWrite
from gridloom.communities.membership import public as memberships
from gridloom.communities.meters import public as meters
from gridloom.communities.meters import writing as meter_writing
from gridloom.communities.sharing import rules as sharing_rules
from gridloom.communities.sharing import store as sharing_store
from gridloom.communities.users import public as users
from gridloom.core.parties import public as parties
from gridloom.core.series.public import ensure_point
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.call import Services
from gridloom.kernel.http.subject import Subject
from gridloom.samples import readings

NAME = "Sunny Street"
OPERATION = "Roofs of Sunny Street"
KEY = "Equal parts, then by need"
START = date(2026, 3, 1)

_FAMILIES = (
    "Peeters", "Janssens", "Maes", "Jacobs", "Mertens", "Willems", "Claes", "Goossens", "Wouters", "De Smet", "Dubois",
    "Lambert", "Dupont", "Simon", "Laurent",
)  # fmt: skip
_GIVEN = (
    "Emma", "Louis", "Olivia", "Noah", "Mila", "Liam", "Louise", "Arthur", "Alice", "Adam", "Juliette", "Jules", "Nora",
    "Victor", "Elena",
)  # fmt: skip
_ROOFS = ("Bakery", "Primary school", "Sports hall")
_RESIDENTIAL, _PROFESSIONAL = 1, 2
_PURE_INJECTION, _SUN = 3, 1

_FIRST = sql('SELECT id, login, email FROM identity."user" ORDER BY id LIMIT 1')
# One demo at a time: of two that start together the second finds what the first has made.
_ALONE = sql("SELECT pg_advisory_xact_lock(hashtextextended('communities.demo', :tenant))")
_THERE = sql(
    "SELECT c.id, EXISTS (SELECT FROM communities.sharing_operation o WHERE o.community_id = c.id) AS shares "
    "FROM communities.community c JOIN communities.membership m ON m.community_id = c.id AND m.profile_id = :founder "
    "WHERE c.name = :name ORDER BY c.id LIMIT 1"
)


async def fill(services: Services, tenant: int) -> None:
    """Found the community with its members, meters, key and sharing operation; what is there already stays as it is.

    All of it in one transaction. LookupError when the tenant has no user who could run it.
    """
    async with services.part(Database).tenant(tenant) as tx:
        await tx.run(_ALONE, tenant=tenant)
        founder = await users.ensure(tx, await _founder(tx))
        there = await tx.one(_THERE, name=NAME, founder=founder)
        if there is not None and there["shares"]:
            return
        community = await memberships.establish(tx, NAME, founder) if there is None else there["id"]
        operation = await sharing_store.add(tx, community, OPERATION, 2)
        sample = readings.meters()
        for number, meter in enumerate(sample):
            member = await members.create(tx, community, _member(number, is_roof=meter.signal == readings.EXPORT))
            await _add_meter(tx, community, operation, member, number, meter)
        await _agree(tx, community, operation, [each.ean for each in sample if each.signal == readings.IMPORT])


async def _founder(tx: Tx) -> Subject:
    row = await tx.one(_FIRST)
    if row is None:
        raise LookupError("the demo tenant has no user")
    return Subject(
        tenant_id=tx.tenant,
        id=f"user:{row['id']}",
        kind="communities",
        user_id=row["id"],
        attributes={"login": row["login"], "email": row["email"]},
    )


def _member(number: int, *, is_roof: bool) -> MemberWrite:
    place = _place(number)
    common = {"status": 1, "iban": _iban(number), "home_address": place, "billing_address": place}
    given: dict[str, Any]
    if is_roof:
        name = _ROOFS[number - len(_FAMILIES)]
        person = number - len(_FAMILIES)
        given = {
            "name": f"{name} of {NAME}",
            "member_type": 2,
            "vat_number": _vat(number),
            "manager": {
                "name": _GIVEN[-1 - person],
                "surname": _FAMILIES[person],
                "NRN": _national_number(50 + number),
                "email": f"{name.split()[0].lower()}@sunny-street.example",
            },
        }
    else:
        given = {
            "name": _FAMILIES[number],
            "first_name": _GIVEN[number],
            "member_type": 1,
            "NRN": _national_number(number),
            "email": f"{_GIVEN[number].lower()}@sunny-street.example",
            "social_rate": number % 7 == 3,
        }
    return convert(common | given, MemberWrite)


def _place(number: int) -> AddressWrite:
    return AddressWrite(street="Rue du Soleil", number=number + 1, city="Namur", postcode="5000")


async def _add_meter(tx: Tx, community: int, operation: int, member: int, number: int, sample: readings.Meter) -> None:
    is_roof = sample.signal == readings.EXPORT
    place = _place(number)
    fields = addresses.fields(place)
    assert fields is not None  # noqa: S101 - there is no address yet that it could be
    address = await parties.add_address(tx, fields)
    point = await ensure_point(tx, eid=sample.ean, name=sample.name, lat=sample.lat, lon=sample.lon)
    meter = await meter_writing.add(
        tx,
        community_id=community,
        ean=sample.ean,
        point_id=point.id,
        meter_number=f"1SAG{number + 1:08}",
        address_id=address.id,
        tarif_group=1,
        phases_number=3 if is_roof else 1,
        reading_frequency=1,
    )
    assert meter is not None  # noqa: S101 - a community that was just founded has no meters
    feeds: dict[str, Any] = {
        "injection_status": _PURE_INJECTION,
        "production_chain": _SUN,
        "total_generating_capacity": float(sample.size),
    }
    await meter_writing.begin(
        tx,
        meter,
        START,
        status=meters.ACTIVE,
        rate=1,
        client_type=_PROFESSIONAL if is_roof else _RESIDENTIAL,
        grd="ORES",
        member_id=member,
        sharing_operation_id=operation,
        **(feeds if is_roof else {}),
    )


async def _agree(tx: Tx, community: int, operation: int, eans: list[str]) -> None:
    """The key: 60 % of the sun in equal parts, and what is left of them with the other 40 % by need."""
    equal = (Decimal(1) / len(eans)).quantize(Decimal("0.000001"))
    rounds = (
        Round(1, Decimal("0.6"), tuple(Consumer(ean, equal) for ean in eans)),
        Round(2, Decimal("0.4"), tuple(Consumer(ean, BY_NEED) for ean in eans)),
    )
    about = "60 % in equal parts; what is left of them, and the other 40 %, to whoever still needs it."
    key = await key_store.add(tx, community, KEY, about, Key(rounds))
    version = await keys.newest_version(tx, community, key)
    assert version is not None  # noqa: S101 - the key was just made
    row = sharing_rules.Row(key, version, START, None, sharing_rules.APPROVED)
    await sharing_store.write_rows(tx, operation, [row])


def _national_number(number: int) -> str:
    """A made-up person's, with right check digits: born on 1 January 1970, so many on that day before."""
    first = 700101 * 1000 + number + 1
    text = f"{first:09}"
    return f"{text[:2]}.{text[2:4]}.{text[4:6]}-{text[6:]}.{97 - first % 97:02}"


def _iban(number: int) -> str:
    """A made-up account with right check digits, of a bank code that no bank has."""
    first = 9990000000 + number + 1
    basic = f"{first}{first % 97 or 97:02}"
    check = 98 - int(f"{basic}111400") % 97
    return f"BE{check:02}{basic}"


def _vat(number: int) -> str:
    """A made-up company's number with right check digits."""
    first = 9990000 + number
    return f"BE0{first}{97 - first % 97:02}"
