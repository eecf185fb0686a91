"""Errors in the caller's language."""

from collections.abc import Iterator
from string import Formatter

import pytest
from tests.communities.kit import Community, Person, World, refused

from gridloom.communities.api import api
from gridloom.communities.faults import Refused
from gridloom.communities.texts import LANGUAGES, everything, language
from gridloom.kernel.errors import Fault

ROLE = {
    "en": "Your role does not allow this.", "fr": "Votre rôle ne permet pas cette action.",
    "nl": "Uw rol laat dit niet toe.", "de": "Ihre Rolle erlaubt das nicht.",
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
        assert len({frozenset(name for _, name, *_ in Formatter().parse(text) if name) for text in said.values()}) == 1, key


def _below(kind: type[Fault]) -> Iterator[type[Fault]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


def test_every_refusal_of_this_api_has_a_sentence() -> None:
    faults: set[type[Fault]] = {fault for each in api.operations for fault in each.faults}
    # Those that say a sentence of their own for every case have none as a class.
    ours = [fault for fault in faults | set(_below(Refused)) if hasattr(fault, "number") and not hasattr(fault, "spoken")]
    assert len(ours) > 8
    assert [fault for fault in ours if (getattr(fault, "says", "") or fault.number) not in everything()] == []
