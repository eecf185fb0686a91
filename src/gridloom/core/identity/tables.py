"""Who may do what: tenants, users, service tokens and OAuth clients."""

from sqlalchemy import BigInteger, Boolean, Column, Identity, Index, Integer, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from gridloom.kernel.database.tables import (
    Instant,
    created_at,
    one_of,
    reference,
    system_table,
    tenant_table,
    unique,
    updated_at,
)

TOKEN_KINDS = ("charging", "communities", "metering", "metering-key", "portal-admin", "portal", "service")

tenant = system_table(
    "identity",
    "tenant",
    Column("id", Integer, Identity(always=False), primary_key=True),
    Column("slug", Text, nullable=False, unique=True, doc="Short name in addresses and commands."),
    Column("name", Text, nullable=False),
    Column("zone", Text, nullable=False, server_default="Europe/Brussels", doc="Calendar of the tenant."),
    Column("currency", Text, nullable=False, server_default="EUR"),
    Column("status", Text, nullable=False, server_default="active"),
    created_at(),
    one_of("status", ("active", "closed")),
)

user = tenant_table(
    "identity",
    "user",
    Column("login", Text, nullable=False, doc="Lower-case login, mostly an e-mail address."),
    Column("email", Text),
    Column("password_hash", Text, doc="argon2id; NULL when the user signs in elsewhere."),
    Column("party_id", BigInteger, doc="The person behind the login, in parties.party."),
    Column("roles", ARRAY(Text), nullable=False, server_default=text("'{}'"), doc="Roles, see core/identity/roles.py."),
    Column("status", Text, nullable=False, server_default="active"),
    created_at(),
    updated_at(),
    one_of("status", ("active", "pending", "disabled")),
    Index("uq_user_login", "tenant_id", text("lower(login)"), unique=True),
    # Signing in starts before the tenant is known.
    Index("ix_user_login", text("lower(login)")),
)

token = tenant_table(
    "identity",
    "token",
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("digest", LargeBinary, nullable=False, unique=True, doc="BLAKE2b of the secret; what a caller is found by."),
    Column("sealed", LargeBinary, doc="The secret itself, encrypted; only where a contract signs with it."),
    reference("user_id", user, nullable=True, on_delete="CASCADE"),
    Column("scopes", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'"), doc="What an API adds, e.g. operator_id."),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    Column("last_used_at", Instant),
    created_at(),
    one_of("kind", TOKEN_KINDS),
)

client = tenant_table(
    "identity",
    "client",
    Column("client_id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("secret_hash", Text, nullable=False),
    Column("grant_types", ARRAY(Text), nullable=False, server_default=text("'{client_credentials}'")),
    Column("scopes", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("is_disabled", Boolean, nullable=False, server_default=text("false")),
    created_at(),
    updated_at(),
    key="uuid",
)

refresh_token = tenant_table(
    "identity",
    "refresh_token",
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("subject", Text, nullable=False, doc="Who it was issued to: `user:<id>` or `client:<client_id>`."),
    Column("audience", Text, nullable=False, doc="The API that issued it."),
    Column("scopes", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("claims", JSONB, nullable=False, server_default=text("'{}'")),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    created_at(),
    unique("subject", "audience", "digest"),
)
