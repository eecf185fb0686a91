"""Who is told what where: both versions, both ways, and what is refused."""

from typing import Any, ClassVar, get_args

import pytest
from tests.charging.kit import caller_of
from tests.charging.notifications.kit import OLD, ROOT, deliveries, emitted, relayed
from tests.suites.client import Caller, Callers
from tests.suites.resource import ResourceSuite

from gridloom.app import Application
from gridloom.charging.drivers.events import IdTagChanged
from gridloom.charging.gone import Gone
from gridloom.charging.notifications import subscribing
from gridloom.charging.notifications.resources import old_subscriptions, subscriptions
from gridloom.charging.notifications.schemas import Name
from gridloom.kernel.security.sealing import Sealer
from gridloom.kernel.webhooks import is_wanted
from gridloom.kernel.webhooks.formats import discover
from gridloom.kernel.webhooks.kafka import Cluster
from gridloom.kernel.webhooks.subscriptions import disable, open_secret
from gridloom.settings import Settings

HOOK: dict[str, Any] = {
    "via": "webhook", "notifications": ["idTag.changed", "chargePoint.changed"],
    "webhook": {"callbackUrl": "https://partner.example/hook"},
}  # fmt: skip
TOPIC: dict[str, Any] = {
    "via": "kafka", "notifications": ["idTag.changed"], "kafka": {"topic": "charging.news", "brokers": ["kafka.example:9092"]},
}  # fmt: skip
LOGIN = {
    "securityProtocol": "SASL_SSL",
    "saslMechanism": "SCRAM-SHA-512",
    "saslUsername": "me",
    "saslPassword": "hunter2",
}


class TestSubscriptions(ResourceSuite):
    resource = subscriptions
    good: ClassVar = HOOK
    changed: ClassVar = {
        "via": "webhook", "notifications": ["SessionUpdateNotification"], "webhook": {"callbackUrl": "https://other.example/"},
    }  # fmt: skip
    bad: ClassVar = {
        "via": ("mail", None, 1),
        "notifications": ("idTag.changed", ["idTag.changes"], ["PartnerChangedNotification"], None, [1]),
        "webhook": (
            {}, None, {"callbackUrl": "ftp://partner.example"}, {"callbackUrl": "nonsense"}, {"callbackUrl": 1},
            {"callbackUrl": "https://me:secret@partner.example/"}, {"callbackUrl": f"https://partner.example/{'x' * 500}"},
        ),
    }  # fmt: skip


class TestOldSubscriptions(ResourceSuite):
    resource = old_subscriptions
    good: ClassVar = {"notifications": ["idTag.changed"], "callbackUrl": "https://partner.example/hook"}


async def made(caller: Caller, body: dict[str, Any], root: str = ROOT) -> Any:
    answer = await caller.post(root, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"] if root == ROOT else answer.json()


async def kept(caller: Caller, number: int) -> Any:
    async with caller.application.database.tenant(caller.tenant) as tx:
        return await tx.one("SELECT * FROM webhooks.subscription WHERE id = :id", id=number)


def test_there_are_forty_six_names_and_each_that_is_told_is_one_of_them() -> None:
    assert len(get_args(Name)) == len(set(get_args(Name))) == 46
    assert set(discover().known["charging"].notifications) <= set(get_args(Name))


async def test_a_subscription_signs_with_the_token_that_made_it_and_is_paced(caller: Caller) -> None:
    made_ = await made(caller, {**HOOK, "notifications": ["idTag.changed", "idTag.changed"]})
    assert made_ == {"id": made_["id"], **HOOK, "notifications": ["idTag.changed"]}
    row = await kept(caller, made_["id"])
    sealer = caller.application.services.part(Sealer)
    secret = open_secret(sealer, caller.tenant, row["secret"])
    assert f"Bearer {secret}" == caller.client.headers["authorization"]
    assert secret.encode() not in row["secret"]
    assert (row["owner"], row["format"], row["rate_per_s"], row["is_enabled"]) == ("charging", "charging", 50.0, True)


async def test_an_update_keeps_the_key_of_the_one_who_subscribed(callers: Callers, caller: Caller) -> None:
    number = (await made(caller, HOOK))["id"]
    before = (await kept(caller, number))["secret"]
    second = await caller_of(callers)
    answer = await second.put(f"{ROOT}/{number}", json={**HOOK, "notifications": ["evse.changed"]})
    assert answer.json()["data"] == {"id": number, **HOOK, "notifications": ["evse.changed"]}
    assert (await kept(caller, number))["secret"] == before


async def test_the_first_version_shows_the_same_subscriptions_flat(caller: Caller) -> None:
    body = {"notifications": ["evse.changed"], "callbackUrl": "https://partner.example/old"}
    old = await made(caller, body, OLD)
    assert old == {"webhookId": old["webhookId"], **body}
    new = await made(caller, HOOK)
    topic = await made(caller, TOPIC)
    listed = (await caller.get(OLD)).json()
    assert [each["webhookId"] for each in listed["data"]] == [old["webhookId"], new["id"]]
    assert (listed["meta"]["total"], listed["meta"]["current_page"]) == (2, 1)
    walked = (await caller.get(ROOT)).json()
    assert [each["id"] for each in walked["data"]] == [old["webhookId"], new["id"], topic["id"]]
    assert walked["meta"]["next_cursor"] is None
    assert (await caller.get(f"{OLD}/{new['id']}")).json() == {
        "data": {
            "webhookId": new["id"],
            "notifications": HOOK["notifications"],
            "callbackUrl": HOOK["webhook"]["callbackUrl"],
        }
    }
    assert (await caller.get(f"{OLD}/{topic['id']}")).status_code == 404
    changed = {"notifications": ["idTag.changed"], "callbackUrl": "https://partner.example/new"}
    assert (await caller.put(f"{OLD}/{new['id']}", json=changed)).json()["data"] == {"webhookId": new["id"], **changed}
    assert (await caller.delete(f"{OLD}/{new['id']}")).status_code == 204
    assert (await caller.get(f"{ROOT}/{new['id']}")).status_code == 404


async def test_the_list_goes_on_where_its_link_says(caller: Caller) -> None:
    numbers = [(await made(caller, HOOK))["id"] for _ in range(3)]
    answer = await caller.get(ROOT, params={"per_page": "2"})
    assert [each["id"] for each in answer.json()["data"]] == numbers[:2]
    following = await caller.get(answer.json()["links"]["next"])
    assert [each["id"] for each in following.json()["data"]] == numbers[2:]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**HOOK, "webhook": None}, "webhook"),
        ({"via": "webhook", "notifications": []}, "webhook"),
        ({"via": "kafka", "notifications": []}, "kafka"),
        ({**TOPIC, "webhook": HOOK["webhook"]}, "webhook"),
        ({**TOPIC, "kafka": {**TOPIC["kafka"], "brokers": []}}, "kafka.brokers"),
        ({**TOPIC, "kafka": {**TOPIC["kafka"], "brokers": ["kafka.example"]}}, "kafka.brokers.0"),
        ({**TOPIC, "kafka": {**TOPIC["kafka"], "topic": "a b"}}, "kafka.topic"),
        ({**TOPIC, "kafka": {**TOPIC["kafka"], "compressionCodec": "zip"}}, "kafka.compressionCodec"),
        ({**TOPIC, "kafka": {**TOPIC["kafka"], "securityProtocol": "SASL_SSL"}}, "kafka.saslUsername"),
        ({**TOPIC, "kafka": {**TOPIC["kafka"], **LOGIN, "saslPassword": None}}, "kafka.saslPassword"),
    ],
)  # fmt: skip
async def test_a_way_that_is_not_complete_is_refused_by_name(caller: Caller, body: Any, field: str) -> None:
    answer = await caller.post(ROOT, json=body)
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]
    assert (await caller.get(ROOT)).json()["data"] == []


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "[::1]", "10.1.2.3", "169.254.169.254", "192.168.0.9:9092"])
async def test_private_addresses_are_refused_unless_the_installation_allows_them(
    application: Application, caller: Caller, host: str
) -> None:
    body = {**HOOK, "webhook": {"callbackUrl": f"http://{host}/hook"}}
    broker = host if ":" in host.replace("::", "") else f"{host}:9092"
    topic = {**TOPIC, "kafka": {"topic": "t", "brokers": [broker]}}
    old = {"notifications": [], "callbackUrl": f"http://{host}/hook"}
    settings = application.services[Settings]
    application.services[Settings] = Settings(outbound_private=False)
    try:
        for root, sent, field in (
            (ROOT, body, "webhook.callbackUrl"), (ROOT, topic, "kafka.brokers.0"), (OLD, old, "callbackUrl"),
        ):  # fmt: skip
            answer = await caller.post(root, json=sent)
            assert answer.status_code == 422, answer.text
            assert list(answer.json()["errors"]) == [field]
    finally:
        application.services[Settings] = settings
    assert (await caller.get(ROOT)).json()["data"] == []
    assert (await caller.post(ROOT, json=body)).status_code == 201


async def test_a_topic_is_kept_with_its_password_sealed_and_never_shown(caller: Caller) -> None:
    shown = await made(caller, {**TOPIC, "kafka": {**TOPIC["kafka"], **LOGIN, "compressionCodec": "none"}})
    assert shown["kafka"] == {
        **TOPIC["kafka"], "compressionCodec": "none", "securityProtocol": "SASL_SSL", "saslMechanism": "SCRAM-SHA-512",
        "saslUsername": "me",
    }  # fmt: skip
    row = await kept(caller, shown["id"])
    assert row["url"] == "kafka://kafka.example:9092/charging.news"
    sealed = row["attributes"]["kafka"]["password"]
    assert "hunter2" not in sealed
    without = {name: value for name, value in LOGIN.items() if name != "saslPassword"}
    same = {**TOPIC, "kafka": {**TOPIC["kafka"], **without}}
    assert (await caller.put(f"{ROOT}/{shown['id']}", json=same)).status_code == 200
    assert (await kept(caller, shown["id"]))["attributes"]["kafka"]["password"] == sealed
    other = {**TOPIC, "kafka": {**TOPIC["kafka"], **without, "saslUsername": "you"}}
    assert (await caller.put(f"{ROOT}/{shown['id']}", json=other)).status_code == 422
    assert (await kept(caller, shown["id"]))["attributes"]["kafka"]["username"] == "me"
    assert (await caller.put(f"{ROOT}/{shown['id']}", json=HOOK)).json()["data"] == {"id": shown["id"], **HOOK}


async def test_what_a_topic_leaves_out_is_the_usual(caller: Caller) -> None:
    shown = await made(caller, TOPIC)
    assert shown["kafka"] == {
        **TOPIC["kafka"], "compressionCodec": "gzip", "securityProtocol": "PLAINTEXT", "saslMechanism": "PLAIN",
        "saslUsername": None,
    }  # fmt: skip
    row = await kept(caller, shown["id"])
    assert Cluster(**{**row["attributes"]["kafka"], "brokers": ("kafka.example:9092",)}) == Cluster(
        topic="charging.news", brokers=("kafka.example:9092",)
    )


async def test_without_the_library_a_topic_is_refused_with_the_way_to_mend_it(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscribing, "is_installed", lambda: False)
    answer = await caller.post(ROOT, json=TOPIC)
    assert answer.status_code == 422
    assert answer.json()["errors"] == {"via": ["Kafka is not available here: install gridloom[kafka]."]}
    assert (await caller.get(ROOT)).json()["data"] == []


async def test_a_token_of_an_operator_has_subscriptions_of_its_own_and_hears_of_its_own(
    callers: Callers, caller: Caller
) -> None:
    mine, others = await caller_of(callers, operator=7), await caller_of(callers, operator=8)
    number = (await made(mine, {**HOOK, "notifications": ["idTag.changed"]}))["id"]
    everybodys = (await made(caller, {**HOOK, "notifications": ["idTag.changed"]}))["id"]
    assert [each["id"] for each in (await mine.get(ROOT)).json()["data"]] == [number]
    assert (await others.get(f"{ROOT}/{number}")).status_code == 404
    assert (await others.put(f"{ROOT}/{number}", json=HOOK)).status_code == 404
    assert (await others.delete(f"{ROOT}/{number}")).status_code == 404
    await emitted(caller, *[IdTagChanged(id_tag_id=n, action="deleted", gone=Gone(operator_id=n)) for n in (7, 8)])
    await relayed(caller.application.database, caller.tenant)
    found = [(row["subscription_id"], row["entity_id"]) for row in await deliveries(caller)]
    assert sorted(found) == sorted([(number, "7"), (everybodys, "7"), (everybodys, "8")])


async def test_who_may_only_read_neither_subscribes_nor_resends(callers: Callers) -> None:
    reader = await callers.with_scopes("charging", ["charging.notifications:read"])
    assert (await reader.post(ROOT, json=HOOK)).status_code == 403
    assert (await reader.post(OLD, json={"notifications": [], "callbackUrl": "https://a.example"})).status_code == 403
    assert (
        await reader.post("/public-api/actions/notifications/v1.0/1/resend", json={"notifications": []})
    ).status_code == 403


async def test_it_is_known_at_once_whether_somebody_wants_to_hear(caller: Caller, other_tenant: int) -> None:
    database = caller.application.database

    async def wanted(name: str, tenant: int = caller.tenant, format_: str = "charging") -> bool:
        async with database.tenant(tenant) as tx:
            return await is_wanted(tx, format_, name)

    assert not await wanted("idTag.changed")
    number = (await made(caller, HOOK))["id"]
    assert await wanted("idTag.changed")
    assert not await wanted("evse.changed")
    assert not await wanted("idTag.changed", tenant=other_tenant)
    assert not await wanted("idTag.changed", format_="standard")
    await caller.put(f"{ROOT}/{number}", json={**HOOK, "notifications": ["evse.changed"]})
    assert await wanted("evse.changed")
    assert not await wanted("idTag.changed")
    async with database.tenant(caller.tenant) as tx:
        await disable(tx, number, "a test")
    assert not await wanted("evse.changed")
    other = (await made(caller, HOOK))["id"]
    assert await wanted("idTag.changed")
    await caller.delete(f"{ROOT}/{other}")
    assert not await wanted("idTag.changed")
