"""Users: what every declared resource owes, in both versions."""

from typing import Any, ClassVar

from tests.charging.drivers.kit import EARLIER, GROUPS, LATER, OLD_USERS, USERS, made, read
from tests.charging.kit import caller_of
from tests.suites.client import Caller, Callers
from tests.suites.resource import ResourceSuite

from gridloom.charging.drivers.resources import old_users, users

USER: dict[str, Any] = {
    "operatorId": 7, "email": "Ada@Example.org", "emailVerified": "2026-01-05T10:00:00Z", "password": "correct horse",
    "requirePasswordReset": True, "first_name": "Ada", "middle_name": "Maria", "last_name": "Peeters",
    "phone": "+32470123456", "country": "BE", "city": "Gent", "post_code": "9000", "address": "Kerkstraat 12A",
    "vehicle_no": "1-ABC-123", "personal_id": "X-1", "company_name": "Peeters BV", "locale": "nl", "externalId": "crm-7",
    "options": {"sessionsAllowed": "simultaneous_use_of_idtags"}, "receiveNewsAndPromotions": True,
    "skipPreAuthorization": True, "skipUnpaidSessionCheck": True,
    "bankDetails": {"bankIban": "BE68539007547034", "bankName": "B"},
    "externalAppData": {"externalCustomerId": "cus_1"}, "nonce": "once", "partnerId": 5,
}  # fmt: skip
TEXTS: tuple[Any, ...] = (5, None, "x" * 256, "a\x00b")


class TestUsers(ResourceSuite):
    resource = users
    good: ClassVar = USER
    changed: ClassVar = {
        "email": "ada@other.example", "emailVerified": None, "requirePasswordReset": False, "locale": "fr",
        "externalId": None, "options": {"sessionsAllowed": "single_session"}, "receiveNewsAndPromotions": False,
        "skipPreAuthorization": False, "skipUnpaidSessionCheck": False, "userGroupIds": [],
    }  # fmt: skip
    hidden: ClassVar = ("externalAppData",)
    bad: ClassVar = {
        "operatorId": (0, "x", None),
        "email": ("", "ada", "@", "a b@c", None, 5, "x" * 320 + "@x"),
        "emailVerified": ("yes", True),
        "password": ("", "12345", None, 123456, "x" * 1025),
        "requirePasswordReset": ("yes", None),
        "first_name": TEXTS,
        "middle_name": TEXTS,
        "last_name": TEXTS,
        "phone": (5, None, "1" * 65),
        "country": ("Belgium", "be", None, ""),
        "state": ("ZZ", 5),
        "city": TEXTS,
        "post_code": TEXTS,
        "address": TEXTS,
        "vehicle_no": TEXTS,
        "personal_id": TEXTS,
        "company_name": (5, "x" * 256),
        "locale": ("xx", 5),
        "userGroupIds": (None, "5", [0], ["x"], [987654321]),
        "externalId": (5, "x" * 256),
        "options": (None, [], {"sessionsAllowed": "all"}),
        "receiveNewsAndPromotions": (None, 1),
        "bankDetails": (None, [], {"bankIban": 5}),
        "externalAppData": ([], {"externalCustomerId": 5}),
        "partnerId": (0, "x"),
    }
    filtered: ClassVar = {
        "operatorId": (7, 8),
        "userGroupId": (lambda row: row["userGroupIds"][0], 987654321),
        "partnerId": (5, 6),
        "externalId": ("crm-7", "crm-8"),
        "email": ("aDA@example.ORG", "ada@example"),
        "externalAppData": ("cus_1", "cus_2"),
        "externalAppData.externalCustomerId": ("cus_1", "cus_2"),
        "lastUpdatedAfter": (EARLIER, LATER),
        "lastUpdatedBefore": (LATER, EARLIER),
        "lastActivityBefore": (LATER, EARLIER),
        "invoiceDetailsLastUpdatedAfter": (EARLIER, LATER),
        "invoiceDetailsLastUpdatedBefore": (LATER, EARLIER),
        "createdAfter": (EARLIER, LATER),
        "createdBefore": (LATER, EARLIER),
    }

    async def body(self, caller: Caller) -> dict[str, Any]:
        groups = await caller.all(GROUPS)
        group = groups[0] if groups else await made(caller, GROUPS, {"operatorId": 7, "name": "Fleet"})
        return {**self.good, "userGroupIds": [group["id"]]}

    async def body_again(self, caller: Caller, number: int) -> dict[str, Any]:
        return {**await self.body(caller), "email": f"user{number}@example.org"}

    async def create(self, caller: Caller, **changes: Any) -> dict[str, Any]:
        row = await super().create(caller, **changes)
        body = {"requireInvoice": True, "invoiceType": "individual"}
        assert (await caller.post(f"{OLD_USERS}/{row['id']}/invoice-details", json=body)).status_code == 200
        return row


class TestOldUsers(TestUsers):
    resource = old_users


async def test_a_user_is_shown_with_everything_but_the_password(callers: Callers) -> None:
    caller = await caller_of(callers)
    user = await made(caller, USERS, USER)
    assert user == {
        "id": str(int(user["id"])), "operatorId": 7, "email": "Ada@Example.org", "emailVerified": "2026-01-05T10:00:00Z",
        "requirePasswordReset": True, "firstName": "Ada", "middleName": "Maria", "lastName": "Peeters",
        "phone": "+32470123456", "country": "BE", "state": None, "city": "Gent", "postCode": "9000",
        "address": "Kerkstraat 12A", "vehicleNo": "1-ABC-123", "personalId": "X-1", "companyName": "Peeters BV",
        "locale": "nl", "balance": 0, "status": "enabled", "userGroupIds": [], "externalId": "crm-7", "subscriptionId": None,
        "options": {"sessionsAllowed": "simultaneous_use_of_idtags"}, "lastUpdatedAt": user["lastUpdatedAt"],
        "createdAt": user["createdAt"], "lastActivityAt": user["lastActivityAt"], "lastActivitySource": "registration",
        "createdBy": user["createdBy"], "receiveNewsAndPromotions": True, "skipPreAuthorization": True,
        "skipUnpaidSessionCheck": True, "bankDetails": {"bankIban": "BE68539007547034", "bankName": "B"},
    }  # fmt: skip
    assert await read(caller, USERS, user["id"]) == user
    assert await read(caller, OLD_USERS, user["id"]) == user
    assert await caller.all(USERS) == await caller.all(OLD_USERS) == [user]


async def test_a_user_of_whom_nothing_is_known(callers: Callers) -> None:
    caller = await caller_of(callers, operator=7)
    user = await made(caller, USERS, {"email": "plain@example.org", "password": "secret"})
    assert "personalId" not in user
    assert {name for name, value in user.items() if value is None} == {
        "emailVerified", "firstName", "middleName", "lastName", "phone", "country", "state", "city", "postCode", "address",
        "vehicleNo", "companyName", "locale", "externalId", "subscriptionId",
    }  # fmt: skip
    assert (user["operatorId"], user["bankDetails"], user["userGroupIds"]) == (7, {}, [])
    assert user["options"] == {"sessionsAllowed": "single_session"}


async def test_what_can_be_included(callers: Callers) -> None:
    caller = await caller_of(callers)
    user = await made(caller, USERS, USER)
    plain = await made(caller, USERS, {"operatorId": 7, "email": "b@example.org", "password": "secret"})
    everything = [("include[]", name) for name in ("partnerInvites", "externalAppData", "invoiceDetails")]
    rows = (await caller.get(USERS, params=everything)).json()["data"]
    assert rows == [
        {**user, "partnerInvites": [], "externalAppData": {"externalCustomerId": "cus_1"}, "invoiceDetails": None},
        {**plain, "partnerInvites": [], "externalAppData": None, "invoiceDetails": None},
    ]
    details = {"requireInvoice": True, "invoiceType": "company", "companyName": "Peeters BV"}
    saved = (await caller.post(f"{OLD_USERS}/{user['id']}/invoice-details", json=details)).json()
    changed = await caller.patch(f"{USERS}/{user['id']}", params={"include[]": "invoiceDetails"}, json={"city": "Gent"})
    assert changed.json()["data"]["invoiceDetails"] == saved


async def test_the_amount_due_is_shown_where_it_is_asked_for(callers: Callers) -> None:
    caller = await caller_of(callers)
    user = await made(caller, USERS, USER)
    assert await read(caller, USERS, user["id"], withAmountDue="true") == {**user, "amountDue": 0}
    assert await read(caller, OLD_USERS, user["id"], withAmountDue="1") == {**user, "amountDue": 0}
    assert await read(caller, USERS, user["id"], withAmountDue="false") == user
    answer = await caller.get(f"{USERS}/{user['id']}", params={"withAmountDue": "perhaps"})
    assert (answer.status_code, "withAmountDue" in answer.text) == (422, True)
