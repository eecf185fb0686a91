"""Drivers and tags as other parts look them up."""

from datetime import UTC, datetime

import pytest
from tests.charging.drivers.kit import GROUPS, TAGS, USERS, made
from tests.charging.kit import caller_of
from tests.suites.client import Callers

from gridloom.charging.drivers import public as drivers

TAG = {
    "operatorId": 7,
    "idTagUid": "04:A2:3B:9C",
    "status": "suspended",
    "type": "rfid",
    "expireAt": "2030-01-31T10:00:00Z",
}
USER = {"operatorId": 7, "email": "ada@example.org", "password": "secret", "skipPreAuthorization": True, "partnerId": 5}


@pytest.mark.parametrize("uid", ["04:A2:3B:9C", "04a23b9c", "04-A2-3B-9C "])
async def test_a_tag_is_found_however_it_is_written(callers: Callers, uid: str) -> None:
    caller = await caller_of(callers)
    group = await made(caller, GROUPS, {"operatorId": 7, "name": "Fleet"})
    user = await made(caller, USERS, {**USER, "userGroupIds": [group["id"]]})
    tag = await made(caller, TAGS, {**TAG, "userId": int(user["id"]), "paymentMethodId": "auto"})
    async with caller.application.database.tenant(caller.tenant, read_only=True) as tx:
        found = await drivers.id_tag(tx, uid)
        assert found == drivers.KnownTag(
            id=tag["id"], operator_id=7, uid="04:A2:3B:9C", type="rfid", status="suspended",
            expire_at=datetime(2030, 1, 31, 10, tzinfo=UTC), payment_method_id="auto",
            driver=drivers.Driver(
                id=int(user["id"]), operator_id=7, status="enabled", sessions_allowed="single_session",
                skips_pre_authorization=True, skips_unpaid_session_check=False, partner_id=5, group_ids=(group["id"],),
            ),
        )  # fmt: skip
        assert found is not None
        assert await drivers.driver(tx, int(user["id"])) == found.driver


async def test_a_tag_that_nobody_has_and_one_that_is_not_there(callers: Callers) -> None:
    caller, other = await caller_of(callers), await callers.with_scopes("charging", ["*"], callers._other)
    await made(caller, TAGS, TAG)
    async with caller.application.database.tenant(caller.tenant) as tx:
        found = await drivers.id_tag(tx, "04A23B9C")
        assert found is not None
        assert found.driver is None
        assert await drivers.id_tag(tx, "9C3BA204") is None
        assert await drivers.driver(tx, 987654321) is None
    async with caller.application.database.tenant(other.tenant) as tx:
        assert await drivers.id_tag(tx, "04A23B9C") is None


async def test_the_operator_says_which_of_two_equal_tags_is_meant(callers: Callers) -> None:
    caller = await caller_of(callers)
    seven, eight = [await made(caller, TAGS, {**TAG, "operatorId": number}) for number in (7, 8)]
    async with caller.application.database.tenant(caller.tenant) as tx:
        found = [await drivers.id_tag(tx, "04A23B9C", operator_id=number) for number in (None, 7, 8, 9)]
    assert [each and each.id for each in found] == [seven["id"], seven["id"], eight["id"], None]


async def test_a_deleted_driver_is_none_and_the_tag_opens_nothing(callers: Callers) -> None:
    caller = await caller_of(callers)
    user = await made(caller, USERS, USER)
    await made(caller, TAGS, {**TAG, "status": "enabled", "userId": int(user["id"])})
    at = datetime(2026, 3, 1, tzinfo=UTC)
    async with caller.application.database.tenant(caller.tenant) as tx:
        assert drivers.may_charge(await drivers.id_tag(tx, "04A23B9C"), at) is None
    assert (await caller.delete(f"{USERS}/{user['id']}")).status_code == 204
    async with caller.application.database.tenant(caller.tenant) as tx:
        assert await drivers.driver(tx, int(user["id"])) is None
        assert drivers.may_charge(await drivers.id_tag(tx, "04A23B9C"), at) == "id_tag_without_user"
