"""A mail server, and a worker that knows the mail jobs alone."""

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from tests.kernel.mail.server import MailServer

from gridloom.kernel.database.pool import Database
from gridloom.kernel.events.backoff import Backoff
from gridloom.kernel.jobs.declare import Jobs
from gridloom.kernel.jobs.worker import Worker
from gridloom.kernel.mail.jobs import deliver_mail
from gridloom.kernel.mail.outbox import Mail

AT_ONCE = Backoff((0.0,) * 3, jitter=False)


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    """A server that takes everything."""
    async with MailServer() as running:
        yield running


@pytest.fixture
async def queue(db: Database) -> AsyncIterator[Database]:
    """The queue with nothing in it, before and after."""
    empty = "TRUNCATE jobs.procrastinate_jobs, jobs.procrastinate_workers CASCADE"
    async with db.system() as tx:
        await tx.run(empty)
    yield db
    async with db.system() as tx:
        await tx.run(empty)


@pytest.fixture
def work(queue: Database) -> Callable[[Mail], Awaitable[None]]:
    """Do what waits, with a part of these settings; further attempts come at once."""
    jobs = Jobs({deliver_mail.name: dataclasses.replace(deliver_mail, retry=AT_ONCE)})

    async def done(mail: Mail) -> None:
        await Worker(queue, jobs=jobs, resources={Mail: mail}).drain()

    return done
