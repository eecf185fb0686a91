"""How far a job has come, for whoever waits for it."""

from sqlalchemy import BigInteger, Column, Float, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from gridloom.kernel.database.tables import Instant, created_at, one_of, tenant_table

STATES = ("waiting", "running", "succeeded", "failed")

progress = tenant_table(
    "jobs",
    "progress",
    Column("job_id", BigInteger, doc="In the queue; the row there may be gone."),
    Column("name", Text, nullable=False, doc="The job's name."),
    Column("description", Text, nullable=False, server_default=""),
    Column("status", Text, nullable=False, server_default="waiting"),
    Column("done", Float, nullable=False, server_default=text("0"), doc="In the job's own unit."),
    Column("total", Float, doc="What `done` will be at the end, once that is known."),
    Column("message", Text, nullable=False, server_default=""),
    Column("result", JSONB, doc="What the job returned."),
    Column("error", Text, doc="Why it failed, or what the last attempt said."),
    Column("started_at", Instant),
    Column("completed_at", Instant),
    Column("expires_at", Instant, nullable=False, doc="When the row is removed."),
    created_at(),
    one_of("status", STATES),
    # Looked up by the queue and swept by the clock, for all tenants at once.
    Index("ix_progress_job_id", "job_id"),
    Index("ix_progress_expires_at", "expires_at"),
    key="uuid",
    rights="SELECT, INSERT, UPDATE",
)
