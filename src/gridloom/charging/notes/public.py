"""Notes for any part of the charging API, in three lines where they are wanted:

notes = NotesOn("location", tables.location, owner=tables.location.c.operator_id)
location_notes = notes.resource("locations/v2.0", tag="resource / locations")
locations = Resource(…, includes={"notes": notes.include()}, on_delete=…)   # which calls `notes.forget(tx, row["id"])`
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table

from gridloom.charging.notes.schemas import Note, NotePatch, NoteWrite
from gridloom.charging.notes.tables import KINDS, note
from gridloom.charging.writing import text_or_none
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Forbidden
from gridloom.kernel.http.filters import Include, children, equals, since, until
from gridloom.kernel.http.pages import Pages
from gridloom.kernel.http.resource import Named, Parent, Resource

SCOPE = "charging.notes"
VIEW, CREATE, UPDATE, PIN, DELETE = (f"{SCOPE}:{right}" for right in ("view", "create", "update", "pin", "delete"))

_COLUMNS = {"created_by_admin_id": note.c.created_by_id, "updated_by_admin_id": note.c.updated_by_id}
_ORDER = (note.c.pinned, note.c.created_at, note.c.id)
_FORGET = sql("DELETE FROM charging.note WHERE object_kind = :kind AND object_id = :id")


class NotesOn:
    """Notes on the rows of one table.

    kind: what the paths call such a row (one of `tables.KINDS`). owner: the column of the operator whose it is, so that a
    token of one operator finds no notes of another's.
    """

    def __init__(self, kind: str, about: Table, *, owner: ColumnElement[Any] | None = None) -> None:
        if kind not in KINDS:
            raise ValueError(f"{kind} is no kind of object that notes are about")
        self.kind = kind
        self._about = about
        self._owner = owner
        self._mine = note.c.object_kind == kind

    def resource(self, path: str, *, tag: str) -> Resource:
        """The five operations below `<path>/{<kind>}/notes`: pinned notes first, then the newest."""
        name = self.kind
        return Resource(
            note,
            f"{path}/{{{name}}}/notes",
            item="note",
            title=f"{name[0].upper()}{name[1:]}Note",
            shows=Note,
            creates=NoteWrite,
            updates=NotePatch,
            scope=SCOPE,
            scopes={"list": VIEW, "read": VIEW, "create": CREATE, "update": f"{UPDATE}|{PIN}", "delete": DELETE},
            parents={name: Parent(note.c.object_id, self._about, owner=self._owner)},
            where=self._mine,
            pages=Pages.CURSOR,
            order=_ORDER,
            descending=True,
            filters={
                "pinned": equals(note.c.pinned),
                "createdAfter": since(note.c.created_at),
                "createdBefore": until(note.c.created_at),
                "updatedAfter": since(note.c.updated_at),
                "updatedBefore": until(note.c.updated_at),
            },
            columns=_COLUMNS,
            writes={"details": text_or_none("details")},
            on_write=self._write,
            tags=(tag,),
            names={
                "list": Named(f"{name}NotesListing"),
                "create": Named(f"{name}NoteCreate"),
                "read": Named(f"{name}NoteShow"),
                "update": Named(f"{name}NoteUpdate"),
                "delete": Named(f"{name}NoteDelete"),
            },
            documented={"list": (422,), "create": (422,), "update": (422,)},
        )

    def include(self) -> Include:
        """The notes of each row of a list, for those who may see notes; one statement for a whole page."""
        order = [column.desc() for column in _ORDER]
        notes = children(note, note.c.object_id, Note, columns=_COLUMNS, order=order, where=self._mine)

        async def load(tx: Tx, ids: Sequence[Any]) -> Mapping[Any, Any]:
            if not may(tx, VIEW):
                raise Forbidden
            return await notes.found(tx, ids, None)

        return Include(load)

    async def forget(self, tx: Tx, object_id: int) -> None:
        """Remove the notes on an object that is going."""
        await tx.run(_FORGET, kind=self.kind, id=object_id)

    async def _write(self, tx: Tx, columns: dict[str, Any], current: Any | None) -> None:
        """Who wrote it; and to pin is a right of its own, as is to change the text."""
        admin = tx.subject.user_id if tx.subject is not None else None
        if current is None:
            columns |= {"object_kind": self.kind, "created_by_id": admin}
            return
        needed = {PIN if name == "pinned" else UPDATE for name in columns}
        if not all(may(tx, scope) for scope in needed):
            raise Forbidden
        columns["updated_by_id"] = admin


def may(tx: Tx, scope: str) -> bool:
    """Whether whoever acts may; the installation itself may everything."""
    return tx.subject is None or bool(tx.subject.may(scope))
