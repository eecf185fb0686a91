"""Contacts: listed, searched, written by e-mail address, read in any version, removed."""

from uuid import UUID

from msgspec import UNSET

from gridloom.commerce.constraints import Key, Search, read
from gridloom.commerce.paging import HEADERS, PAGED, PageHeaders, page_of_search
from gridloom.commerce.rel import incoming, presenting
from gridloom.commerce.rel.schemas import RelContact, RelContactUpdate, RelVersion, VersionQuery
from gridloom.core.parties import public as parties
from gridloom.core.parties.public import Party
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Conflict, FieldError, Invalid, NotFound
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.pages import PageOf, PageRequest

READ, WRITE = "rel:contacts:read", "rel:contacts:write"
TAGS = ("Contacts", "rel")
DEFAULT_AUDIENCE = "default"


def id_or_email(text: str) -> UUID | str:
    """Callers put both under one key. Raises ValueError for what is neither."""
    return text if parties.is_email(text) else UUID(text)


KEYS = {
    "id": Key("ids_or_emails", id_or_email),
    "ids": Key("ids_or_emails", id_or_email),
    "email": Key("emails"),
    "emails": Key("emails"),
}


@action(
    "GET", "/rel/contacts", scope=READ, answers={200: RelContact}, lists=PAGED, headers_out=HEADERS,
    name="get_rel_contacts", tags=TAGS,
)  # fmt: skip
async def list_contacts(tx: Tx, page: PageRequest) -> PageOf:
    """List the contacts."""
    return await _shown(tx, await parties.page(tx, "person", page))


@action(
    "POST", "/rel/contacts", scope=READ, answers={200: list[RelContact]}, writes=False, headers_out=HEADERS,
    name="post_rel_contacts", tags=TAGS,
)  # fmt: skip
async def search_contacts(tx: Tx, body: Search, headers: PageHeaders) -> PageOf:
    """Find contacts by ids or e-mail addresses.

    Keys: `id` (or `ids`; ids and e-mail addresses alike) and `email` (or `emails`), with the operator `in`.
    """
    found = read(body, KEYS)
    page = page_of_search(headers, is_narrowed=bool(found))
    if (either := found.pop("ids_or_emails", None)) is not None:
        found["ids"] = await _ids(tx, either)
    return await _shown(tx, await parties.page(tx, "person", page, found))


@action(
    "PUT", "/rel/contacts", scope=WRITE, answers={200: RelContact}, faults=(NotFound, Conflict),
    name="put_rel_contacts", tags=TAGS,
)  # fmt: skip
async def upsert_contact(tx: Tx, body: RelContactUpdate) -> RelContact:
    """Write a contact: the one with this e-mail address, or a new one.

    The address is looked for in the audience that is given (`default`), whatever its case. With `id` that contact is
    written, and may get another address. Fields that are left out stay. Of `organisations`, `billing`, `shipping` and
    `phone_numbers` the primary is set; one that it displaces becomes secondary. A write that changes nothing makes no
    version.
    """
    found = await incoming.for_contact(tx, body)
    person = await _meant(tx, body)
    if person is None:
        written = await parties.create(tx, "person", incoming.contact_fields(body, found, None))
    else:
        written = await parties.change(tx, person.id, lambda now: incoming.contact_fields(body, found, now))
    return await presenting.contact(tx, written)


@action(
    "GET", "/rel/contacts/{contact}", scope=READ, answers={200: RelContact}, faults=(NotFound,),
    name="get_rel_contacts_id", tags=TAGS,
)  # fmt: skip
async def read_contact(tx: Tx, contact: UUID, query: VersionQuery) -> RelContact:
    """Read a contact, or one of its versions.

    A version shows everything as it was then, and stays readable when the contact was removed.
    """
    if query.version is UNSET:
        person = await parties.find(tx, "person", contact)
    else:
        person = await parties.at_version(tx, "person", contact, query.version)
    if person is None:
        raise NotFound
    return await presenting.contact(tx, person, as_then=query.version is not UNSET)


@action(
    "DELETE", "/rel/contacts/{contact}", scope=WRITE, answers={204: None}, faults=(NotFound,),
    name="delete_rel_contacts_id", tags=TAGS,
)  # fmt: skip
async def remove_contact(tx: Tx, contact: UUID) -> None:
    """Remove a contact. Its versions stay, because orders and invoices point at them."""
    person = await parties.find(tx, "person", contact)
    if person is None:
        raise NotFound
    await parties.remove(tx, person.id)


@action(
    "GET", "/rel/contacts/{contact}/versions", scope=READ, answers={200: list[RelVersion]}, faults=(NotFound,),
    name="get_rel_contacts_id_versions", tags=TAGS,
)  # fmt: skip
async def list_versions(tx: Tx, contact: UUID) -> list[RelVersion]:
    """List the versions of a contact, the newest first."""
    return [RelVersion(each.id, each.created_at) for each in await parties.versions(tx, "person", contact)]


async def _shown(tx: Tx, page: PageOf) -> PageOf:
    page.items = await presenting.contacts(tx, page.items)
    return page


async def _ids(tx: Tx, given: list[UUID | str]) -> list[UUID]:
    """The ids among the values, and those of the people with the e-mail addresses among them."""
    emails = [each for each in given if isinstance(each, str)]
    ids = [each for each in given if isinstance(each, UUID)]
    return [*ids, *(await parties.ids_of_emails(tx, "person", emails) if emails else ())]


async def _meant(tx: Tx, body: RelContactUpdate) -> Party | None:
    """Who is written; None for a new contact. Raises Invalid without an e-mail address, NotFound, Conflict."""
    if body.email is not UNSET and not parties.is_email(body.email):
        raise Invalid("This is no e-mail address.", field="email")
    if body.id is UNSET:
        if body.email is UNSET:
            raise Invalid(errors=[FieldError("body", ("email",), "This field is required.", "required")])
        await parties.lock_email(tx, body.email)
        return await parties.find_by_email(tx, body.email, audience=body.audience or DEFAULT_AUDIENCE)
    person = await parties.find(tx, "person", body.id)
    if person is None:
        raise NotFound
    email, audience = body.email or person.email, body.audience or person.audience
    # Who keeps address and audience stays as they are: several people may have come by one address elsewhere.
    is_same = parties.email_key(email or "") == parties.email_key(person.email or "") and audience == person.audience
    if email and not is_same:
        await parties.lock_email(tx, email)
        other = await parties.find_by_email(tx, email, audience=audience)
        if other is not None and other.id != person.id:
            raise Conflict("Another contact has this e-mail address.")
    return person
