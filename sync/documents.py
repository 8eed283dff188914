"""Reading whole documents: raw first, then mapped; one that cannot be mapped is kept and blocks no other.

A page is one transaction: its records, what follows from them, and their marks. The cursor moves only when the read it
belongs to was stored whole (R22). Documents are never deleted by absence (R13).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import Connection, Row, select

from canonical.clock import instant_text, parse_instant
from canonical.errors import SkippableError
from connectors.base import Page
from mappings.documents import DocumentMapping
from sync import cursors
from sync.ahead import read_ahead
from sync.contain import of_one_record
from sync.hub import Hub
from sync.observe import ReadMode, ReadReport
from sync.privacy import door
from sync.store import body
from sync.store.database import among, chunks, upsert
from sync.store.orders import Document
from sync.store.tables import table

_DOCUMENT = table(Document)
_LAG = timedelta(minutes=15)
"""So long a copy of a platform's may lag behind what it showed before."""
NAMELESS = "?"
"""How the id begins of a document that shows none: it cannot be looked up."""


@dataclass(frozen=True, slots=True)
class Found:
    """A document that changed: as mapped, or why it could not be."""

    connection: str
    kind: str
    external_id: str
    document: msgspec.Struct | None
    as_of: str
    reason: str = ""
    detail: str = ""


Take: TypeAlias = Callable[[Hub, Connection, Found], None]
"""What is done with a changed document, in the transaction that stores it."""


@dataclass(frozen=True, slots=True)
class Absence:
    """What is done about documents that a complete read does not show: ``expected`` are the ids it should, ``missing``
    is told of those that cannot be read by their id either, and ``present`` of those that are there (R13).
    """

    expected: Callable[[Connection, str], set[str]]
    missing: Callable[[Hub, Connection, str, Sequence[str]], None]
    present: Callable[[Hub, Connection, str, Sequence[str]], None]


def observe_documents(
    hub: Hub,
    name: str,
    mode: ReadMode,
    takers: Mapping[str, Take],
    report: ReadReport,
    absences: Mapping[str, Absence] = MappingProxyType({}),
) -> None:
    """Read every kind of document of a connection that someone takes."""
    with hub.read_documents(name):
        for kind in takers:
            mapping = hub.config.connections[name].documents.get(kind)
            if mapping is not None and mapping.resource:
                _observe(hub, name, mapping, mode, takers[kind], report, absences.get(kind))


def reread_documents(hub: Hub, name: str, kind: str, ids: Sequence[str], take: Take) -> None:
    """Read exactly these documents again."""
    mapping = hub.config.connections[name].documents[kind]
    for page in hub.connector(name).lookup(mapping.resource, mapping.read_paths, list(dict.fromkeys(ids))):
        _store_page(hub, name, mapping, page, take)


def _observe(
    hub: Hub,
    name: str,
    mapping: DocumentMapping,
    mode: ReadMode,
    take: Take,
    report: ReadReport,
    absence: Absence | None = None,
) -> None:
    resource = mapping.resource
    with hub.database.begin() as connection:
        state = cursors.load(connection, name, resource)
        expected = absence.expected(connection, name) if absence is not None else set()
    delta = mode is not ReadMode.FULL and bool(state.cursor)
    unseen = set(expected)
    connector, paths = hub.connector(name), mapping.read_paths
    found = connector.changed_since(resource, paths, state.cursor) if delta else connector.pull(resource, paths)
    first, until, cursor, whole, count = "", "", "", delta, 0
    with closing(read_ahead(hub, name, found)) as pages:
        for page in pages:
            first, until = first or instant_text(page.as_of), instant_text(page.as_of)
            cursor = page.cursor or cursor
            whole = delta or page.complete
            count += len(page.records)
            report.changed += _store_page(hub, name, mapping, page, take)
            unseen -= {mapping.identify(bytes(raw)) for raw in page.records} if unseen else set()
            hub.progress(f"read {name} {resource}", count, None)
            hub.checkpoint("page stored")
    report.records += count
    if not whole or (delta and not cursor) or not first:
        report.incomplete.append(resource)
        return
    if absence is not None and not delta:
        _look_for(hub, name, mapping, take, absence, expected, unseen)
    swept = first if not delta else None
    with hub.database.begin() as connection:
        cursors.save(connection, state.moved(cursor=cursor, read_at=first, read_until=until, swept_at=swept))


def _look_for(
    hub: Hub,
    name: str,
    mapping: DocumentMapping,
    take: Take,
    absence: Absence,
    expected: set[str],
    unseen: set[str],
) -> None:
    """Read by their ids what a complete read left out: its window may be narrower than what is expected of it."""
    rest = set(unseen)
    if unseen:
        for page in hub.connector(name).lookup(mapping.resource, mapping.read_paths, sorted(unseen)):
            rest -= {mapping.identify(bytes(raw)) for raw in page.records}
            _store_page(hub, name, mapping, page, take)
    with hub.database.begin() as connection:
        absence.present(hub, connection, name, sorted(expected - rest))
        absence.missing(hub, connection, name, sorted(rest))


def _store_page(hub: Hub, name: str, mapping: DocumentMapping, page: Page, take: Take) -> int:
    """Store a page in one transaction; where one of its records has a fault that no one foresaw, each on its own."""
    try:
        with of_one_record(name), hub.database.begin() as connection:
            return store_documents(hub, connection, name, mapping, page, take)
    except SkippableError:
        return sum(_store_alone(hub, name, mapping, replace(page, records=[raw]), take) for raw in page.records)


def _store_alone(hub: Hub, name: str, mapping: DocumentMapping, page: Page, take: Take) -> int:
    """Store one record; what cannot be taken in is kept as one that cannot be read, and blocks no other."""
    try:
        with of_one_record(name), hub.database.begin() as connection:
            return store_documents(hub, connection, name, mapping, page, take)
    except SkippableError as error:
        with hub.database.begin() as connection:
            return store_documents(hub, connection, name, mapping, page, take, fault=error)


def store_documents(
    hub: Hub,
    connection: Connection,
    name: str,
    mapping: DocumentMapping,
    page: Page,
    take: Take,
    *,
    fault: SkippableError | None = None,
) -> int:
    """Store a page of documents and take in those that changed; tells how many did.

    With a ``fault`` they are kept as documents that cannot be read for it.
    """
    as_of = instant_text(page.as_of)
    raws = [bytes(raw) for raw in page.records]
    ids = [mapping.identify(raw) or NAMELESS + body.digest(raw).hex() for raw in raws]
    newest = dict(zip(ids, raws, strict=True))
    known = _known(connection, name, mapping.document, list(newest))
    erased = door.open_door(connection)
    changed = 0
    for external_id, raw in newest.items():
        row = known.get(external_id)
        digest = body.digest(raw)
        if row is not None and (row.as_of > as_of or (row.digest == digest and not row.reason)):
            continue
        found = _mapped(mapping, name, external_id, raw, as_of)
        if fault is not None:
            found = Found(name, mapping.document, external_id, None, as_of, fault.reason, str(fault))
        if row is not None and _is_stale(found, row):
            continue
        if row is not None and row.digest == digest and found.document is None and found.reason == row.reason:
            found = replace(found, as_of=row.as_of)  # it is no news, though it is looked at again
        found, kept = door.admitted(erased, found, raw)
        _put(connection, hub, found, kept, digest, row)
        take(hub, connection, found)
        changed += 1
    return changed


class _Dated(msgspec.Struct, frozen=True):
    updated_at: datetime | None = None


def _is_stale(found: Found, row: Row[Any]) -> bool:
    """Whether a copy that lags shows what was so before what is known, by the platform's own dates (R9).

    Only for a while: a platform whose clock was set back dates its news earlier as well.
    """
    dated = getattr(found.document, "updated_at", None)
    known = msgspec.json.decode(row.body, type=_Dated).updated_at if dated is not None and row.body else None
    if dated is None or known is None or row.reason:
        return False
    return dated < known and parse_instant(found.as_of) - parse_instant(row.as_of) < _LAG


def _mapped(mapping: DocumentMapping, name: str, external_id: str, raw: bytes, as_of: str) -> Found:
    try:
        document = mapping.decode(raw)
    except SkippableError as error:
        return Found(name, mapping.document, external_id, None, as_of, error.reason, str(error))
    return Found(name, mapping.document, external_id, document, as_of)


def _known(connection: Connection, name: str, kind: str, ids: Sequence[str]) -> dict[str, Row[Any]]:
    found: dict[str, Row[Any]] = {}
    columns = (_DOCUMENT.c.external_id, _DOCUMENT.c.as_of, _DOCUMENT.c.digest, _DOCUMENT.c.reason, _DOCUMENT.c.body)
    for part in chunks(ids):
        rows = connection.execute(
            select(*columns).where(
                _DOCUMENT.c.connection == name,
                _DOCUMENT.c.kind == kind,
                among(connection, _DOCUMENT.c.external_id, part),
            )
        )
        found.update({row.external_id: row for row in rows})
    return found


def _put(connection: Connection, hub: Hub, found: Found, raw: bytes, digest: bytes, row: Row[Any] | None) -> None:
    kept = row.body if row is not None else None
    upsert(
        connection,
        _DOCUMENT,
        [
            {
                "connection": found.connection,
                "kind": found.kind,
                "external_id": found.external_id,
                "as_of": found.as_of,
                "digest": digest,
                "raw": raw,
                "body": msgspec.json.encode(found.document) if found.document is not None else kept,
                "reason": found.reason,
                "detail": found.detail[:500],
                "seen_at": hub.stamp(),
            }
        ],
        keep=("seen_at",),
    )


def load(connection: Connection, name: str, kind: str, external_id: str, into: type[Any]) -> Any | None:
    """The last good form of a document, or None."""
    found = connection.execute(
        select(_DOCUMENT.c.body).where(
            _DOCUMENT.c.connection == name, _DOCUMENT.c.kind == kind, _DOCUMENT.c.external_id == external_id
        )
    ).scalar()
    return msgspec.json.decode(found, type=into) if found else None


def any_blocked(connection: Connection, name: str, kind: str, since: str) -> bool:
    """Whether a connection showed a document of a kind since then that could not be mapped."""
    # Compared as it is for the index: of all documents few are blocked.
    here = (_DOCUMENT.c.kind == kind, _DOCUMENT.c.reason > "", _DOCUMENT.c.connection == name)
    return connection.execute(select(_DOCUMENT.c.kind).where(*here, _DOCUMENT.c.as_of >= since)).first() is not None


def blocked(connection: Connection) -> list[Row[Any]]:
    """Every document that could not be mapped, by connection and kind."""
    columns = (
        _DOCUMENT.c.connection,
        _DOCUMENT.c.kind,
        _DOCUMENT.c.external_id,
        _DOCUMENT.c.reason,
        _DOCUMENT.c.detail,
    )
    query = select(*columns).where(_DOCUMENT.c.reason != "").order_by(*columns[:3])
    found: list[Row[Any]] = []
    found.extend(connection.execute(query))
    return found
