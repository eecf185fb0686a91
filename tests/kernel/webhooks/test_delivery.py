"""Partners are told at least once, with the same id each time, whatever they or we do meanwhile."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.kernel.webhooks.partner import Partner, answering, drop_by_drop, endlessly, hang_up, slowly

from gridloom.kernel.database.pool import Database
from gridloom.kernel.events.backoff import Backoff
from gridloom.kernel.events.listen import Listener
from gridloom.kernel.security.sealing import Sealer
from gridloom.kernel.webhooks.formats import Format, Formats, Message
from gridloom.kernel.webhooks.letters import Backlog, backlog, failed_deliveries, prune, replay
from gridloom.kernel.webhooks.publish import tell
from gridloom.kernel.webhooks.sender import Sender
from gridloom.kernel.webhooks.signing import StandardSigner
from gridloom.kernel.webhooks.subscriptions import disable, enable, seal_secret, subscribe

AT_ONCE = Backoff((0.0, 0.0), jitter=False)
MakeSender = Callable[..., Sender]


@pytest.fixture
def formats() -> Formats:
    formats = Formats()
    formats.add(Format("probe", StandardSigner(), retry=AT_ONCE))
    formats.add(Format("patient", StandardSigner(), retry=Backoff((3600.0, 7200.0), jitter=False)))
    return formats


async def subscribed(db: Database, tenant: int, url: str, **more: Any) -> int:
    async with db.tenant(tenant) as tx:
        return await subscribe(tx, **{"owner": "probe", "format": "probe", "url": url, "events": ["*"], **more})


async def told(db: Database, tenant: int, *numbers: int, event: str = "jug.poured", form: str = "probe") -> None:
    async with db.tenant(tenant) as tx:
        for number in numbers:
            await tell(tx, format=form, event=event, message=Message({"n": number}, "jug", str(number)))


async def deliveries(db: Database, tenant: int) -> list[dict[str, Any]]:
    async with db.system() as tx:
        rows = await tx.all("SELECT * FROM webhooks.delivery WHERE tenant_id = :tenant ORDER BY id", tenant=tenant)
    return [dict(row) for row in rows]


async def attempts(db: Database, tenant: int) -> list[tuple[int, bool, int | None]]:
    async with db.system() as tx:
        rows = await tx.all(
            "SELECT number, is_success, response_code FROM webhooks.attempt WHERE tenant_id = :tenant ORDER BY id",
            tenant=tenant,
        )
    return [tuple(row) for row in rows]


async def make_due(db: Database, tenant: int) -> None:
    async with db.system() as tx:
        await tx.run(
            "UPDATE webhooks.delivery SET next_at = now() WHERE tenant_id = :tenant AND status = 'waiting'",
            tenant=tenant,
        )


def numbers(partner: Partner) -> list[int]:
    return [json.loads(request.body)["n"] for request in partner.requests]


async def test_a_message_arrives_as_it_was_written_with_the_subscriptions_headers(
    quiet: Database, tenant: int, partner: Partner, formats: Formats, sender_of: MakeSender
) -> None:
    await subscribed(quiet, tenant, partner.url, headers={"X-Partner": "seven"})
    await told(quiet, tenant, 1)
    await sender_of(formats).drain()
    (request,) = partner.requests
    (row,) = await deliveries(quiet, tenant)
    assert (request.target, request.body) == ("/hook?v=1", b'{"n":1}')
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-partner"] == "seven"
    assert UUID(request.headers["webhook-id"]) == row["message_id"]
    assert (row["status"], row["attempts"], row["response_code"], row["error"]) == ("delivered", 1, 200, None)
    assert (row["event"], row["entity_type"], row["entity_id"]) == ("jug.poured", "jug", "1")
    assert row["delivered_at"] is not None
    assert await attempts(quiet, tenant) == [(1, True, 200)]


async def test_only_subscriptions_of_the_tenant_the_format_and_the_event_are_told(
    quiet: Database, tenant: int, other_tenant: int, formats: Formats, sender_of: MakeSender
) -> None:
    async with Partner() as right, Partner() as prefix, Partner() as wrong:
        await subscribed(quiet, tenant, right.url, events=["jug.poured"])
        await subscribed(quiet, tenant, prefix.url, events=["jug.*", "cup.washed"])
        await subscribed(quiet, tenant, wrong.url, events=["jug.broken", "jug"])
        await subscribed(quiet, tenant, wrong.url, format="patient")
        await subscribed(quiet, other_tenant, wrong.url)
        off = await subscribed(quiet, tenant, wrong.url)
        async with quiet.tenant(tenant) as tx:
            assert await disable(tx, off, "not wanted")
        await told(quiet, tenant, 1)
        await sender_of(formats).drain()
        assert (numbers(right), numbers(prefix), numbers(wrong)) == ([1], [1], [])


async def test_a_partner_that_fails_is_tried_again_with_the_same_id_and_body(
    quiet: Database, tenant: int, partner: Partner, formats: Formats, sender_of: MakeSender
) -> None:
    partner.script = [answering(500), hang_up]
    await subscribed(quiet, tenant, partner.url)
    await told(quiet, tenant, 1)
    await sender_of(formats).drain()
    assert len(partner.requests) == 3
    assert len({request.headers["webhook-id"] for request in partner.requests}) == 1
    assert len({request.body for request in partner.requests}) == 1
    (row,) = await deliveries(quiet, tenant)
    assert (row["status"], row["attempts"]) == ("delivered", 3)
    assert await attempts(quiet, tenant) == [(1, False, 500), (2, False, None), (3, True, 200)]


async def test_a_message_waits_as_long_as_its_format_says_and_longer_when_the_partner_asks(
    quiet: Database, tenant: int, partner: Partner, formats: Formats, sender_of: MakeSender
) -> None:
    partner.script = [answering(503), answering(429, retry_after="9000")]
    await subscribed(quiet, tenant, partner.url, format="patient")
    await told(quiet, tenant, 1, form="patient")
    sender = sender_of(formats)
    waits = []
    for _ in range(2):
        await sender.drain()
        async with quiet.system() as tx:
            waits.append(
                await tx.scalar(
                    "SELECT next_at - now() FROM webhooks.delivery WHERE tenant_id = :tenant", tenant=tenant
                )
            )
        await make_due(quiet, tenant)
    for wait, hours in zip(waits, (1.0, 2.5), strict=True):
        assert timedelta(hours=hours) - timedelta(seconds=30) < wait <= timedelta(hours=hours)


async def test_a_partner_that_never_answers_well_ends_in_a_dead_letter_that_can_be_sent_again(
    quiet: Database, tenant: int, other_tenant: int, partner: Partner, formats: Formats, sender_of: MakeSender
) -> None:
    partner.behave = answering(500, b"sorry")
    subscription = await subscribed(quiet, tenant, partner.url)
    await told(quiet, tenant, 1, 2)
    sender = sender_of(formats)
    await sender.drain()
    assert len(partner.requests) == 6
    async with quiet.tenant(tenant) as tx:
        assert await backlog(tx) == Backlog(due=0, waiting=0, dead=2)
        first, second = await failed_deliveries(tx, subscription=subscription)
        assert await failed_deliveries(tx, events=["jug.broken"]) == []
        assert [each.id for each in await failed_deliveries(tx, after=first.id)] == [second.id]
    assert (first.attempts, first.response_code, first.error) == (3, 500, "answered 500")
    async with quiet.tenant(other_tenant) as tx:
        assert await failed_deliveries(tx) == []
        assert await replay(tx) == 0

    async with quiet.tenant(tenant) as tx:
        assert await replay(tx, deliveries=[first.id], once=True) == 1
    await sender.drain()
    assert len(partner.requests) == 7
    async with quiet.tenant(tenant) as tx:
        assert {each.id: each.attempts for each in await failed_deliveries(tx)} == {first.id: 4, second.id: 3}

    partner.behave = answering(202)
    async with quiet.tenant(tenant) as tx:
        assert await replay(tx, since=first.created_at + timedelta(hours=1)) == 0
        assert await replay(tx, until=first.created_at) == 0
        assert await replay(tx, subscription=subscription, events=["jug.poured"], since=first.created_at) == 2
    await sender.drain()
    assert sorted(numbers(partner)[-2:]) == [1, 2]
    assert partner.requests[-1].headers["webhook-id"] in {str(first.message_id), str(second.message_id)}
    async with quiet.tenant(tenant) as tx:
        assert await failed_deliveries(tx) == []
        assert await replay(tx) == 0
        assert await replay(tx, delivered=True) == 2


async def test_410_ends_the_subscription_and_everything_that_waits_for_it(
    quiet: Database, tenant: int, formats: Formats, sender_of: MakeSender
) -> None:
    async with Partner(behave=answering(410)) as gone, Partner() as there:
        subscription = await subscribed(quiet, tenant, gone.url, format="patient")
        await subscribed(quiet, tenant, there.url, format="patient")
        await told(quiet, tenant, 1, 2, 3, form="patient")
        sender = sender_of(formats, each=1)
        await sender.drain()
        assert (len(gone.requests), len(there.requests)) == (1, 3)
        await told(quiet, tenant, 4, form="patient")
        await sender.drain()
        assert (len(gone.requests), len(there.requests)) == (1, 4)
        async with quiet.tenant(tenant) as tx:
            row = await tx.one("SELECT * FROM webhooks.subscription WHERE id = :id", id=subscription)
            assert row is not None
            assert (row["is_enabled"], row["disabled_reason"]) == (False, "the receiver answered 410 Gone")
            assert len(await failed_deliveries(tx, subscription=subscription)) == 3
            assert await enable(tx, subscription)
            assert not await enable(tx, subscription)
        gone.behave = answering(200)
        await told(quiet, tenant, 5, form="patient")
        await sender.drain()
        assert numbers(gone)[1:] == [5]


async def test_a_redirect_is_not_followed(
    quiet: Database, tenant: int, partner: Partner, formats: Formats, sender_of: MakeSender
) -> None:
    async with Partner() as inside:
        partner.behave = answering(307, location=inside.url)
        await subscribed(quiet, tenant, partner.url)
        await told(quiet, tenant, 1)
        await sender_of(formats).drain()
        assert inside.requests == []
    (row,) = await deliveries(quiet, tenant)
    assert (row["status"], row["error"]) == ("dead", "answered 307; redirects are not followed")


async def test_an_address_of_our_own_network_is_not_called_and_not_tried_again(
    quiet: Database, tenant: int, partner: Partner, formats: Formats, sender_of: MakeSender
) -> None:
    await subscribed(quiet, tenant, partner.url, format="patient")
    await told(quiet, tenant, 1, form="patient")
    await sender_of(formats, allow_private=False).drain()
    assert partner.requests == []
    (row,) = await deliveries(quiet, tenant)
    assert (row["status"], row["attempts"]) == ("dead", 1)
    assert row["error"] == "127.0.0.1 is loopback, which outgoing calls do not reach"


@pytest.mark.parametrize(
    ("behave", "status"),
    [(endlessly, "delivered"), (drop_by_drop, "dead"), (slowly(30, answering(200)), "dead")],
    ids=["endless", "drop by drop", "silent"],
)
async def test_a_partner_that_takes_our_time_gets_little_of_it(
    quiet: Database, tenant: int, partner: Partner, behave: Any, status: str, formats: Formats, sender_of: MakeSender
) -> None:
    partner.behave = behave
    await subscribed(quiet, tenant, partner.url)
    await told(quiet, tenant, 1)
    async with asyncio.timeout(10):
        await sender_of(formats, timeout_s=0.2).drain()
    (row,) = await deliveries(quiet, tenant)
    assert row["status"] == status
    assert row["error"] == (None if status == "delivered" else "no answer within 0.2 s")


async def test_a_dead_partner_is_an_error_and_not_an_exception(
    quiet: Database, tenant: int, formats: Formats, sender_of: MakeSender
) -> None:
    async with Partner() as partner:
        url = partner.url
    await subscribed(quiet, tenant, url)
    await subscribed(quiet, tenant, "http://no-such-host.invalid/")
    await subscribed(quiet, tenant, "ftp://partner.example/")
    await told(quiet, tenant, 1)
    await sender_of(formats).drain()
    first, second, third = await deliveries(quiet, tenant)
    assert [first["status"], second["status"], third["status"]] == ["dead"] * 3
    assert first["error"].startswith("ConnectError")
    assert "no-such-host.invalid cannot be resolved" in second["error"]
    assert third["attempts"] == 1


async def test_many_slow_partners_do_not_hold_up_a_quick_one(
    quiet: Database, tenant: int, formats: Formats, sender_of: MakeSender
) -> None:
    listener = Listener(quiet)
    await listener.start()
    sender = sender_of(formats, total=16, each=4, timeout_s=30, listener=listener, slow_s=0.1)
    slow = [Partner(behave=slowly(1.0, answering(200))) for _ in range(20)]
    async with Partner() as quick:
        for each in slow:
            await each.__aenter__()
            await subscribed(quiet, tenant, each.url, events=["slow"])
        await subscribed(quiet, tenant, quick.url, events=["quick"])
        await told(quiet, tenant, *range(5), event="slow")
        await sender.start()
        await asyncio.sleep(2.5)
        loop = asyncio.get_running_loop()
        took = []
        for number in range(5):
            began = loop.time()
            await told(quiet, tenant, number, event="quick")
            await quick.until(number + 1, 10)
            took.append(loop.time() - began)
        for each in slow:
            await each.__aexit__()
    assert max(took) < 0.5
    assert max(each.most_at_once for each in slow) <= 4
    await sender.stop(grace_s=0.1)
    await listener.stop()


async def test_a_subscription_has_no_more_connections_at_once_than_allowed(
    quiet: Database, tenant: int, partner: Partner, formats: Formats, sender_of: MakeSender
) -> None:
    partner.behave = slowly(0.05, answering(200))
    await subscribed(quiet, tenant, partner.url)
    await told(quiet, tenant, *range(20))
    await sender_of(formats, each=3).drain()
    assert sorted(numbers(partner)) == list(range(20))
    assert partner.most_at_once == 3


async def test_a_subscription_is_told_no_faster_than_its_rate_by_all_senders_together(
    quiet: Database, tenant: int, partner: Partner, formats: Formats, sender_of: MakeSender
) -> None:
    await subscribed(quiet, tenant, partner.url, rate_per_s=10)
    await told(quiet, tenant, *range(25))
    senders = [sender_of(formats), sender_of(formats)]
    began = asyncio.get_running_loop().time()
    for each in senders:
        await each.start()
    await partner.until(25)
    took = asyncio.get_running_loop().time() - began
    assert 1.4 < took < 6
    assert sorted(numbers(partner)) == list(range(25))


async def test_a_sender_wakes_when_a_message_is_written(
    quiet: Database, tenant: int, partner: Partner, formats: Formats, sender_of: MakeSender
) -> None:
    listener = Listener(quiet)
    await listener.start()
    sender = sender_of(formats, poll_s=3600, listener=listener)
    await sender.start()
    await subscribed(quiet, tenant, partner.url)
    await asyncio.sleep(0.2)
    await told(quiet, tenant, 1)
    await partner.until(1, 5)
    await sender.stop()
    await listener.stop()


async def test_several_senders_share_the_work_and_send_nothing_twice(
    quiet: Database, tenant: int, partner: Partner, formats: Formats, sender_of: MakeSender
) -> None:
    await subscribed(quiet, tenant, partner.url)
    senders = [sender_of(formats, poll_s=0.01) for _ in range(3)]
    for each in senders:
        await each.start()
    for start in range(0, 100, 10):
        await told(quiet, tenant, *range(start, start + 10))
    await partner.until(100)
    for each in senders:
        await each.stop()
    assert sorted(numbers(partner)) == list(range(100))
    assert {row["status"] for row in await deliveries(quiet, tenant)} == {"delivered"}


async def test_a_sender_that_dies_between_the_call_and_its_note_calls_again_with_the_same_id(
    quiet: Database, tenant: int, partner: Partner, formats: Formats, sender_of: MakeSender, monkeypatch: Any
) -> None:
    await subscribed(quiet, tenant, partner.url)
    await told(quiet, tenant, 1)
    first = sender_of(formats)

    async def die(_: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(first, "_write", die)
    with pytest.raises(ConnectionError):
        await first.drain()
    (row,) = await deliveries(quiet, tenant)
    assert (row["status"], row["attempts"]) == ("waiting", 1)
    second = sender_of(formats)
    await second.drain()
    assert len(partner.requests) == 1
    await make_due(quiet, tenant)
    await second.drain()
    assert len(partner.requests) == 2
    assert partner.requests[0].headers["webhook-id"] == partner.requests[1].headers["webhook-id"]
    (row,) = await deliveries(quiet, tenant)
    assert (row["status"], row["attempts"]) == ("delivered", 2)


async def test_a_sender_that_is_stopped_in_the_middle_of_a_call_loses_nothing(
    quiet: Database, tenant: int, partner: Partner, formats: Formats, sender_of: MakeSender
) -> None:
    partner.script = [slowly(30, answering(200))]
    await subscribed(quiet, tenant, partner.url)
    await told(quiet, tenant, 1)
    first = sender_of(formats, timeout_s=60)
    await first.start()
    await partner.until(1)
    await first.stop(grace_s=0.05)
    (row,) = await deliveries(quiet, tenant)
    assert (row["status"], row["attempts"]) == ("waiting", 1)
    await make_due(quiet, tenant)
    await sender_of(formats).drain()
    assert len(partner.requests) == 2
    assert len({request.headers["webhook-id"] for request in partner.requests}) == 1


async def test_a_late_failure_does_not_undo_what_another_sender_has_achieved(
    quiet: Database, tenant: int, partner: Partner, formats: Formats, sender_of: MakeSender
) -> None:
    partner.script = [slowly(0.5, answering(500))]
    await subscribed(quiet, tenant, partner.url)
    await told(quiet, tenant, 1)
    late = asyncio.create_task(sender_of(formats).drain())
    await partner.until(1)
    await make_due(quiet, tenant)
    await sender_of(formats).drain()
    await late
    (row,) = await deliveries(quiet, tenant)
    assert (row["status"], row["attempts"], row["error"]) == ("delivered", 2, None)
    assert sorted(await attempts(quiet, tenant)) == [(1, False, 500), (2, True, 200)]


async def test_a_test_message_is_sent_at_once_and_its_attempt_given_back(
    quiet: Database, tenant: int, other_tenant: int, partner: Partner, formats: Formats, sender_of: MakeSender
) -> None:
    partner.script = [answering(500, b"broken")]
    subscription = await subscribed(quiet, tenant, partner.url, events=["nothing"])
    sender = sender_of(formats)
    failed = await sender.send_test(tenant, subscription, "jug.poured", Message({"n": 0}, "jug", "9"))
    assert failed is not None
    assert (failed.is_success, failed.response_code, failed.response_body) == (False, 500, "broken")
    (row,) = await deliveries(quiet, tenant)
    assert (row["status"], row["event"], row["entity_id"]) == ("dead", "jug.poured", "9")
    again = await sender.send_now(tenant, failed.delivery)
    assert again is not None
    assert (again.is_success, again.number, again.response_body) == (True, 2, "thanks")
    assert again.id > failed.id
    assert await sender.send_now(other_tenant, failed.delivery) is None
    assert await sender.send_test(other_tenant, subscription, "jug.poured", Message({})) is None
    assert len(partner.requests) == 2


async def test_a_message_sent_by_hand_keeps_its_schedule_when_it_fails(
    quiet: Database, tenant: int, partner: Partner, formats: Formats, sender_of: MakeSender
) -> None:
    partner.behave = answering(500)
    await subscribed(quiet, tenant, partner.url, format="patient")
    await told(quiet, tenant, 1, form="patient")
    sender = sender_of(formats)
    await sender.drain()
    (row,) = await deliveries(quiet, tenant)
    await sender.send_now(tenant, row["id"])
    (row,) = await deliveries(quiet, tenant)
    assert (row["status"], row["attempts"], row["tries_most"]) == ("waiting", 2, None)


async def test_a_secret_that_cannot_be_opened_is_a_dead_letter_and_nothing_is_sent(
    quiet: Database,
    tenant: int,
    other_tenant: int,
    partner: Partner,
    formats: Formats,
    sender_of: MakeSender,
    sealer: Sealer,
) -> None:
    await subscribed(quiet, tenant, partner.url, secret=seal_secret(sealer, other_tenant, "stolen"))
    await subscribed(quiet, tenant, partner.url, secret=seal_secret(sealer, tenant, "own"))
    await told(quiet, tenant, 1)
    await sender_of(formats).drain()
    assert len(partner.requests) == 1
    first, second = await deliveries(quiet, tenant)
    assert (first["status"], second["status"]) == ("dead", "delivered")
    assert "altered" in first["error"]


async def test_a_subscription_cannot_change_how_http_is_spoken(quiet: Database, tenant: int, partner: Partner) -> None:
    with pytest.raises(ValueError, match="cannot set the header content-length, host"):
        await subscribed(quiet, tenant, partner.url, headers={"Host": "inside", "Content-Length": "0"})
    async with quiet.tenant(tenant) as tx:
        assert await tx.scalar("SELECT count(*) FROM webhooks.subscription") == 0


async def test_old_messages_are_forgotten_unless_they_still_wait(
    quiet: Database, tenant: int, partner: Partner, formats: Formats, sender_of: MakeSender
) -> None:
    await subscribed(quiet, tenant, partner.url)
    await told(quiet, tenant, 1)
    await sender_of(formats).drain()
    await told(quiet, tenant, 2)
    async with quiet.system() as tx:
        await tx.run(
            "UPDATE webhooks.delivery SET created_at = now() - interval '31 days' WHERE tenant_id = :tenant",
            tenant=tenant,
        )
        assert await prune(tx, keep_days=30) == 1
    assert [row["entity_id"] for row in await deliveries(quiet, tenant)] == ["2"]
    assert await attempts(quiet, tenant) == []
