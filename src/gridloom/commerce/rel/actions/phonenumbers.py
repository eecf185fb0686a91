"""Phone numbers: made and read. They never change."""

from uuid import UUID

from msgspec import UNSET

from gridloom.commerce.constraints import Key, Search, read
from gridloom.commerce.paging import HEADERS, PageHeaders, page_of_search
from gridloom.commerce.rel import presenting
from gridloom.commerce.rel.schemas import RelPhoneNumber, RelPhoneNumberModel
from gridloom.core.parties import public as parties
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import FieldError, Invalid, NotFound
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.pages import PageOf

READ, WRITE = "rel:contacts:read", "rel:contacts:write"
TAGS = ("Phonenumbers", "rel")
KEYS = {"id": Key("ids", UUID), "ids": Key("ids", UUID)}


@action(
    "POST", "/rel/phonenumbers", scope=WRITE, answers={200: RelPhoneNumber}, name="post_rel_phonenumbers", tags=TAGS
)  # fmt: skip
async def create_phone_number(tx: Tx, body: RelPhoneNumberModel) -> RelPhoneNumber:
    """Add a phone number; it is nobody's until a contact or an organisation lists it."""
    if body.number is UNSET:
        raise Invalid(errors=[FieldError("body", ("number",), "This field is required.", "required")])
    return presenting.phone(await parties.add_phone(tx, body.number, body.country_code or None))


@action(
    "GET", "/rel/phonenumbers/{number}", scope=READ, answers={200: RelPhoneNumber}, faults=(NotFound,),
    name="get_rel_phonenumbers_id", tags=TAGS,
)  # fmt: skip
async def read_phone_number(tx: Tx, number: UUID) -> RelPhoneNumber:
    """Read a phone number."""
    found = (await parties.phones(tx, [number])).get(number)
    if found is None:
        raise NotFound
    return presenting.phone(found)


@action(
    "POST", "/rel/search/phonenumbers", scope=READ, answers={200: list[RelPhoneNumber]}, writes=False,
    headers_out=HEADERS, name="post_rel_search_phonenumbers", tags=("Search", "rel"),
)  # fmt: skip
async def search_phone_numbers(tx: Tx, body: Search, headers: PageHeaders) -> PageOf:
    """Find phone numbers by their ids (key `ids`, operator `in`)."""
    found = read(body, KEYS)
    page = await parties.page_of_phones(tx, page_of_search(headers, is_narrowed=bool(found)), found)
    page.items = [presenting.phone(each) for each in page.items]
    return page
