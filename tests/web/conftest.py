"""Who looks at the site: a person with a browser, and a program."""

from collections.abc import AsyncIterator

import httpx
import pytest

HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
async def browser(transport: httpx.ASGITransport) -> AsyncIterator[httpx.AsyncClient]:
    """A person."""
    async with httpx.AsyncClient(transport=transport, base_url="http://gridloom.test", headers=HTML) as client:
        yield client
