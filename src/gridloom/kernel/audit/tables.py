"""The entries of the trail, and the head of each tenant's chain.

An entry is written by the tenant's transaction and from then on never changes; the sealer alone adds its link, once.
The triggers hold that line against the owner of the tables too, as long as nobody takes them away; the chain shows it
when somebody does.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from gridloom.kernel.database.tables import Instant, tenant_table, unique

ERASE_SETTING = "gridloom.erase_trail"

entry = tenant_table(
    "audit",
    "entry",
    Column("occurred_at", Instant, nullable=False),
    Column("subject", Text, nullable=False, doc="Who: `user:7`, `token:12`, `client:…`, or `system`."),
    Column("action", Text, nullable=False, doc="What: `charging.taxes.update`, `identity.user.login`."),
    Column("object_kind", Text, nullable=False, server_default=""),
    Column("object_id", Text, nullable=False, server_default=""),
    Column("detail", JSONB, nullable=False, server_default=text("'{}'"), doc="What changed, without secrets."),
    Column("request_id", Text, nullable=False, server_default=""),
    Column("position", BigInteger, doc="Place in the tenant's chain, from 1, in the order of sealing."),
    Column("sealed_at", Instant),
    Column("previous", LargeBinary, doc="Digest of the entry before."),
    Column("digest", LargeBinary, doc="SHA-256 of `previous` and this entry, see chain.py."),
    unique("position"),
    Index(None, "tenant_id", "object_kind", "object_id", "occurred_at"),
    Index(None, "tenant_id", "occurred_at"),
    Index("ix_entry_unsealed", "tenant_id", "occurred_at", "id", postgresql_where=text("digest IS NULL")),
    CheckConstraint(
        "num_nonnulls(position, sealed_at, previous, digest) IN (0, 4) "
        "AND (digest IS NULL OR octet_length(digest) = 32 AND octet_length(previous) = 32)",
        name="sealed_whole",
    ),
    key="uuid",
    rights="SELECT, INSERT",
)

chain = tenant_table(
    "audit",
    "chain",
    Column("position", BigInteger, nullable=False, doc="How many entries are sealed."),
    Column("digest", LargeBinary, nullable=False, doc="Digest of the last one."),
    Column("base_position", BigInteger, nullable=False, doc="How many of them were deleted as too old, see expire."),
    Column("base_digest", LargeBinary, nullable=False, doc="Digest of the last one that was deleted."),
    Column("sealed_at", Instant, nullable=False),
    key=(),
    rights="SELECT",
)

# Safe to repeat; every migration run executes `info["commands"]` once the tables exist.
GUARD = (
    f"""
    CREATE OR REPLACE FUNCTION audit.keep_entry() RETURNS trigger LANGUAGE plpgsql AS $guard$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            IF NEW.digest IS NULL THEN RETURN NEW; END IF;
        ELSIF TG_OP = 'UPDATE' THEN
            IF OLD.digest IS NULL AND NEW.digest IS NOT NULL AND
                (to_jsonb(NEW) - '{{position,sealed_at,previous,digest}}'::text[])
                = (to_jsonb(OLD) - '{{position,sealed_at,previous,digest}}'::text[])
            THEN RETURN NEW; END IF;
        ELSIF TG_OP = 'DELETE' THEN
            IF current_setting('{ERASE_SETTING}', true) = OLD.tenant_id::text THEN RETURN OLD; END IF;
        END IF;
        RAISE EXCEPTION 'the trail is append-only: % of audit.entry refused', TG_OP USING ERRCODE =
        'insufficient_privilege';
    END $guard$
    """,
    """
    CREATE OR REPLACE TRIGGER keep_entry BEFORE INSERT OR UPDATE OR DELETE ON audit.entry
    FOR EACH ROW EXECUTE FUNCTION audit.keep_entry()
    """,
    """
    CREATE OR REPLACE TRIGGER keep_entries BEFORE TRUNCATE ON audit.entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit.keep_entry()
    """,
)

entry.info["commands"] = GUARD
