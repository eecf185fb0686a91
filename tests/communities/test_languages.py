"""Errors in the caller's language."""

from collections.abc import Iterator
from string import Formatter
from types import SimpleNamespace
from typing import Any, Literal, cast

import msgspec
import pytest
from tests.communities.kit import Community, Person, World, refused

from gridloom.communities.api import api
from gridloom.communities.faults import Refused
from gridloom.communities.numbers import broken_rule
from gridloom.communities.texts import LANGUAGES, everything, language
from gridloom.communities.texts import said as sentence
from gridloom.kernel.errors import Fault, Invalid
from gridloom.kernel.http.validation import convert

ROLE = {
    "en": "Your role does not allow this: it takes MANAGER, and you are MEMBER here.",
    "fr": "Votre rôle ne permet pas cette action : il faut être MANAGER, et vous êtes MEMBER ici.",
    "nl": "Uw rol laat dit niet toe: MANAGER is nodig, en u bent hier MEMBER.",
    "de": "Ihre Rolle erlaubt das nicht: Nötig ist MANAGER, und Sie sind hier MEMBER.",
}  # fmt: skip


@pytest.mark.parametrize("speech", LANGUAGES)
async def test_an_error_is_told_in_the_language_that_was_asked_for(street: Community, speech: str) -> None:
    member = await street.add("MEMBER")
    headers = {"accept-language": f"{speech}-BE,en;q=0.5"}
    body = refused(await member.call("GET", "/communities/users", street, headers=headers), 403, 4)
    assert body["data"] == ROLE[speech]


async def test_a_wrong_field_is_told_in_the_language_that_was_asked_for(ada: Person) -> None:
    answer = await ada.call("POST", "/communities/", json={"name": ""}, headers={"accept-language": "de"})
    assert refused(answer, 422, 5008)["data"] == "name: darf nicht leer sein"


async def test_an_address_that_does_not_exist_is_told_so(world: World) -> None:
    answer = await world.client.get("/communities/nowhere/at/all", headers={"accept-language": "nl"})
    assert refused(answer, 404, 1)["data"] == "Er is niets op dit adres."
    answer = await world.client.post("/communities/users", headers={"accept-language": "fr"})
    assert refused(answer, 405, 1)["data"] == "Cette adresse ne connaît pas cette méthode."


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("", "en"), ("*", "en"), ("es", "en"), ("FR", "fr"), ("fr-CH, de;q=0.9", "fr"), ("de;q=0.3, nl;q=0.8", "nl"),
        ("es, de;q=0.1", "de"), ("fr;q=0, nl;q=0.2", "nl"), ("fr;q=x, de", "de"), ("de,nl", "de"), (",;,", "en"),
    ],
)  # fmt: skip
def test_the_best_of_our_languages_is_chosen(header: str, chosen: str) -> None:
    assert language(header) == chosen


def test_every_sentence_is_there_in_every_language() -> None:
    for key, said in everything().items():
        assert tuple(said) == LANGUAGES, key
        assert all(said.values()), key
        # What is filled in is the same whatever the language.
        assert (
            len({frozenset(name for _, name, *_ in Formatter().parse(text) if name) for text in said.values()}) == 1
        ), key


def _below(kind: type[Fault]) -> Iterator[type[Fault]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


def test_every_refusal_of_this_api_has_a_sentence() -> None:
    faults: set[type[Fault]] = {fault for each in api.operations for fault in each.faults}
    # Those that say a sentence of their own for every case have none as a class.
    ours = [
        fault for fault in faults | set(_below(Refused)) if hasattr(fault, "number") and not hasattr(fault, "spoken")
    ]
    assert len(ours) > 8
    assert [fault for fault in ours if (getattr(fault, "says", "") or fault.number) not in everything()] == []


async def test_a_request_without_a_community_is_told_what_to_send(ada: Person) -> None:
    told = refused(await ada.call("GET", "/members/"), 400, 5)["data"]
    assert told == "The request does not say which community it is about. Send the header `x-community-id`."


async def test_a_community_that_is_none_of_the_callers_is_told_with_what_to_send(
    street: Community, ada: Person
) -> None:
    told = (
        "You do not belong to this community: `x-community-id` takes the `auth_community_id` of "
        "GET /communities/my-communities"
    )
    assert refused(await ada.call("GET", "/members/", "nobody"), 401, 5)["data"] == f"{told}."
    by_number = refused(await ada.call("GET", "/members/", str(street.id)), 401, 5)["data"]
    assert by_number == f"{told}, and {street.id} looks like the number (`id`)."


async def test_who_appoints_above_the_own_role_is_told_which_one_it_takes(street: Community) -> None:
    manager, member = await street.add("MANAGER"), await street.add("MEMBER")
    change = {"id_user": await member.profile(), "new_role": "ADMIN"}
    told = refused(await manager.call("PATCH", "/communities/", street, json=change), 403, 4)["data"]
    assert told == "Your role does not allow this: it takes ADMIN, and you are MANAGER here."


METER: dict[str, Any] = {
    "EAN": "541448820000000011", "meter_number": "N", "tarif_group": 1, "phases_number": 1, "reading_frequency": 1,
    "address": {"street": "Kerkstraat", "number": 1, "city": "Gent", "postcode": "9000"},
    "initial_data": {"start_date": "2026-03-01", "status": 1, "rate": 1, "client_type": 1},
}  # fmt: skip


@pytest.mark.parametrize(
    ("part", "change", "told"),
    [
        ("initial_data", {"start_date": "01/03/2026"}, "start_date: must be a date such as 2026-03-01"),
        ("initial_data", {"start_date": 5}, "start_date: must be a date such as 2026-03-01"),
        ("initial_data", {"grd": 5}, "grd: must be text"),
        ("initial_data", {"member_id": "x"}, "member_id: must be a whole number"),
        ("initial_data", {"amperage": "x"}, "amperage: must be a number"),
        ("initial_data", {"amperage": -1}, "amperage: must be 0 or more"),
        ("initial_data", {"rate": 9}, "rate: must be 1 (single), 2 (day and night) or 3 (night only)"),
        ("address", {"street": 5}, "street: must be text"),
        ("address", {"city": "x" * 300}, "city: is too long"),
    ],
)  # fmt: skip
async def test_a_wrong_field_inside_an_object_is_told_as_any_other(
    street: Community, ada: Person, part: str, change: dict[str, Any], told: str
) -> None:
    body = METER | {part: {**METER[part], **change}}
    before = await street.everything()
    answer = await ada.call("POST", "/meters/", street, json=body)
    assert refused(answer, 422, 1)["data"] == f"{part}.{told}"
    assert await street.everything() == before


async def test_an_object_and_a_date_are_told_in_the_callers_language(street: Community, ada: Person) -> None:
    headers = {"accept-language": "fr"}
    body = METER | {"address": "Kerkstraat", "initial_data": {**METER["initial_data"], "start_date": "x"}}
    answer = await ada.call("POST", "/meters/", street, json=body, headers=headers)
    assert refused(answer, 422, 1)["data"] == (
        "address: doit être un objet; initial_data.start_date: doit être une date, par exemple 2026-03-01"
    )


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/settlements/{id}/download?format=pdf", "format: must be csv, xlsx or parquet"),
        ("/members/?member_type=3", "member_type: must be 1 (individual) or 2 (company)"),
        ("/members/?status=x", "status: must be 1 (active), 2 (inactive) or 3 (pending)"),
        ("/members/?sort_name=UP", "sort_name: must be ASC or DESC"),
        ("/meters/?status=9",
         "status: must be 1 (active), 2 (inactive), 3 (waiting for the grid operator) or 4 (waiting for a manager)"),
    ],
)  # fmt: skip
async def test_a_value_that_is_none_of_a_few_is_told_all_of_them(
    street: Community, ada: Person, path: str, told: str
) -> None:
    template = path.partition("?")[0]
    answer = await ada.call("GET", path.replace("{id}", "1"), street, template=template)
    assert (answer.status_code, answer.json()["data"]) == (422, told)


class Colours(msgspec.Struct):
    """A body with a closed set that has no sentence of its own."""

    colour: Literal["red", "green"]


@pytest.mark.parametrize(("speech", "told"), [
    ("en", "must be one of: red, green"), ("fr", "doit être l'une de ces valeurs : red, green"),
    ("nl", "moet een van deze waarden zijn: red, green"), ("de", "muss einer dieser Werte sein: red, green"),
])  # fmt: skip
def test_a_closed_set_without_a_sentence_of_its_own_names_its_values(speech: str, told: str) -> None:
    with pytest.raises(Invalid) as caught:
        convert({"colour": "blue"}, Colours, where="body", strict=True)
    given = SimpleNamespace(inputs={"body": Colours})
    rule = broken_rule(caught.value.errors[0], cast("Any", given), [])
    assert (rule.number, sentence(rule.says or "", speech, rule.words)) == (1, told)


def test_french_says_what_is_not_there_the_usual_way() -> None:
    assert [key for key, texts in everything().items() if "de tel" in texts["fr"]] == []
    assert everything()["no_such_member"]["fr"] == "Ce membre n'existe pas dans cette communauté."
    assert everything()[60004]["fr"] == "Ce compteur n'existe pas dans cette communauté."
