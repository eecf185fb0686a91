"""A partner with a server, and a global caller."""

from collections.abc import AsyncIterator

import pytest
from tests.charging.kit import caller_of
from tests.kernel.webhooks.partner import Partner
from tests.suites.client import Caller, Callers


@pytest.fixture
async def partner() -> AsyncIterator[Partner]:
    """Answers 200 to everything."""
    async with Partner() as running:
        yield running


@pytest.fixture
async def caller(callers: Callers) -> Caller:
    return await caller_of(callers)
