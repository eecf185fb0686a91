"""Organisations: listed, searched, made, changed, read in any version, removed."""

from uuid import UUID

import msgspec
from msgspec import UNSET

from gridloom.commerce.constraints import Key, Search, read
from gridloom.commerce.mes import public as tasks
from gridloom.commerce.paging import HEADERS, PAGED, PageHeaders, page_of_search
from gridloom.commerce.rel import incoming, presenting
from gridloom.commerce.rel.schemas import RelOrganisation, RelOrganisationUpdateModel, RelVersion, VersionQuery
from gridloom.core.parties import public as parties
from gridloom.core.parties.public import Party
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import FieldError, Invalid, NotFound
from gridloom.kernel.http.call import Answer
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.pages import PageOf, PageRequest

READ, WRITE = "rel:contacts:read", "rel:contacts:write"
TAGS = ("Organisations", "rel")
TASK_HEADERS = {200: (tasks.HEADER,)}
KEYS = {"id": Key("ids", UUID), "ids": Key("ids", UUID)}


@action(
    "GET", "/rel/organisations", scope=READ, answers={200: RelOrganisation}, lists=PAGED, headers_out=HEADERS,
    name="get_rel_organisations", tags=TAGS,
)  # fmt: skip
async def list_organisations(tx: Tx, page: PageRequest) -> PageOf:
    """List the organisations."""
    return _shown(await parties.page(tx, "organisation", page))


@action(
    "POST", "/rel/search/organisations", scope=READ, answers={200: list[RelOrganisation]}, writes=False,
    headers_out=HEADERS, name="post_rel_search_organisations", tags=("Search", "rel"),
)  # fmt: skip
async def search_organisations(tx: Tx, body: Search, headers: PageHeaders) -> PageOf:
    """Find organisations by their ids (key `ids`, operator `in`)."""
    found = read(body, KEYS)
    return _shown(await parties.page(tx, "organisation", page_of_search(headers, is_narrowed=bool(found)), found))


@action(
    "POST", "/rel/organisations", scope=WRITE, answers={200: RelOrganisation}, headers_out=TASK_HEADERS,
    name="post_rel_organisations", tags=TAGS,
)  # fmt: skip
async def create_organisation(tx: Tx, body: RelOrganisationUpdateModel) -> Answer:
    """Add an organisation. `x-task-id` is the check of its VAT numbers.

    The check digits of each number are checked at once; a number of a country without a rule stays pending.
    """
    if body.name is UNSET:
        raise Invalid(errors=[FieldError("body", ("name",), "This field is required.", "required")])
    _check_email(body)
    found = await incoming.for_organisation(tx, body)
    return await _with_task(
        tx, await parties.create(tx, "organisation", incoming.organisation_fields(body, found, None))
    )


@action(
    "GET", "/rel/organisations/{organisation}", scope=READ, answers={200: RelOrganisation}, faults=(NotFound,),
    name="get_rel_organisations_id", tags=TAGS,
)  # fmt: skip
async def read_organisation(tx: Tx, organisation: UUID, query: VersionQuery) -> RelOrganisation:
    """Read an organisation, or one of its versions. A version stays readable when the organisation was removed."""
    if query.version is UNSET:
        found = await parties.find(tx, "organisation", organisation)
    else:
        found = await parties.at_version(tx, "organisation", organisation, query.version)
    if found is None:
        raise NotFound
    return presenting.organisation(found)


@action(
    "PUT", "/rel/organisations/{organisation}", scope=WRITE, answers={200: RelOrganisation}, faults=(NotFound,),
    headers_out=TASK_HEADERS, name="put_rel_organisations_id", tags=TAGS,
)  # fmt: skip
async def change_organisation(tx: Tx, organisation: UUID, body: RelOrganisationUpdateModel) -> Answer:
    """Change an organisation; what is left out stays. A write that changes nothing makes no version."""
    there = await _there(tx, organisation)
    _check_email(body)
    found = await incoming.for_organisation(tx, body)
    changed = await parties.change(tx, there.id, lambda now: incoming.organisation_fields(body, found, now))
    return await _with_task(tx, changed)


@action(
    "DELETE", "/rel/organisations/{organisation}", scope=WRITE, answers={200: RelOrganisation}, faults=(NotFound,),
    name="delete_rel_organisations_id", tags=TAGS,
)  # fmt: skip
async def remove_organisation(tx: Tx, organisation: UUID) -> RelOrganisation:
    """Remove an organisation, and answer it as it was last. Its versions stay."""
    there = await _there(tx, organisation)
    return presenting.organisation(await parties.remove(tx, there.id))


@action(
    "GET", "/rel/organisations/{organisation}/versions", scope=READ, answers={200: list[RelVersion]},
    faults=(NotFound,), name="get_rel_organisations_id_versions", tags=TAGS,
)  # fmt: skip
async def list_versions(tx: Tx, organisation: UUID) -> list[RelVersion]:
    """List the versions of an organisation, the newest first."""
    found = await parties.versions(tx, "organisation", organisation)
    return [RelVersion(each.id, each.created_at) for each in found]


async def _there(tx: Tx, organisation: UUID) -> Party:
    found = await parties.find(tx, "organisation", organisation)
    if found is None:
        raise NotFound
    return found


async def _with_task(tx: Tx, party: Party) -> Answer:
    shown = presenting.organisation(party)
    checked = msgspec.to_builtins(shown.registrations)
    task = await tasks.finished(tx, "rel.registrations", checked, description="Check of VAT numbers")
    return Answer(shown, headers={tasks.HEADER: str(task)})


def _shown(page: PageOf) -> PageOf:
    page.items = [presenting.organisation(each) for each in page.items]
    return page


def _check_email(body: RelOrganisationUpdateModel) -> None:
    given = body.administration.email if body.administration else None
    if given and not parties.is_email(given):
        raise Invalid("This is no e-mail address.", field="administration.email")
