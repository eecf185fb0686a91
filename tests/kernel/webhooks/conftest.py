"""A database that tells its events, partners that answer as they are told, and a sender that may call them."""

from collections.abc import AsyncIterator, Callable

import pytest
from tests.kernel.webhooks.partner import Partner

from gridloom.kernel.database.pool import Database
from gridloom.kernel.events.outbox import flush
from gridloom.kernel.security.sealing import KEY_SIZE, Sealer
from gridloom.kernel.webhooks.formats import Formats
from gridloom.kernel.webhooks.sender import Sender

MakeSender = Callable[..., Sender]


@pytest.fixture(scope="session")
async def wired(database_url: str) -> AsyncIterator[Database]:
    """A pool of its own, wired as the program wires it."""
    database = await Database(database_url, size=8).open()
    database.outbox_flusher = flush
    yield database
    await database.close()


@pytest.fixture
async def quiet(wired: Database) -> AsyncIterator[Database]:
    """The same, in which no other test's messages wait."""
    yield wired
    async with wired.system() as tx:
        await tx.run("UPDATE webhooks.delivery SET status = 'delivered' WHERE status = 'waiting'")


@pytest.fixture
async def partner() -> AsyncIterator[Partner]:
    """A partner that answers 200."""
    async with Partner() as running:
        yield running


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(bytes(range(KEY_SIZE)))


@pytest.fixture
async def sender_of(quiet: Database, sealer: Sealer) -> AsyncIterator[MakeSender]:
    """Senders that may call this machine; they are stopped at the end."""
    made: list[Sender] = []

    def make(formats: Formats, **options: object) -> Sender:
        settings = {"allow_private": True, "poll_s": 0.05, "timeout_s": 2.0, **options}
        made.append(Sender(quiet, sealer, formats=formats, **settings))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        await each.stop(grace_s=0.1)
