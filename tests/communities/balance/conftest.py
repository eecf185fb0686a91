"""A street that shares."""

import pytest
from tests.communities.balance.street import Street
from tests.communities.kit import Community


@pytest.fixture
async def sun(street: Community) -> Street:
    """A sharing operation without meters in ada's community."""
    return await Street.of(street)
