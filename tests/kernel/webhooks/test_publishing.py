"""From an event of the program to what the subscribers of each API are told of it."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from tests.kernel.webhooks.partner import Partner
from tests.kernel.webhooks.test_delivery import MakeSender, deliveries, subscribed

from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.event import Event, emit
from gridloom.kernel.events.handlers import Handlers, Received
from gridloom.kernel.events.handlers import registry as program
from gridloom.kernel.events.relay import Relay
from gridloom.kernel.security.sealing import Sealer
from gridloom.kernel.webhooks.events import SOMEBODY_SUBSCRIBES
from gridloom.kernel.webhooks.formats import THREE_DAYS, Format, Formats, Message, discover, matches, standard
from gridloom.kernel.webhooks.publish import publish
from gridloom.kernel.webhooks.signing import HmacSigner, Outgoing, StandardSigner, signature_of
from gridloom.kernel.webhooks.subscriptions import seal_secret


class Filled(Event):
    """A cup was filled."""

    name = "probe.cup.filled"

    cup: int
    litres: Decimal

    def aggregate(self) -> str | None:
        return f"cup:{self.cup}"


class Spilt(Event):
    """Something was spilt."""

    name = "probe.cup.spilt"

    cup: int


def listening_for(formats: Formats) -> Handlers:
    """The program's own handler for webhooks, for these formats."""
    handlers = Handlers()

    @handlers.on("*", name="webhooks.publish.probe", batch=200, when=SOMEBODY_SUBSCRIBES)
    async def told(tx: Tx, received: list[Received[Event]]) -> None:
        await publish(tx, formats, received)

    return handlers


async def test_an_event_travels_from_its_transaction_to_the_partner_once_and_signed(
    quiet: Database, tenant: int, other_tenant: int, partner: Partner, sealer: Sealer, sender_of: MakeSender
) -> None:
    formats = Formats({"standard": standard})
    await subscribed(
        quiet, tenant, partner.url, format="standard", secret=seal_secret(sealer, tenant, "whsec_c2VjcmV0")
    )
    with clock.at(datetime(2026, 5, 1, 12, tzinfo=UTC)):
        async with quiet.tenant(tenant) as tx:
            event_id = emit(tx, Filled(cup=3, litres=Decimal("0.250")))
    async with quiet.tenant(other_tenant) as tx:
        emit(tx, Filled(cup=4, litres=Decimal(1)))
    relay = Relay(quiet, handlers=listening_for(formats))
    await relay.drain()
    await relay.drain()
    await sender_of(formats).drain()
    (request,) = partner.requests
    assert json.loads(request.body) == {
        "type": "probe.cup.filled",
        "timestamp": "2026-05-01T12:00:00Z",
        "data": {"cup": 3, "litres": "0.250"},
    }
    assert request.headers["webhook-id"] == str(event_id)
    (row,) = await deliveries(quiet, tenant)
    assert (row["event_id"], row["entity_type"], row["entity_id"]) == (event_id, "cup", "3")
    stamp = request.headers["webhook-timestamp"]
    outgoing = Outgoing(event_id, 0, "", "", request.body, datetime.fromtimestamp(int(stamp), UTC), 1, {})
    signed = StandardSigner().headers(outgoing, "whsec_c2VjcmV0")
    assert request.headers["webhook-signature"] == signed["webhook-signature"]


async def test_a_format_tells_of_one_event_under_several_names_only_where_somebody_listens(
    quiet: Database, tenant: int, sealer: Sealer, sender_of: MakeSender
) -> None:
    rendered: list[str] = []
    formats = Formats()
    cafe = formats.add(Format("cafe", HmacSigner(signature="X-Signature", event="X-Webhook-Type")))

    @cafe.tells("cup.changed", Filled, Spilt)
    async def changed(_: Tx, received: Received[Filled | Spilt]) -> Message:
        """Some cup changed."""
        rendered.append("cup.changed")
        return Message({"cupId": received.event.cup, "action": received.name.rpartition(".")[2]})

    @cafe.tells("CupChangedNotification", Filled)
    async def old(_: Tx, received: Received[Filled]) -> Message:
        rendered.append("CupChangedNotification")
        return Message({"cup": {"id": received.event.cup, "litres": received.event.litres}})

    @cafe.tells("cup.large", Filled)
    async def large(_: Tx, received: Received[Filled]) -> Message | None:
        rendered.append("cup.large")
        return Message({}) if received.event.litres > 1 else None

    @cafe.tells("cup.nobody", Filled)
    async def nobody(_: Tx, received: Received[Filled]) -> Message:
        raise AssertionError("nobody listens to this")

    assert {each.name: each.description for each in cafe.notifications.values()} == {
        "cup.changed": "Some cup changed.",
        "CupChangedNotification": "",
        "cup.large": "",
        "cup.nobody": "",
    }
    async with Partner() as first, Partner() as second:
        await subscribed(
            quiet,
            tenant,
            first.url,
            format="cafe",
            events=["cup.changed", "cup.large"],
            secret=seal_secret(sealer, tenant, "token"),
        )
        await subscribed(quiet, tenant, second.url, format="cafe", events=["cup.changed", "CupChangedNotification"])
        async with quiet.tenant(tenant) as tx:
            emit(tx, Filled(cup=1, litres=Decimal("0.2")))
            emit(tx, Spilt(cup=2))
        await Relay(quiet, handlers=listening_for(formats)).drain()
        await sender_of(formats).drain()
        assert sorted((each.headers["x-webhook-type"], each.body) for each in first.requests) == [
            ("cup.changed", b'{"cupId":1,"action":"filled"}'),
            ("cup.changed", b'{"cupId":2,"action":"spilt"}'),
        ]
        assert {each.headers["x-signature"] for each in first.requests} == {
            signature_of(each.body, "token") for each in first.requests
        }
        old_form = [each for each in second.requests if each.headers["x-webhook-type"] == "CupChangedNotification"]
        assert [each.body for each in old_form] == [b'{"cup":{"id":1,"litres":0.2}}']
        assert len(second.requests) == 3
    assert sorted(rendered) == ["CupChangedNotification", "cup.changed", "cup.changed", "cup.large"]
    rows = await deliveries(quiet, tenant)
    assert len({(row["subscription_id"], row["message_id"]) for row in rows}) == len(rows) == 5


async def test_messages_of_a_format_that_is_gone_are_left_out_and_hold_up_nothing(
    quiet: Database, tenant: int, partner: Partner, sender_of: MakeSender
) -> None:
    formats = Formats({"standard": standard})
    await subscribed(quiet, tenant, partner.url, format="forgotten")
    await subscribed(quiet, tenant, partner.url, format="standard", events=["probe.cup.*"])
    async with quiet.tenant(tenant) as tx:
        emit(tx, Spilt(cup=2))
    await Relay(quiet, handlers=listening_for(formats)).drain()
    await sender_of(formats).drain()
    assert len(partner.requests) == 1


async def test_a_tenant_without_subscriptions_costs_the_webhooks_nothing(quiet: Database, tenant: int) -> None:
    async with quiet.tenant(tenant) as tx:
        emit(tx, Spilt(cup=2))
    await Relay(quiet, handlers=listening_for(Formats({"standard": standard}))).drain()
    async with quiet.system() as tx:
        count = "SELECT count(*) FROM events.handling WHERE tenant_id = :tenant"
        assert await tx.scalar(count, tenant=tenant) == 0


@pytest.mark.parametrize(
    ("pattern", "name", "covers"),
    [
        ("*", "order.paid", True),
        ("order.paid", "order.paid", True),
        ("order.*", "order.paid", True),
        ("order.*", "order.item.added", True),
        ("order.*", "orders.paid", False),
        ("order.*", "order", False),
        ("order", "order.paid", False),
        ("ord*", "order.paid", False),
    ],
)
def test_a_pattern_covers_a_name_or_a_branch_of_names(pattern: str, name: str, covers: bool) -> None:
    assert matches(pattern, name) is covers


def test_the_usual_schedule_lasts_about_three_days() -> None:
    on_average_s = sum(THREE_DAYS.delays_s) / 2
    assert 2.5 * 86_400 < on_average_s < 3.5 * 86_400
    assert THREE_DAYS.attempts == 15
    assert THREE_DAYS.jitter


def test_the_program_knows_its_handler_and_its_standard_format() -> None:
    assert "standard" in discover().known
    assert program.known["webhooks.publish"].when == SOMEBODY_SUBSCRIBES


def test_two_formats_or_notifications_of_one_name_are_refused() -> None:
    formats = Formats()
    cafe = formats.add(Format("cafe", StandardSigner()))
    with pytest.raises(ValueError, match="two formats are called cafe"):
        formats.add(Format("cafe", StandardSigner()))

    async def told(_: Tx, received: Received[Filled]) -> None: ...

    cafe.tells("cup.changed", Filled)(told)
    with pytest.raises(ValueError, match=r"cafe tells cup\.changed twice"):
        cafe.tells("cup.changed", Spilt)(told)
    with pytest.raises(LookupError):
        formats.find("other")
