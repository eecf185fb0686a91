"""Identity on the worker's database, and people of the test's tenant."""

import secrets

import pytest
from tests.core.identity.people import People

from gridloom.core.identity.issuer import Issuer
from gridloom.core.identity.store import Identity
from gridloom.kernel.database.pool import Database
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.security.sealing import Sealer


@pytest.fixture
def sealer() -> Sealer:
    """Keys of an installation."""
    return Sealer(b"k" * 32)


@pytest.fixture
def identity(db: Database, sealer: Sealer) -> Identity:
    """An identity with an empty cache."""
    return Identity(db, sealer)


@pytest.fixture
def people(db: Database, identity: Identity, tenant: int) -> People:
    """Makes users and tokens of the test's tenant."""
    return People(db, identity, tenant)


@pytest.fixture
def login() -> str:
    """A login that nobody else has."""
    return f"{secrets.token_hex(6)}@example.org"


@pytest.fixture
def issuer(db: Database, sealer: Sealer) -> Issuer:
    """The issuer of one audience."""
    return Issuer(db, sealer, "portal")


@pytest.fixture
def elsewhere(db: Database, sealer: Sealer) -> Issuer:
    """The same audience in another process."""
    return Issuer(db, sealer, "portal")


@pytest.fixture
async def ada(people: People, login: str) -> Subject:
    """A user who has proven to be one."""
    number = await people.user(login, None, "portal-user")
    return Subject(tenant_id=people.tenant, id=f"user:{number}", kind="portal", user_id=number)
