"""How alembic meets our database: on a connection that `migrate` or `revise` has opened, inside its transaction."""

from typing import Any

from alembic import context
from alembic.operations.ops import CreateTableOp
from sqlalchemy import Connection, text

from gridloom.kernel.database.drift import is_ours, partitions
from gridloom.kernel.database.migrate import SCHEMA
from gridloom.kernel.database.tables import metadata


def run(connection: Connection) -> None:
    """Run what alembic was asked for (an upgrade, or the comparison behind a new version)."""
    children = partitions(connection)

    def include_name(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "schema":
            return name in {table.schema for table in metadata.tables.values()}
        if kind == "table":
            return is_ours(parents["schema_name"], name or "", children)
        return True

    def without_info(_context: Any, _revision: Any, directives: list[Any]) -> None:
        """What our declarations note on a table is for the code, not for the database."""
        for operation in directives[0].upgrade_ops.ops if directives else ():
            if isinstance(operation, CreateTableOp):
                operation.info = {}

    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_schemas=True,
        include_name=include_name,
        version_table_schema=SCHEMA,
        compare_server_default=True,
        transaction_per_migration=False,
        process_revision_directives=without_info,
    )
    context.run_migrations()


connection = context.config.attributes["connection"]
# The owner's name is also the name of a schema, which would be the default one: then alembic would leave out its name.
connection.execute(text("SET LOCAL search_path TO public"))
connection.dialect.default_schema_name = "public"
run(connection)
