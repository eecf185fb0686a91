"""Addresses: made and read. They never change, so that what was shipped or billed there stays true."""

from uuid import UUID

from gridloom.commerce.constraints import Key, Search, read
from gridloom.commerce.paging import HEADERS, PageHeaders, page_of_search
from gridloom.commerce.rel import incoming, presenting
from gridloom.commerce.rel.schemas import RelAddress, RelAddressModel, RelGeoLocation
from gridloom.core.parties import public as parties
from gridloom.core.parties.public import Address
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import NotFound, Unavailable
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.pages import PageOf

READ, WRITE = "rel:contacts:read", "rel:contacts:write"
TAGS = ("Addresses", "rel")
KEYS = {"id": Key("ids", UUID), "ids": Key("ids", UUID)}


@action("POST", "/rel/addresses", scope=WRITE, answers={200: RelAddress}, name="post_rel_addresses", tags=TAGS)
async def create_address(tx: Tx, body: RelAddressModel) -> RelAddress:
    """Add an address; it is nobody's until a contact or an organisation lists it."""
    return presenting.address(await parties.add_address(tx, incoming.address_fields(body)))


@action(
    "GET", "/rel/addresses/{address}", scope=READ, answers={200: RelAddress}, faults=(NotFound,),
    name="get_rel_addresses_id", tags=TAGS,
)  # fmt: skip
async def read_address(tx: Tx, address: UUID) -> RelAddress:
    """Read an address."""
    return presenting.address(await _there(tx, address))


@action(
    "GET", "/rel/addresses/{address}/geocode", scope="rel:geocode:read", answers={200: RelGeoLocation},
    faults=(NotFound, Unavailable), name="get_rel_addresses_id_geocode", tags=("Geocoding", "rel"),
)  # fmt: skip
async def locate_address(tx: Tx, address: UUID) -> RelGeoLocation:
    """Say where an address lies: by what is stored; without that, not available."""
    found = presenting.location(await _there(tx, address))
    if found is None:
        raise Unavailable("No geocoding service is configured, and this address came without its coordinates.")
    return found


@action(
    "POST", "/rel/search/address", scope=READ, answers={200: list[RelAddress]}, writes=False, headers_out=HEADERS,
    name="post_rel_search_address", tags=("Search", "rel"),
)  # fmt: skip
async def search_addresses(tx: Tx, body: Search, headers: PageHeaders) -> PageOf:
    """Find addresses by their ids (key `ids`, operator `in`)."""
    found = read(body, KEYS)
    page = await parties.page_of_addresses(tx, page_of_search(headers, is_narrowed=bool(found)), found)
    page.items = [presenting.address(each) for each in page.items]
    return page


async def _there(tx: Tx, address: UUID) -> Address:
    found = (await parties.addresses(tx, [address])).get(address)
    if found is None:
        raise NotFound
    return found
