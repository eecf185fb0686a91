"""Currencies."""

import re
from collections import Counter
from typing import Any, ClassVar

import pytest
from sqlalchemy import BigInteger, Column, Integer, MetaData, Table
from sqlalchemy.dialects.postgresql import dialect
from sqlalchemy.schema import CreateTable
from tests.charging.kit import caller_of
from tests.suites.client import Caller, Callers, answers
from tests.suites.resource import ResourceSuite

from gridloom.charging.pricing.currencies import CURRENCIES
from gridloom.charging.pricing.resources import currencies
from gridloom.charging.pricing.tables import in_currency

URL = "/public-api/resources/currencies/v2.0"
POUND = {
    "alphabeticCode": "GBP", "prefix": "£", "suffix": None, "decimal": 2, "unitPriceAndCalculationsDecimal": 5,
    "enableUseOfMinorCurrencyUnit": True, "minorUnitSign": "p",
}  # fmt: skip
OTHERS = ("SEK", "NOK", "DKK", "CHF", "PLN", "CZK", "HUF")


class TestCurrencies(ResourceSuite):
    resource = currencies
    good: ClassVar = POUND
    changed: ClassVar = {
        "alphabeticCode": "GBP",
        "prefix": None,
        "suffix": " pounds",
        "decimal": None,
        "minorUnitSign": None,
    }
    bad: ClassVar = {
        "alphabeticCode": ("EURO", "eur", "", None, 978, "ZZZ"),
        "decimal": (-1, 9, "two", 1.5),
        "unitPriceAndCalculationsDecimal": (-1, 9, "five", 0.5),
        "enableUseOfMinorCurrencyUnit": (None, "yes", 1),
        "prefix": (5, "x" * 33),
        "suffix": (5, "x" * 33),
        "minorUnitSign": (True, "x" * 33),
    }

    async def body_again(self, caller: Caller, number: int) -> dict[str, Any]:
        return {**POUND, "alphabeticCode": OTHERS[number]}


async def test_an_answer_is_bare_and_name_and_number_follow_from_the_code(callers: Callers) -> None:
    caller = await caller_of(callers)
    created = await caller.post(URL, json={"alphabeticCode": "EUR", "name": "ignored", "numericCode": "1"})
    assert created.status_code == 201
    euro = created.json()
    assert euro == {
        "id": euro["id"], "name": "EUR (Euro)", "alphabeticCode": "EUR", "numericCode": "978", "prefix": None,
        "suffix": None, "decimal": None, "unitPriceAndCalculationsDecimal": None, "enableUseOfMinorCurrencyUnit": False,
        "minorUnitSign": None,
    }  # fmt: skip
    assert (await caller.get(f"{URL}/{euro['id']}")).json() == euro
    changed: ClassVar = await caller.patch(f"{URL}/{euro['id']}", json={"alphabeticCode": "EUR", "decimal": 2})
    assert changed.json() == {**euro, "decimal": 2}
    assert (await caller.get(URL)).json()["data"] == [changed.json()]


async def test_a_code_is_there_once(callers: Callers) -> None:
    caller = await caller_of(callers)
    pound = (await caller.post(URL, json=POUND)).json()
    krona = (await caller.post(URL, json={"alphabeticCode": "SEK"})).json()
    refusal = {"message": "The given data was invalid.", "errors": {"alphabeticCode": ["This value is taken already."]}}
    again = await caller.post(URL, json={"alphabeticCode": "GBP"})
    assert (again.status_code, again.json()) == (422, refusal)
    renamed = await caller.patch(f"{URL}/{krona['id']}", json={"alphabeticCode": "GBP"})
    assert (renamed.status_code, renamed.json()) == (422, refusal)
    assert await caller.all(URL) == [pound, krona]


async def test_an_update_has_to_say_the_code(callers: Callers) -> None:
    caller = await caller_of(callers)
    pound = (await caller.post(URL, json=POUND)).json()
    answer = await caller.patch(f"{URL}/{pound['id']}", json={"decimal": 3})
    assert answer.status_code == 422
    assert answer.json()["errors"] == {"alphabeticCode": ["This field is required."]}
    assert (await caller.get(f"{URL}/{pound['id']}")).json() == pound


async def test_an_update_keeps_what_it_leaves_out_and_clears_what_is_null(callers: Callers) -> None:
    caller = await caller_of(callers)
    pound = (await caller.post(URL, json=POUND)).json()
    answer = await caller.patch(f"{URL}/{pound['id']}", json={"alphabeticCode": "GBP", "minorUnitSign": None})
    assert answer.json() == {**pound, "minorUnitSign": None}


async def test_the_currency_of_the_business_keeps_its_code_and_stays(callers: Callers) -> None:
    caller = await caller_of(callers)
    euro = (await caller.post(URL, json={"alphabeticCode": "EUR", "prefix": "€"})).json()
    renamed = await caller.patch(f"{URL}/{euro['id']}", json={"alphabeticCode": "CHF"})
    assert renamed.status_code == 422
    assert list(renamed.json()["errors"]) == ["alphabeticCode"]
    gone = await caller.delete(f"{URL}/{euro['id']}")
    assert gone.status_code == 409
    answers(caller.api, gone, "DELETE", f"{URL}/{{currency}}")
    assert (await caller.get(f"{URL}/{euro['id']}")).json() == euro
    assert (
        await caller.patch(f"{URL}/{euro['id']}", json={"alphabeticCode": "EUR", "prefix": None})
    ).status_code == 200


async def test_another_currency_may_change_its_code(callers: Callers) -> None:
    caller = await caller_of(callers)
    kuna = (await caller.post(URL, json={"alphabeticCode": "HRK"})).json()
    answer = await caller.patch(f"{URL}/{kuna['id']}", json={"alphabeticCode": "BAM"})
    assert (answer.status_code, answer.json()["name"]) == (200, "BAM (Convertible Mark)")


async def test_a_currency_that_another_row_names_stays_as_it_is(callers: Callers) -> None:
    caller = await caller_of(callers)
    pound = (await caller.post(URL, json=POUND)).json()
    paid = Table(
        "paid", MetaData(), Column("tenant_id", Integer), Column("id", BigInteger), *in_currency(), schema="charging"
    )
    async with caller.application.database.system() as tx:
        await tx.run(str(CreateTable(paid).compile(dialect=dialect())))
        await tx.run("INSERT INTO charging.paid VALUES (:tenant, 1, 'GBP')", tenant=caller.tenant)
    try:
        assert (await caller.delete(f"{URL}/{pound['id']}")).status_code == 409
        renamed = await caller.patch(f"{URL}/{pound['id']}", json={"alphabeticCode": "CHF"})
        assert renamed.status_code == 409
        answers(caller.api, renamed, "PATCH", f"{URL}/{{currency}}")
        assert (await caller.get(f"{URL}/{pound['id']}")).json() == pound
    finally:
        async with caller.application.database.system() as tx:
            await tx.run("DROP TABLE charging.paid")
    assert (await caller.delete(f"{URL}/{pound['id']}")).status_code == 204


@pytest.mark.parametrize(
    ("code", "number"), [("EUR", "978"), ("ALL", "008"), ("JPY", "392"), ("HRK", "191"), ("BGN", "975"), ("XXX", "999")]
)
def test_the_list_of_currencies_has_the_numbers_of_the_standard(code: str, number: str) -> None:
    assert CURRENCIES[code].number == number


def test_every_currency_has_a_code_of_three_capitals_a_number_of_three_digits_and_a_name() -> None:
    wrong = [
        code
        for code, each in CURRENCIES.items()
        if code != each.code or not re.fullmatch(r"[A-Z]{3}[0-9]{3}.+", each.code + each.number + each.name)
    ]
    assert wrong == []


def test_only_the_two_guilders_share_a_number() -> None:
    numbers = Counter(each.number for each in CURRENCIES.values())
    shared = [code for code, each in CURRENCIES.items() if numbers[each.number] > 1]
    assert shared == ["ANG", "XCG"]
