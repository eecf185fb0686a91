"""The way of a message: signed headers, attempts by the schedule, the list of those given up, and sending them again."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.charging.kit import caller_of
from tests.charging.notifications.kit import (
    ROOT,
    deliveries,
    emitted,
    is_signed,
    long_after,
    relayed,
    sent,
    subscribed,
    token_of,
    told,
)
from tests.kernel.webhooks.partner import Partner, answering
from tests.kernel.webhooks.test_kafka import Making
from tests.suites.client import Caller, Callers

from gridloom.charging.drivers.events import IdTagChanged
from gridloom.charging.gone import Gone
from gridloom.kernel import clock
from gridloom.kernel.security.sealing import Sealer
from gridloom.kernel.webhooks.kafka import Kafka
from gridloom.kernel.webhooks.letters import failed_deliveries
from gridloom.kernel.webhooks.sender import Sender

NOTIFICATION = "idTag.changed"
WAITS_S = [60, 300, 1_800, 7_200, 43_200]


def tag(number: int) -> IdTagChanged:
    return IdTagChanged(id_tag_id=number, action="deleted", gone=Gone())


async def given_up(caller: Caller, subscription: int) -> list[int]:
    async with caller.application.database.tenant(caller.tenant) as tx:
        found = await failed_deliveries(tx, subscription=subscription)
    return [int(each.entity_id or 0) for each in found]


async def fail_all(caller: Caller) -> None:
    """Attempt until everything is given up."""
    for _ in range(len(WAITS_S) + 1):
        await long_after(caller)
        await sent(caller)


def resend_of(number: int) -> str:
    return f"/public-api/actions/notifications/v1.0/{number}/resend"


async def test_a_message_carries_the_five_headers_and_a_signature_that_verifies(
    caller: Caller, partner: Partner
) -> None:
    number = await subscribed(caller, partner, NOTIFICATION)
    before = clock.now()
    await emitted(caller, tag(5))
    (body,) = await told(caller, partner)
    (request,) = partner.requests
    assert body == {
        "notification": NOTIFICATION,
        "idTagsId": 5,
        "action": "deleted",
        "lastUpdatedAt": body["lastUpdatedAt"],
    }
    assert is_signed(request, token_of(caller))
    assert not is_signed(request, token_of(caller) + "x")
    async with caller.application.database.system() as tx:
        slug = await tx.scalar("SELECT slug FROM identity.tenant WHERE id = :id", id=caller.tenant)
    assert request.headers["x-tenant"] == slug
    assert request.headers["x-webhook-id"] == str(number)
    assert request.headers["x-webhook-type"] == NOTIFICATION
    assert request.headers["content-type"] == "application/json"
    stamp = datetime.strptime(request.headers["x-timestamp"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    assert before <= stamp <= clock.now()
    assert request.target == "/hook"


async def test_only_who_subscribed_to_the_name_is_told(caller: Caller, partner: Partner, other_tenant: int) -> None:
    await subscribed(caller, partner, "evse.changed")
    await emitted(caller, tag(5))
    assert await told(caller, partner) == []
    async with caller.application.database.tenant(other_tenant) as tx:
        assert await tx.scalar("SELECT count(*) FROM webhooks.delivery") == 0


async def test_a_receiver_that_fails_is_tried_again_by_the_schedule_and_then_given_up(
    caller: Caller, partner: Partner
) -> None:
    partner.behave = answering(500)
    number = await subscribed(caller, partner, NOTIFICATION)
    await emitted(caller, tag(5))
    await relayed(caller.application.database, caller.tenant)
    for attempt, wait in enumerate(WAITS_S, start=1):
        before = clock.now()
        await sent(caller)
        (row,) = await deliveries(caller)
        assert (row["status"], row["attempts"], row["response_code"]) == ("waiting", attempt, 500)
        assert timedelta(seconds=wait) <= row["next_at"] - before < timedelta(seconds=wait + 5)
        assert await given_up(caller, number) == []
        await sent(caller)  # too early
        assert len(partner.requests) == attempt
        await long_after(caller)
    await sent(caller)
    assert [row["status"] for row in await deliveries(caller)] == ["dead"]
    assert await given_up(caller, number) == [5]
    assert len({request.body for request in partner.requests}) == 1
    assert len(partner.requests) == 6


async def test_a_receiver_that_comes_back_gets_the_same_bytes_freshly_stamped(caller: Caller, partner: Partner) -> None:
    partner.script = [answering(503)]
    await subscribed(caller, partner, NOTIFICATION)
    await emitted(caller, tag(5))
    await told(caller, partner)
    await long_after(caller)
    await sent(caller)
    first, second = partner.requests
    assert first.body == second.body
    assert is_signed(second, token_of(caller))
    assert first.headers["x-timestamp"] < second.headers["x-timestamp"]
    assert [row["status"] for row in await deliveries(caller)] == ["delivered"]


async def test_what_was_given_up_is_sent_again_once_and_not_a_second_time_within_a_quarter_of_an_hour(
    caller: Caller, partner: Partner
) -> None:
    partner.behave = answering(500)
    number = await subscribed(caller, partner, NOTIFICATION)
    await emitted(caller, tag(5))
    await relayed(caller.application.database, caller.tenant)
    await fail_all(caller)
    assert await given_up(caller, number) == [5]
    before = len(partner.requests)

    answer = await caller.post(resend_of(number), json={"notifications": [NOTIFICATION]})
    assert (answer.status_code, answer.content) == (202, b"")
    await sent(caller)
    assert len(partner.requests) == before + 1
    assert await given_up(caller, number) == [5]  # it failed again, and is back in the list

    answer = await caller.post(resend_of(number), json={"notifications": [NOTIFICATION]})
    assert answer.status_code == 409
    assert "15 minutes" in answer.json()["message"]
    assert await given_up(caller, number) == [5]

    partner.behave = answering(202)
    with clock.travel(timedelta(minutes=15)):
        assert (await caller.post(resend_of(number), json={"notifications": [NOTIFICATION]})).status_code == 202
    await sent(caller)
    assert await given_up(caller, number) == []
    assert [row["status"] for row in await deliveries(caller)] == ["delivered"]


async def test_an_update_does_not_shorten_the_cool_down(caller: Caller, partner: Partner) -> None:
    number = await subscribed(caller, partner, NOTIFICATION)
    assert (await caller.post(resend_of(number), json={"notifications": []})).status_code == 202
    body = {"via": "webhook", "notifications": [NOTIFICATION], "webhook": {"callbackUrl": "https://other.example"}}
    assert (await caller.put(f"{ROOT}/{number}", json=body)).status_code == 200
    assert (await caller.post(resend_of(number), json={"notifications": []})).status_code == 409


async def test_only_the_named_kinds_in_the_window_are_sent_again(caller: Caller, partner: Partner) -> None:
    partner.behave = answering(500)
    number = await subscribed(caller, partner, NOTIFICATION)
    await emitted(caller, tag(1), tag(2), tag(3))
    await relayed(caller.application.database, caller.tenant)
    await fail_all(caller)
    base = datetime(2026, 11, 1, tzinfo=UTC)
    async with caller.application.database.tenant(caller.tenant) as tx:
        await tx.run(
            "UPDATE webhooks.delivery "
            "SET created_at = CAST(:base AS timestamptz) + CAST(entity_id AS integer) * interval '1 hour'",
            base=base,
        )

    async def waiting() -> list[int]:
        return [int(row["entity_id"]) for row in await deliveries(caller) if row["status"] == "waiting"]

    async def ask(after: timedelta, **body: Any) -> None:
        with clock.travel(after):
            answer = await caller.post(resend_of(number), json=body)
        assert answer.status_code == 202, answer.text

    at = [(base + timedelta(hours=hours)).isoformat() for hours in range(5)]
    await ask(timedelta(), notifications=["evse.changed"])
    assert await waiting() == []
    await ask(timedelta(hours=1), notifications=[NOTIFICATION], startTime=at[2], endTime=at[2])
    assert await waiting() == [2]
    await ask(timedelta(hours=2), notifications=[NOTIFICATION], endTime=at[1].removesuffix("+00:00"))
    assert await waiting() == [1, 2]
    await ask(timedelta(hours=3), notifications=[NOTIFICATION])
    assert await waiting() == [1, 2, 3]


WRONG: list[tuple[Any, str]] = [
    ({}, "notifications"),
    ({"notifications": ["nothing"]}, "notifications.0"),
    ({"notifications": [], "startTime": "x"}, "startTime"),
]


@pytest.mark.parametrize(("body", "field"), WRONG)
async def test_a_resend_that_says_it_wrong_is_refused_by_name(
    caller: Caller, partner: Partner, body: Any, field: str
) -> None:
    number = await subscribed(caller, partner, NOTIFICATION)
    answer = await caller.post(resend_of(number), json=body)
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]
    assert (await caller.post(resend_of(number), json={"notifications": []})).status_code == 202


async def test_a_receiver_that_is_gone_ends_its_subscription_and_cannot_be_resent_to(
    caller: Caller, partner: Partner
) -> None:
    partner.behave = answering(410)
    number = await subscribed(caller, partner, NOTIFICATION)
    await emitted(caller, tag(5))
    await told(caller, partner)
    assert [row["status"] for row in await deliveries(caller)] == ["dead"]
    answer = await caller.post(resend_of(number), json={"notifications": [NOTIFICATION]})
    assert answer.status_code == 409
    assert answer.json() == {"message": "This subscription is disabled."}
    assert [row["status"] for row in await deliveries(caller)] == ["dead"]
    await emitted(caller, tag(6))
    assert await told(caller, partner) == []


async def test_a_subscription_of_somebody_else_is_not_found(
    callers: Callers, caller: Caller, partner: Partner, other_tenant: int
) -> None:
    mine = await caller_of(callers, operator=7)
    number = await subscribed(mine, partner, NOTIFICATION)
    operators = await caller_of(callers, operator=8)
    stranger = await callers.with_scopes("charging", ["*"], tenant=other_tenant)
    for who in (operators, stranger):
        assert (await who.post(resend_of(number), json={"notifications": []})).status_code == 404
    assert (await caller.post(resend_of(number + 1), json={"notifications": []})).status_code == 404
    assert (await mine.post(resend_of(number), json={"notifications": []})).status_code == 202


async def test_the_same_event_handled_twice_is_told_once(caller: Caller, partner: Partner) -> None:
    await subscribed(caller, partner, NOTIFICATION)
    await emitted(caller, tag(5))
    await relayed(caller.application.database, caller.tenant)
    async with caller.application.database.system() as tx:
        await tx.run("UPDATE events.outbox SET relayed_at = NULL WHERE tenant_id = :tenant", tenant=caller.tenant)
    await relayed(caller.application.database, caller.tenant)
    await sent(caller)
    assert [json.loads(each.body)["idTagsId"] for each in partner.requests] == [5]


async def test_a_topic_gets_the_same_bytes_with_the_five_headers_and_the_number_as_key(caller: Caller) -> None:
    body = {
        "via": "kafka",
        "notifications": [NOTIFICATION],
        "kafka": {"topic": "news", "brokers": ["kafka.example:9092"]},
    }
    made = await caller.post(ROOT, json=body)
    assert made.status_code == 201, made.text
    number = made.json()["data"]["id"]
    await emitted(caller, tag(5))
    await relayed(caller.application.database, caller.tenant)
    (row,) = await deliveries(caller)
    sealer, making = caller.application.services.part(Sealer), Making()
    transports = {"kafka": Kafka(sealer, allow_private=True, make=making)}
    sender = Sender(caller.application.database, sealer, transports=transports)
    attempt = await sender.send_now(caller.tenant, row["id"])
    await sender.stop()
    assert attempt is not None
    assert (attempt.is_success, attempt.response_code) == (True, None)
    (producer,) = making.made
    ((topic, value, key, headers),) = producer.sent
    assert (topic, json.loads(value), key) == ("news", json.loads(row["body"]), b"5")
    found = {name: text.decode() for name, text in headers}
    assert set(found) == {"X-Signature", "X-Timestamp", "X-Tenant", "X-Webhook-Id", "X-Webhook-Type"}
    assert found["X-Signature"] == hmac.new(token_of(caller).encode(), value, hashlib.sha256).hexdigest()
    assert (found["X-Webhook-Id"], found["X-Webhook-Type"]) == (str(number), NOTIFICATION)
    assert producer.stops == 1
    assert [each["status"] for each in await deliveries(caller)] == ["delivered"]
