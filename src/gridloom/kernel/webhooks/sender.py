"""The sender: takes due deliveries, attempts them side by side, and writes down what came of it."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Self

import httpx
import msgspec
import structlog

from gridloom.kernel import clock, ids
from gridloom.kernel.database.pool import Database
from gridloom.kernel.events.listen import Listener, Signal
from gridloom.kernel.security.outbound import guarded_client
from gridloom.kernel.security.sealing import Sealer, Unsealable
from gridloom.kernel.webhooks.claims import Claimed, Outcome, claim, claim_one, insert_test, lanes, settle
from gridloom.kernel.webhooks.fairness import Slots
from gridloom.kernel.webhooks.formats import THREE_DAYS, Format, Formats, Message, discover
from gridloom.kernel.webhooks.kafka import Kafka
from gridloom.kernel.webhooks.post import GONE, Answer, Parcel, Transport, post
from gridloom.kernel.webhooks.publish import CHANNEL
from gridloom.kernel.webhooks.signing import Outgoing
from gridloom.kernel.webhooks.subscriptions import disable, open_secret

_LEASE_MARGIN_S = 15.0
_PACED_WAIT_S = 0.1

log = structlog.get_logger(__name__)


class Attempt(msgspec.Struct, frozen=True):
    """An attempt that somebody asked for and waited for."""

    id: int
    delivery: int
    number: int
    is_success: bool
    response_code: int | None
    response_body: str | None
    error: str | None
    took_ms: int
    attempted_at: datetime


class Sender:
    """Runs in the background between `start` and `stop`; every process may run one.

    total, each: connections at once, of all and of one subscription. timeout_s: for a whole attempt. lease_s: after
    how long another process takes over what this one took and did not finish, by default a little more than
    `timeout_s`. most_bytes: read of an answer. slow_s: from when on a partner counts as slow, see `fairness.Slots`.
    client: a guarded one is made when None. transports: by the scheme of the URL, what does not go by HTTP.
    """

    def __init__(
        self,
        db: Database,
        sealer: Sealer,
        *,
        formats: Formats | None = None,
        listener: Listener | None = None,
        client: httpx.AsyncClient | None = None,
        transports: Mapping[str, Transport] | None = None,
        allow_private: bool = False,
        total: int = 64,
        each: int = 8,
        timeout_s: float = 15.0,
        lease_s: float | None = None,
        most_bytes: int = 65_536,
        slow_s: float = 2.0,
        poll_s: float = 2.0,
    ) -> None:
        self._db = db
        self._sealer = sealer
        self._formats = discover() if formats is None else formats
        self._listener = listener
        self._client = client or guarded_client(allow_private=allow_private, timeout_s=timeout_s)
        self._owns_client = client is None
        self._transports = {"kafka": Kafka(sealer, allow_private=allow_private)} if transports is None else transports
        self._slots = Slots(total, each, slow_s)
        self._timeout_s = timeout_s
        self._lease_s = timeout_s + _LEASE_MARGIN_S if lease_s is None else lease_s
        self._most_bytes = most_bytes
        self._poll_s = poll_s
        self._wake = Signal()
        self._ended: list[Outcome] = []
        self._gone: set[tuple[int, int]] = set()
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin; what is due goes out at once."""
        if self._task is None:
            self._stopping = False
            if self._listener is not None:
                self._listener.on(CHANNEL, self._wake.ring)
            self._task = asyncio.create_task(self._run(), name="webhook sender")

    async def stop(self, grace_s: float = 10.0) -> None:
        """End: attempts that run get `grace_s` seconds; what is cut off then goes out again after its lease."""
        self._stopping = True
        if self._listener is not None:
            self._listener.off(CHANNEL, self._wake.ring)
        if self._task is not None:
            self._wake.ring()
            await self._task
            self._task = None
        if self._running:
            _, slow = await asyncio.wait(self._running, timeout=grace_s)
            for task in slow:
                task.cancel()
            await asyncio.gather(*slow, return_exceptions=True)
        with suppress(Exception):
            await self._settle()
        for transport in self._transports.values():
            await transport.aclose()
        if self._owns_client:
            await self._client.aclose()

    async def __aenter__(self) -> Self:
        """See `start`."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """See `stop`."""
        await self.stop()

    async def drain(self) -> None:
        """Attempt everything that is due, here and now. For tests and commands."""
        while await self._take() or self._running or self._ended:
            if self._running:
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            await self._settle()

    async def send_now(self, tenant: int, delivery: int) -> Attempt | None:
        """Attempt a delivery at once, whatever its state, and wait for it; None when there is no such delivery.

        One that is waiting goes on waiting by its schedule when this fails; any other gets this one attempt.
        """
        async with self._db.system() as tx:
            claimed = await claim_one(tx, tenant, delivery, self._lease_s)
        if claimed is None:
            return None
        outcome = await self._attempt(claimed)
        attempts = await self._write([outcome])
        return Attempt(
            attempts.get((claimed.tenant, claimed.id, claimed.attempt), 0),
            claimed.id,
            claimed.attempt,
            outcome.is_success,
            outcome.code,
            outcome.body,
            outcome.error,
            outcome.took_ms,
            outcome.attempted_at,
        )

    async def send_test(self, tenant: int, subscription: int, event: str, message: Message) -> Attempt | None:
        """Send a message to one subscription, enabled or not, and wait for it; None when there is no such subscription.

        It becomes a delivery like any other, with one attempt.
        """
        async with self._db.tenant(tenant) as tx:
            delivery = await insert_test(
                tx,
                subscription,
                message_id=ids.uuid7(),
                event=event,
                entity_type=message.entity_type,
                entity_id=message.entity_id,
                body=message.body(),
            )
        return None if delivery is None else await self.send_now(tenant, delivery)

    async def _run(self) -> None:
        while not self._stopping:
            wait_s = self._poll_s
            try:
                await self._settle()
                found = await self._take()
                if found is not None:
                    wait_s = 0.0 if found else _PACED_WAIT_S
            except Exception:
                log.exception("webhook_sender_failed")
                await asyncio.sleep(min(1.0, self._poll_s))
            if wait_s:
                await self._wake.wait(wait_s)

    async def _take(self) -> int | None:
        """Begin what there is room for; gives how many attempts began, None when there is nothing to begin."""
        async with self._db.system() as tx:
            asked = self._slots.share_out([lane for lane in await lanes(tx) if lane not in self._gone])
            if not asked:
                return None
            claimed = await claim(tx, asked, self._lease_s)
        for each in claimed:
            as_suspect = self._slots.enter(each.lane)
            task = asyncio.create_task(self._deliver(each, as_suspect=as_suspect), name=f"webhook {each.id}")
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return len(claimed)

    async def _deliver(self, claimed: Claimed, *, as_suspect: bool) -> None:
        try:
            outcome = await self._attempt(claimed)
            self._slots.judge(claimed.lane, is_success=outcome.is_success, took_ms=outcome.took_ms)
            self._ended.append(outcome)
            if outcome.code == GONE:
                self._gone.add(claimed.lane)
        finally:
            self._slots.leave(claimed.lane, as_suspect=as_suspect)
            self._wake.ring()

    async def _attempt(self, claimed: Claimed) -> Outcome:
        now = clock.now()
        retry = THREE_DAYS
        try:
            chosen = self._formats.find(claimed.format)
            retry = chosen.retry
            answer = await self._post(claimed, chosen, now)
        except (LookupError, Unsealable) as error:
            answer = Answer(None, None, str(error), 0, is_final=True)
        except Exception as error:
            log.exception("webhook_attempt_failed", tenant=claimed.tenant, delivery=claimed.id)
            answer = Answer(None, None, f"{type(error).__name__}: {error}", 0)
        may_again = claimed.tries_most is None or claimed.tries < claimed.tries_most
        return _outcome(claimed, answer, retry.after(claimed.tries) if may_again else None, now)

    async def _post(self, claimed: Claimed, chosen: Format, now: datetime) -> Answer:
        body = claimed.body.encode()
        outgoing = Outgoing(
            message_id=claimed.message_id,
            subscription_id=claimed.subscription,
            tenant=claimed.slug,
            event=claimed.event,
            body=body,
            sent_at=now,
            attempt=claimed.attempt,
            attributes=claimed.attributes,
        )
        secret = None if claimed.secret is None else open_secret(self._sealer, claimed.tenant, claimed.secret)
        headers = {**claimed.headers, **chosen.signer.headers(outgoing, secret)}
        if transport := self._transports.get(claimed.url.partition(":")[0]):
            parcel = Parcel(claimed.tenant, claimed.url, headers, body, claimed.entity_id, claimed.attributes)
            return await transport.carry(parcel, timeout_s=self._timeout_s)
        return await post(
            self._client, claimed.url, headers, body, timeout_s=self._timeout_s, most_bytes=self._most_bytes
        )

    async def _settle(self) -> None:
        ended, self._ended = self._ended, []
        if not ended:
            return
        try:
            await self._write(ended)
        except Exception:
            self._ended = ended + self._ended
            raise

    async def _write(self, outcomes: list[Outcome]) -> dict[tuple[int, int, int], int]:
        async with self._db.system() as tx:
            written = await settle(tx, outcomes)
        for lane in {each.claimed.lane for each in outcomes if each.code == GONE}:
            async with self._db.tenant(lane[0]) as tx:
                await disable(tx, lane[1], "the receiver answered 410 Gone")
            self._gone.discard(lane)
        for each in outcomes:
            _tell(each)
        return written


def _outcome(claimed: Claimed, answer: Answer, wait_s: float | None, now: datetime) -> Outcome:
    wait = None if answer.is_final or wait_s is None else max(wait_s, answer.wait_s)
    return Outcome(
        claimed=claimed,
        is_success=answer.is_success,
        wait_s=wait,
        code=answer.code,
        body=answer.body,
        error=answer.error,
        took_ms=answer.took_ms,
        attempted_at=now,
    )


def _tell(outcome: Outcome) -> None:
    if not outcome.is_success:
        log.info(
            "webhook_failed",
            tenant=outcome.claimed.tenant,
            subscription=outcome.claimed.subscription,
            delivery=outcome.claimed.id,
            attempt=outcome.claimed.attempt,
            error=outcome.error,
            again_in_s=outcome.wait_s,
        )
