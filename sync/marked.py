"""Reading the documents that are marked to be read again: just these, each once, however often it was marked (R18)."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from sync import observeset
from sync.documents import Take, reread_documents
from sync.hub import Hub
from sync.observeset import Due
from sync.rereading import Rereading
from sync.store import tables
from sync.store.database import among
from sync.store.orders import Document

_OBSERVE, _DOCUMENT = tables.table(tables.Observe), tables.table(Document)


def drain_documents(hub: Hub, name: str, takers: Mapping[str, Take]) -> int:
    """Look up the marked documents of a connection; tells how many were asked for.

    What was stored from a read that began after the mark was set is not asked for again.
    """
    kinds = _kinds(hub, name, takers)
    asked = 0

    def read(due: Due) -> None:
        nonlocal asked
        with hub.database.begin() as connection:
            known = _read_since(connection, name, due, kinds[due.resource])
        left = [ref for ref in due.refs if ref not in known]
        for kind in kinds[due.resource] if left else ():
            reread_documents(hub, name, kind, left, takers[kind])
        asked += len(left)

    Rereading(hub, name).drain(kinds, read)
    return asked


def drop_unread(hub: Hub, name: str, resources: Mapping[str, object], takers: Mapping[str, Take]) -> None:
    """Take out the marks of a connection on records that nothing here reads."""
    with hub.database.begin() as connection:
        observeset.drop_others(connection, name, [*resources, *_kinds(hub, name, takers)])


def _kinds(hub: Hub, name: str, takers: Mapping[str, Take]) -> dict[str, list[str]]:
    """The kinds of documents that are read from each resource of a connection."""
    found: dict[str, list[str]] = {}
    for kind in takers:
        mapping = hub.config.connections[name].documents.get(kind)
        if mapping is not None and mapping.resource:
            found.setdefault(mapping.resource, []).append(kind)
    return found


def _read_since(connection: Connection, name: str, due: Due, kinds: list[str] | tuple[str, ...]) -> set[str]:
    """Which of the marked ones were stored from a read that began later than they were marked."""
    if not due.refs:
        return set()
    same = (_OBSERVE.c.connection == _DOCUMENT.c.connection) & (_OBSERVE.c.external_id == _DOCUMENT.c.external_id)
    query = select(_OBSERVE.c.external_id).join(_DOCUMENT, same)
    query = query.where(
        _OBSERVE.c.connection == name,
        _OBSERVE.c.resource == due.resource,
        _DOCUMENT.c.kind.in_(kinds),
        _DOCUMENT.c.as_of > _OBSERVE.c.last_at,
        among(connection, _OBSERVE.c.external_id, due.refs),
    )
    return set(connection.execute(query).scalars())
