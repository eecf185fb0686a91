"""What the series schema has beyond its tables: the view for people who write SQL, and the first partitions.

Migrations run it after the tables, the tenant role and its rights exist; safe to repeat.
"""

from sqlalchemy import Connection, text

from gridloom.core.series.moments import month_bounds, month_of
from gridloom.core.series.partitions import name_of
from gridloom.kernel import clock
from gridloom.kernel.database.transaction import TENANT_ROLE

NEWEST = """
CREATE OR REPLACE VIEW series.newest WITH (security_invoker = true) AS
SELECT tenant_id, channel_id, cap_time, origin, acq_time, value, lower, upper, original_acq, comment
FROM (
    SELECT DISTINCT ON (tenant_id, channel_id, cap_time, origin) *
    FROM series.reading
    ORDER BY tenant_id, channel_id, cap_time, origin, acq_time DESC
) AS standing
WHERE value IS NOT NULL
"""

STATEMENTS: tuple[str, ...] = (
    NEWEST,
    "COMMENT ON VIEW series.newest IS 'The newest acquisitions that are not removals; without archived months.'",
    f"GRANT SELECT ON series.newest TO {TENANT_ROLE}",
)


def create(connection: Connection, months: int = 3) -> None:
    """The view, and the partitions of the present month and so many after it."""
    for statement in STATEMENTS:
        connection.execute(text(statement))
    month = month_of(clock.now())
    for _ in range(months + 1):
        since, till = month_bounds(month)
        connection.execute(
            text(
                f"CREATE TABLE IF NOT EXISTS series.{name_of(month)} PARTITION OF series.reading "
                f"FOR VALUES FROM ('{since.isoformat()}') TO ('{till.isoformat()}')"
            )
        )
        month = clock.next_month(month)
