"""What happens to sessions by the clock."""

from datetime import timedelta

from gridloom.charging.sessions import store, ticking
from gridloom.charging.sessions.stops import Stops
from gridloom.kernel import clock
from gridloom.kernel.jobs import ONCE, Context, job, schedule

KEEP = timedelta(days=90)


@schedule("* * * * *")
@job("charging.sessions.tick", retry=ONCE, timeout_s=600)
async def tick(context: Context) -> None:
    """Look at every open session: time-outs, limits, idle time, silence."""
    await ticking.tick(context.db, context.get(Stops))


@schedule("23 4 * * *")
@job("charging.sessions.forget", retry=ONCE)
async def forget(context: Context) -> None:
    """Let go of what fitted no session and of requests to start one, after three months."""
    async with context.db.system() as tx:
        await store.forget(tx, clock.now() - KEEP)
