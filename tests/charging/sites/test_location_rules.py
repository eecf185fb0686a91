"""What holds of a location as a whole, and what an update does to what it does not name."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.charging.kit import caller_of
from tests.charging.sites.kit import HOURS, PLAIN, SITE, URL, change, make, refused, stored
from tests.suites.client import Callers

from gridloom.charging.places import COUNTRIES, STATES
from gridloom.charging.sites import rules

TERMINAL_ONLY = ["EMV_CHIP_TERMINAL"]


async def test_a_location_with_the_least_has_these_defaults(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await make(caller)
    assert made == {
        **PLAIN,
        "id": made["id"], "externalId": None, "status": "enabled", "description": [], "shortDescription": [],
        "additionalDescription": [], "streetAddress": [], "city": None, "region": None, "postCode": None, "timezone": None,
        "workingHours": {"isAlwaysOpen": True}, "isRoaming": False, "roamingOperatorId": None, "tags": [],
        "createdAt": made["createdAt"], "lastUpdatedAt": made["createdAt"],
    }  # fmt: skip
    assert await stored(caller, made) == made


async def test_what_is_not_known_is_left_out_and_what_is_surely_empty_is_shown(callers: Callers) -> None:
    caller = await caller_of(callers)
    names = ("accessMethods", "facilities", "paymentOptions", "acceptedPaymentBrands")
    made = await make(caller, **dict.fromkeys((*names, "parkingType"), None))
    assert not {*names, "parkingType", "state", "roaming"} & made.keys()
    emptied = await change(caller, made, **{name: [] for name in names[:3]}, parkingType="ON_STREET")
    assert [emptied[name] for name in names[:3]] == [[], [], []]
    assert emptied["parkingType"] == "ON_STREET"
    cleared = await change(caller, made, **dict.fromkeys((*names, "parkingType"), None))
    assert not {*names, "parkingType"} & cleared.keys()


async def test_an_update_keeps_what_it_leaves_out_and_clears_what_is_null(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = (await caller.post(URL, json=SITE)).json()["data"]
    changed = await change(caller, made, city=None, postCode=None, timezone=None, externalId=None, parkingType=None)
    expected = {**made, "city": None, "postCode": None, "timezone": None, "externalId": None}
    del expected["parkingType"]
    assert changed == {**expected, "lastUpdatedAt": changed["lastUpdatedAt"]}
    assert changed["lastUpdatedAt"] > made["lastUpdatedAt"]
    assert changed["createdAt"] == made["createdAt"]


async def test_lists_are_replaced_and_hold_nothing_twice(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await make(
        caller, tags=["b", "a", "b"], facilities=["WIFI", "CAFE", "WIFI"], accessMethods=["OPEN", "OPEN"],
        paymentOptions=["CASH_PAYMENT", *TERMINAL_ONLY, "CASH_PAYMENT"], acceptedPaymentBrands=["AMEX", "AMEX"],
    )  # fmt: skip
    assert made["tags"] == ["b", "a"]
    assert made["facilities"] == ["WIFI", "CAFE"]
    assert made["accessMethods"] == ["OPEN"]
    assert made["paymentOptions"] == ["CASH_PAYMENT", "EMV_CHIP_TERMINAL"]
    assert made["acceptedPaymentBrands"] == ["AMEX"]
    changed = await change(caller, made, tags=["c", "c"], facilities=["CAFE"])
    assert (changed["tags"], changed["facilities"]) == (["c"], ["CAFE"])


async def test_languages_that_an_update_leaves_out_are_gone(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = (await caller.post(URL, json=SITE)).json()["data"]
    dutch = [{"locale": "nl", "translation": "Gemeentehuis"}]
    changed = await change(caller, made, name=dutch)
    assert changed["name"] == dutch
    assert changed["address"] == made["address"]


async def test_brands_are_kept_only_beside_a_terminal(callers: Callers) -> None:
    caller = await caller_of(callers)
    assert "acceptedPaymentBrands" not in await make(caller, acceptedPaymentBrands=["VISA"])
    without = await make(caller, paymentOptions=["CASH_PAYMENT"], acceptedPaymentBrands=["VISA"])
    assert "acceptedPaymentBrands" not in without
    assert "acceptedPaymentBrands" not in await change(caller, without, acceptedPaymentBrands=["VISA"])
    beside = await change(caller, without, paymentOptions=["NFC_CONTACTLESS_TERMINAL"], acceptedPaymentBrands=["VISA"])
    assert beside["acceptedPaymentBrands"] == ["VISA"]
    assert (await change(caller, without, acceptedPaymentBrands=[]))["acceptedPaymentBrands"] == []
    assert (await change(caller, without, acceptedPaymentBrands=["AMEX"]))["acceptedPaymentBrands"] == ["AMEX"]
    assert (await change(caller, without, city="Gent"))["acceptedPaymentBrands"] == ["AMEX"]
    assert "acceptedPaymentBrands" not in await change(caller, without, paymentOptions=["WEB_PAYMENT"])
    back = await change(caller, without, paymentOptions=TERMINAL_ONLY)
    assert "acceptedPaymentBrands" not in back


async def test_working_hours_are_merged_by_key_and_their_days_replaced(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = (await caller.post(URL, json=SITE)).json()["data"]
    friday = {"friday": [{"start": "00:00", "end": "23:59"}]}
    changed = await change(caller, made, workingHours={"hours": friday, "stopSessionOutsideWorkingHours": True})
    assert changed["workingHours"] == {
        **SITE["workingHours"], "hours": friday, "stopSessionOutsideWorkingHours": True,
    }  # fmt: skip


async def test_a_location_that_is_not_always_open_has_hours(callers: Callers) -> None:
    caller = await caller_of(callers)
    needed = {"workingHours.hours": ["A location that is not always open has hours."]}
    answer = await caller.post(URL, json={**PLAIN, "workingHours": {"isAlwaysOpen": False}})
    assert (answer.status_code, answer.json()["errors"]) == (422, needed)
    assert await caller.all(URL) == []
    made = await make(caller)
    assert await refused(caller, made, workingHours={"isAlwaysOpen": False}) == needed
    opened = await change(caller, made, workingHours={"isAlwaysOpen": False, "hours": HOURS})
    assert opened["workingHours"] == {"isAlwaysOpen": False, "hours": HOURS}
    assert await refused(caller, made, workingHours={"hours": None}) == needed


async def test_hours_of_a_location_that_is_always_open_are_not_kept(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await make(caller, workingHours={"isAlwaysOpen": True, "hours": HOURS})
    assert made["workingHours"] == {"isAlwaysOpen": True}


async def test_who_gives_hours_alone_means_that_it_is_not_always_open(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await make(caller, workingHours={"hours": HOURS, "alwaysOpenForUserGroupIds": [4, 2, 4]})
    assert made["workingHours"] == {"isAlwaysOpen": False, "hours": HOURS, "alwaysOpenForUserGroupIds": [4, 2]}


async def test_each_wrong_interval_is_named(callers: Callers) -> None:
    caller = await caller_of(callers)
    backwards = [{"start": "08:00", "end": "12:00"}, {"start": "14:00", "end": "13:59"}]
    hours = {"tuesday": backwards, "sunday": [{"start": "10:00", "end": "10:00"}]}
    answer = await caller.post(URL, json={**PLAIN, "workingHours": {"hours": hours}})
    wrong = ["The end must be after the start."]
    assert answer.status_code == 422
    assert answer.json()["errors"] == {
        "workingHours.hours.tuesday.1.end": wrong, "workingHours.hours.sunday.0.end": wrong,
    }  # fmt: skip


async def test_every_wrong_field_of_a_location_is_named_at_once(callers: Callers) -> None:
    caller = await caller_of(callers)
    body = {**PLAIN, "state": "CA", "timezone": "Europe/Atlantis", "workingHours": {"isAlwaysOpen": False}}
    answer = await caller.post(URL, json=body)
    assert answer.status_code == 422
    assert sorted(answer.json()["errors"]) == ["state", "timezone", "workingHours.hours"]
    assert await caller.all(URL) == []


@pytest.mark.parametrize(
    ("country", "state"), [("US", "TX"), ("AU", "NSW"), ("CA", "QC"), ("UM", "81"), ("RO", "B"), ("RO", "CJ")]
)
async def test_a_state_of_its_country_is_kept(callers: Callers, country: str, state: str) -> None:
    caller = await caller_of(callers)
    assert (await make(caller, country=country, state=state))["state"] == state


@pytest.mark.parametrize(("country", "state"), [("BE", "TX"), ("US", "NSW"), ("AU", "CA"), ("RO", "US")])
async def test_a_state_of_another_country_is_refused(callers: Callers, country: str, state: str) -> None:
    caller = await caller_of(callers)
    answer = await caller.post(URL, json={**PLAIN, "country": country, "state": state})
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["state"]
    assert await caller.all(URL) == []


async def test_a_state_is_held_against_the_country_that_stands(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await make(caller, country="US", state="CA")
    assert list(await refused(caller, made, state="NSW")) == ["state"]
    assert (await change(caller, made, state="WA"))["state"] == "WA"
    assert (await change(caller, made, country="AU"))["state"] == "WA"  # which is Western Australia there
    assert (await change(caller, made, country="AU", state="NSW"))["state"] == "NSW"
    assert "state" not in await change(caller, made, country="DE")
    assert "state" not in await change(caller, await make(caller, country="US", state="CA"), state=None)


async def test_a_number_of_ones_own_is_there_once_an_operator(callers: Callers) -> None:
    caller = await caller_of(callers)
    first, second = await make(caller, externalId="a"), await make(caller, externalId="b")
    taken = {"message": "The given data was invalid.", "errors": {"externalId": ["This value is taken already."]}}
    again = await caller.post(URL, json={**PLAIN, "externalId": "a"})
    assert (again.status_code, again.json()) == (422, taken)
    assert await refused(caller, second, externalId="a") == taken["errors"]
    assert (await make(caller, externalId="a", operatorId=8))["operatorId"] == 8
    assert (await change(caller, first, externalId=""))["externalId"] is None
    assert (await change(caller, second, externalId="a"))["externalId"] == "a"
    assert [(await make(caller, externalId=empty))["externalId"] for empty in ("", None)] == [None, None]


async def test_what_only_the_server_says_is_ignored_in_a_body(callers: Callers) -> None:
    caller = await caller_of(callers)
    given: dict[str, Any] = {
        "id": "abc", "isRoaming": True, "roamingOperatorId": 5, "createdAt": 1, "lastUpdatedAt": None, "partnerIds": [3],
        "images": [{"original": "http://x"}], "roaming": {"owner": {"name": "x"}},
    }  # fmt: skip
    made = await make(caller, **given)
    assert (made["isRoaming"], made["roamingOperatorId"]) == (False, None)
    changed = await change(caller, made, operatorId=99, **given)
    assert changed == {**made, "lastUpdatedAt": changed["lastUpdatedAt"]}


async def test_external_app_data_is_any_object_and_an_update_replaces_it(callers: Callers) -> None:
    caller = await caller_of(callers)
    include = {"include[]": "externalAppData"}
    made = await make(caller, externalAppData={"a": {"b": [1, None, "ü"]}, "": {}})
    assert "externalAppData" not in made
    assert (await stored(caller, made, **include))["externalAppData"] == {"a": {"b": [1, None, "ü"]}, "": {}}
    await change(caller, made, externalAppData={"c": 1})
    assert (await stored(caller, made, **include))["externalAppData"] == {"c": 1}
    await change(caller, made, externalAppData=None)
    assert (await stored(caller, made, **include))["externalAppData"] is None


def merged(columns: dict[str, Any], stored_row: dict[str, Any] | None) -> dict[str, Any]:
    """The columns as the rules complete them."""
    coroutine = rules.complete_location(None, columns, stored_row)  # type: ignore[arg-type]
    with pytest.raises(StopIteration):
        coroutine.send(None)
    return {**(stored_row or {}), **columns}


options = st.none() | st.lists(st.sampled_from(["EMV_CHIP_TERMINAL", "NFC_CONTACTLESS_TERMINAL", "CASH_PAYMENT"]))
brands = st.none() | st.lists(st.sampled_from(["VISA", "AMEX"]))
payment = st.fixed_dictionaries({}, optional={"payment_options": options, "accepted_payment_brands": brands})


@given(first=payment, then=st.lists(payment, max_size=4))
def test_whatever_is_said_brands_never_stand_without_a_terminal(
    first: dict[str, Any], then: list[dict[str, Any]]
) -> None:
    row = merged({"country": "BE", **first}, None)
    for step in then:
        row = merged(dict(step), row)
        terminal = rules.TERMINALS & set(row.get("payment_options") or ())
        assert terminal or row.get("accepted_payment_brands") is None


places = st.sampled_from(["US", "AU", "CA", "BE"]).flatmap(
    lambda country: st.tuples(st.just(country), st.none() | st.sampled_from(STATES.get(country, ("",))))
)


@given(first=places, then=st.lists(st.sampled_from(COUNTRIES), max_size=4))
def test_whichever_country_it_moves_to_a_state_never_stands_in_another_country(
    first: tuple[str, str | None], then: list[str]
) -> None:
    row = merged({"country": first[0], "state": first[1] or None}, None)
    for country in then:
        row = merged({"country": country}, row)
        assert row["state"] is None or row["state"] in STATES[country]
