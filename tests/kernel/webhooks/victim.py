"""A process with relay, sender and worker, made to be killed: `victim.py DATABASE_URL`."""

import asyncio
import sys

from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.event import Event
from gridloom.kernel.events.handlers import Handlers, Received
from gridloom.kernel.events.listen import Listener
from gridloom.kernel.events.outbox import flush
from gridloom.kernel.events.relay import Relay
from gridloom.kernel.jobs.context import Context
from gridloom.kernel.jobs.declare import Jobs
from gridloom.kernel.jobs.deferral import defer
from gridloom.kernel.jobs.worker import Worker
from gridloom.kernel.security.sealing import KEY_SIZE, Sealer
from gridloom.kernel.webhooks.events import SOMEBODY_SUBSCRIBES
from gridloom.kernel.webhooks.formats import Formats, standard
from gridloom.kernel.webhooks.publish import publish
from gridloom.kernel.webhooks.sender import Sender

MARK = "INSERT INTO marks.mark (tenant_id, who, what) VALUES (:tenant, :who, :what)"

FORMATS = Formats({"standard": standard})
handlers = Handlers()
jobs = Jobs()


class Struck(Event):
    """A blow was struck."""

    name = "probe.struck"

    n: int
    line: int

    def aggregate(self) -> str | None:
        return f"line:{self.line}"


@jobs.job("probe.after")
async def after(context: Context, *, n: int) -> None:
    """Leave a mark after a while."""
    await asyncio.sleep(0.01)
    async with context.transaction() as tx:
        await tx.run(MARK, tenant=context.tenant, who="job", what=str(n))


@handlers.on(Struck, name="victim.mark")
async def mark(tx: Tx, received: Received[Struck]) -> None:
    """Leave a mark, and a job that leaves another."""
    await tx.run(MARK, tenant=received.tenant, who="handler", what=f"{received.event.line}:{received.event.n}")
    if received.event.n % 5 == 0:
        await defer(tx, after, n=received.event.n)


@handlers.on("*", name="victim.webhooks", batch=50, when=SOMEBODY_SUBSCRIBES)
async def told(tx: Tx, received: list[Received[Event]]) -> None:
    """The program's own handler for webhooks."""
    await publish(tx, FORMATS, received)


async def main(url: str) -> None:
    """Run until killed."""
    db = await Database(url).open()
    db.outbox_flusher = flush
    listener = Listener(db)
    relay = Relay(db, handlers=handlers, listener=listener, batch=20, poll_s=0.1)
    sealer = Sealer(bytes(range(KEY_SIZE)))
    sender = Sender(
        db, sealer, formats=FORMATS, listener=listener, allow_private=True, poll_s=0.1, timeout_s=1, lease_s=1.5
    )
    worker = Worker(db, jobs=jobs, poll_s=0.1, heartbeat_s=0.2, silent_s=1.0, lost_attempts=100)
    for part in (listener, relay, sender, worker):
        await part.start()
    sys.stdout.write("running\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
