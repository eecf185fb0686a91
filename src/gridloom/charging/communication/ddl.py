"""The first parts of the communication log; migrations run it after the tables. Safe to repeat."""

from datetime import timedelta

from sqlalchemy import Connection, text

from gridloom.charging.communication.partitions import bounds_of, day_of, name_of
from gridloom.kernel import clock


def create(connection: Connection, days: int = 7) -> None:
    """The parts of the present day and so many after it."""
    today = day_of(clock.now())
    for ahead in range(days + 1):
        day = today + timedelta(days=ahead)
        since, till = bounds_of(day)
        connection.execute(
            text(
                f"CREATE TABLE IF NOT EXISTS charging.{name_of(day)} PARTITION OF charging.communication "
                f"FOR VALUES FROM ('{since}') TO ('{till}')"
            )
        )
