"""How a table is declared: tenant first in every key, one naming of constraints, one place that knows them all.

A module's `tables.py` calls `tenant_table` (rows of one tenant, under row-level security) or `system_table` (rows of the
installation, never visible to a tenant's transaction). Nothing else registers a table anywhere.
"""

from collections.abc import Iterable
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.schema import SchemaItem

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Instant = DateTime(timezone=True)
Key = Literal["int", "uuid"] | tuple[str, ...]
Item = SchemaItem | Iterable[SchemaItem]


def tenant_table(
    schema: str,
    name: str,
    *items: Item,
    key: Key = "int",
    rights: str = "SELECT, INSERT, UPDATE, DELETE",
    checked: bool = True,
    **options: Any,
) -> Table:
    """A table whose rows belong to one tenant each.

    key: `int` (an identity column `id`), `uuid` (UUIDv7 written by the caller, see `kernel.ids`), or the names of the
    columns that follow `tenant_id` in the primary key. rights: what a tenant's transaction may do (append-only tables leave
    out UPDATE and DELETE). checked: False leaves out the foreign key to the tenant, for tables filled by COPY whose writer
    has checked it already. Row-level security and grants come with the next migration run.
    """
    columns: list[SchemaItem] = [Column("tenant_id", Integer, nullable=False)]
    if key == "int":
        columns.append(Column("id", BigInteger, Identity(always=False), nullable=False))
    elif key == "uuid":
        columns.append(Column("id", Uuid, nullable=False))
    names = ("id",) if isinstance(key, str) else key
    tenant = (ForeignKeyConstraint(["tenant_id"], ["identity.tenant.id"], ondelete="CASCADE"),) if checked else ()
    return Table(
        name,
        metadata,
        *columns,
        *_flat(items),
        PrimaryKeyConstraint("tenant_id", *names),
        *tenant,
        schema=schema,
        info={"tenant": True, "rights": rights},
        **options,
    )


def system_table(schema: str, name: str, *items: Item, **options: Any) -> Table:
    """A table of the installation itself; a tenant's transaction has no right on it."""
    return Table(name, metadata, *_flat(items), schema=schema, info={"tenant": False}, **options)


def reference(
    name: str,
    to: Table,
    *,
    nullable: bool = False,
    on_delete: Literal["RESTRICT", "CASCADE", "SET NULL"] = "RESTRICT",
    doc: str | None = None,
    index: bool = True,
) -> list[SchemaItem]:
    """A column that points at a row of the same tenant: the column, its foreign key over (tenant_id, name), its index."""
    action = f"SET NULL ({name})" if on_delete == "SET NULL" else on_delete
    items: list[SchemaItem] = [
        Column(name, to.c.id.type, nullable=nullable, doc=doc),
        ForeignKeyConstraint(["tenant_id", name], [to.c.tenant_id, to.c.id], ondelete=action),
    ]
    if index:
        items.append(Index(None, "tenant_id", name))
    return items


def unique(*columns: str) -> UniqueConstraint:
    """Unique within a tenant."""
    return UniqueConstraint("tenant_id", *columns)


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """A text column that holds one of a closed set of values."""
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def created_at() -> Column[Any]:
    """When the row was written first."""
    return Column("created_at", Instant, nullable=False, server_default=text("now()"))


def updated_at() -> Column[Any]:
    """When the row was written last; the declared resource sets it on every update."""
    return Column("updated_at", Instant, nullable=False, server_default=text("now()"))


def tenant_tables() -> list[Table]:
    """Every table that carries a tenant, in the order in which they can be created."""
    return [table for table in metadata.sorted_tables if table.info.get("tenant")]


def _flat(items: Iterable[Item]) -> list[SchemaItem]:
    flat: list[SchemaItem] = []
    for item in items:
        if isinstance(item, SchemaItem):
            flat.append(item)
        else:
            flat.extend(item)
    return flat
