"""How far each resource was read, and what its last complete read saw."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from sqlalchemy import Connection, bindparam, select, update

from sync.store import tables
from sync.store.database import upsert

_CURSOR = tables.table(tables.Cursor)
_ONE = select(_CURSOR).where(_CURSOR.c.connection == bindparam("of"), _CURSOR.c.resource == bindparam("what"))


@dataclass(frozen=True, slots=True)
class CursorState:
    """The reading state of one resource; empty texts where nothing was read yet.

    ``read_at`` is the start of the last read that proves unchanged what it did not return, ``read_until`` when that
    read sent its last request, ``read_before`` the start of the one before it.
    """

    connection: str
    resource: str
    cursor: str = ""
    scope: str = ""
    read_at: str = ""
    read_until: str = ""
    read_before: str = ""
    swept_at: str = ""
    swept_count: int = 0

    def moved(
        self,
        *,
        cursor: str,
        read_at: str,
        read_until: str = "",
        swept_at: str | None = None,
        swept_count: int | None = None,
        scope: str | None = None,
    ) -> CursorState:
        """The state after a read that was stored whole."""
        return replace(
            self,
            cursor=cursor or self.cursor,
            read_at=max(self.read_at, read_at),
            read_until=max(self.read_until, read_until),
            read_before=self.read_at if read_at > self.read_at else self.read_before,
            swept_at=self.swept_at if swept_at is None else swept_at,
            swept_count=self.swept_count if swept_count is None else swept_count,
            scope=self.scope if scope is None else scope,
        )


def load(connection: Connection, name: str, resource: str) -> CursorState:
    """The reading state of a resource, fresh if it was never read."""
    row = connection.execute(_ONE, {"of": name, "what": resource}).first()
    return CursorState(**row._mapping) if row is not None else CursorState(name, resource)


def save(connection: Connection, state: CursorState) -> None:
    """Keep the reading state of a resource."""
    upsert(connection, _CURSOR, [asdict(state)])


def all_states(connection: Connection) -> list[CursorState]:
    """Every resource's reading state."""
    rows = connection.execute(select(_CURSOR).order_by(_CURSOR.c.connection, _CURSOR.c.resource))
    return [CursorState(**row._mapping) for row in rows]


def forget_counts(connection: Connection, name: str) -> None:
    """Measure the next complete read of a connection against nothing."""
    connection.execute(update(_CURSOR).where(_CURSOR.c.connection == name).values(swept_count=0))
