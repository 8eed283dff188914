"""Reading connections: pages into the shadow, the owner's slots into canonical, marks for what depends on them.

A page is one transaction. A cursor moves only when the read it belongs to was stored whole; a record is missing only
after a complete read of the same scope that no guard doubts (R13, R22).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from sqlalchemy import Connection, Row, func, select

from canonical.clock import instant_text, parse_instant
from canonical.errors import SkippableError
from connectors.base import Page, RawRecord
from mappings.compiled import CompiledMapping
from mappings.model import Mapped
from sync import conflicts, cursors, facts, identity, missing, quarantine, shadow
from sync.ahead import read_ahead
from sync.hub import Hub
from sync.marks import mark
from sync.missing import SeenSet
from sync.observeset import Due
from sync.overdue import mark_overdue
from sync.quarantine import UNREADABLE, Entry
from sync.rereading import Rereading
from sync.store import body
from sync.topology import mappings_by_resource, read_paths
from sync.updates import fact_change, marks_for

_STORED = 500
_NAMELESS = "?"


class ReadMode(Enum):
    """FULL reads everything; DELTA what changed since the cursor; AUTO is DELTA, with a sweep where one is due.

    MARKED reads only what is marked to be read again: it moves no cursor and proves nothing about the rest.
    """

    FULL = "full"
    DELTA = "delta"
    AUTO = "auto"
    MARKED = "marked"


@dataclass
class ReadReport:
    """What reading one connection did; ``nameless`` counts records that could not be read, not even their id."""

    connection: str
    records: int = 0
    changed: int = 0
    outdated: int = 0
    incomplete: list[str] = field(default_factory=list)
    swept: list[str] = field(default_factory=list)
    shrunk: list[str] = field(default_factory=list)
    nameless: int = 0
    issues: Counter[str] = field(default_factory=Counter)


def observe(hub: Hub, name: str, mode: ReadMode) -> ReadReport:
    """Read every resource that a connection's flows need."""
    report = ReadReport(name)
    for resource, mappings in mappings_by_resource(hub.config, name).items():
        _observe_resource(hub, name, resource, mappings, mode, report)
    if report.swept and not report.shrunk and not report.incomplete:
        with hub.database.begin() as connection:
            missing.thaw(hub, connection, name)
    return report


def reread(hub: Hub, name: str, resource: str, ids: Sequence[str], *, late_copies: bool = True) -> ReadReport:
    """Read exactly these records again; without ``late_copies`` what is read counts, whatever we wrote just before."""
    report = ReadReport(name)
    mappings = mappings_by_resource(hub.config, name)[resource]
    connector = hub.connector(name)
    for page in connector.lookup(resource, read_paths(mappings), list(dict.fromkeys(ids))):
        with hub.database.begin() as connection:
            store_page(hub, connection, name, mappings, page, report, touch=True, late_copies=late_copies)
    return report


def drain(hub: Hub, name: str, *, late_copies: bool = True) -> int:
    """Read the records of a connection that are marked to be read again; tells how many.

    Marks of documents are left alone.
    """

    def read(due: Due) -> None:
        reread(hub, name, due.resource, list(due.refs), late_copies=late_copies)

    return Rereading(hub, name).drain(mappings_by_resource(hub.config, name), read)


def _observe_resource(
    hub: Hub, name: str, resource: str, mappings: list[CompiledMapping], mode: ReadMode, report: ReadReport
) -> None:
    scope = _scope(mappings)
    with hub.database.begin() as connection:
        state = cursors.load(connection, name, resource)
    delta = mode is not ReadMode.FULL and bool(state.cursor) and state.scope == scope
    if delta and mode is ReadMode.AUTO and _sweep_due(hub, name, resource, mappings, state):
        delta = False
    connector = hub.connector(name)
    paths = read_paths(mappings)
    found = connector.changed_since(resource, paths, state.cursor) if delta else connector.pull(resource, paths)
    with closing(read_ahead(hub, name, found, least=_STORED)) as pages:
        if delta:
            _store_delta(hub, name, mappings, pages, state, report)
        else:
            _store_sweep(hub, name, mappings, pages, state, scope, report)


def _scope(mappings: Iterable[CompiledMapping]) -> str:
    """Names what a read covers: reads of another scope never add up (R13)."""
    text = "|".join(f"{m.entity}:{m.resource}:{','.join(m.read_paths)}" for m in mappings)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _sweep_due(
    hub: Hub, name: str, resource: str, mappings: Iterable[CompiledMapping], state: cursors.CursorState
) -> bool:
    if not state.swept_at:
        return True
    flows = [f for f in hub.config.flows.values() if name in (f.source, *f.targets)]
    every = min((flow.sweep_every for flow in flows), default=None)
    return every is not None and hub.now() - parse_instant(state.swept_at) >= every


def covers_stock(hub: Hub, name: str, mappings: Iterable[CompiledMapping]) -> bool:
    """Whether the platform's change stamp moves with everything these mappings read (R22)."""
    manifest = hub.config.connections[name].manifest
    for mapping in mappings:
        spec = manifest.resources[mapping.resource]
        if not spec.timestamp:
            return False
        paths = [rule.read_path for rule in mapping.fields.values() if rule.readable]
        if not all(
            any(path == one or path.startswith((one + ".", one + "[")) for one in spec.covers) for path in paths
        ):
            return False
    return True


def _store_delta(
    hub: Hub,
    name: str,
    mappings: list[CompiledMapping],
    pages: Iterator[Page],
    state: cursors.CursorState,
    report: ReadReport,
) -> None:
    first, until, cursor = "", "", ""
    for page in pages:
        first, until = first or instant_text(page.as_of), instant_text(page.as_of)
        cursor = page.cursor or cursor
        with hub.database.begin() as connection:
            store_page(hub, connection, name, mappings, page, report)
        hub.checkpoint("page stored")
    if not cursor:
        report.incomplete.append(state.resource)
        return
    read_at = first if covers_stock(hub, name, mappings) else state.read_at
    with hub.database.begin() as connection:
        mark_overdue(hub, connection, name, mappings, state, read_at)
        cursors.save(
            connection, state.moved(cursor=cursor, read_at=read_at, read_until=until if read_at == first else "")
        )


def _store_sweep(
    hub: Hub,
    name: str,
    mappings: list[CompiledMapping],
    pages: Iterator[Page],
    state: cursors.CursorState,
    scope: str,
    report: ReadReport,
) -> None:
    with hub.database.begin() as connection:
        seen = SeenSet(connection.execute(select(func.coalesce(func.max(shadow.SHADOW.c.id), 0))).scalar_one())
    first, until, cursor, complete, count, nameless = "", "", "", False, 0, report.nameless
    for page in pages:
        first, until = first or instant_text(page.as_of), instant_text(page.as_of)
        cursor = page.cursor or cursor
        complete = page.complete
        with hub.database.begin() as connection:
            count += store_page(hub, connection, name, mappings, page, report, seen)
        hub.progress(f"read {name} {state.resource}", count, None)
        hub.checkpoint("page stored")
    if not complete:
        report.incomplete.append(state.resource)
        return
    with hub.database.begin() as connection:
        if missing.shrunk(hub, name, state, count, scope):
            report.shrunk.append(state.resource)
            missing.freeze(hub, connection, name)
            # Until it is whole again every read is a complete one, so that the doubt ends as soon as it can.
            cursors.save(connection, replace(state, cursor=""))
            return
        if report.nameless == nameless:
            # Otherwise a record that seems to be missing may be one whose id could not be read.
            missing.mark_gone(hub, connection, name, mappings, seen, same_scope=state.scope in ("", scope))
            quarantine.release_unreadable(connection, name, [mapping.entity for mapping in mappings], [_NAMELESS])
        mark_overdue(hub, connection, name, mappings, state, first)
        cursors.save(
            connection,
            state.moved(cursor=cursor, read_at=first, read_until=until, swept_at=first, swept_count=count, scope=scope),
        )
    report.swept.append(state.resource)


def store_page(
    hub: Hub,
    connection: Connection,
    name: str,
    mappings: list[CompiledMapping],
    page: Page,
    report: ReadReport,
    seen: SeenSet | None = None,
    *,
    touch: bool = False,
    late_copies: bool = True,
) -> int:
    """Store a page for every mapping it feeds; tells how many records were ours."""
    as_of = instant_text(page.as_of)
    proven = cursors.load(connection, name, page.resource).read_at
    lag = hub.config.connections[name].lag
    lagging = instant_text(page.as_of - lag) if lag and late_copies else ""
    most = 0
    marks = [body.digest(raw) for raw in page.records]
    for mapping in mappings:
        sighted, fresh = _tell_apart(connection, name, mapping, page.records, marks)
        records, unread = _decode(hub, connection, name, mapping, fresh, report)
        stored = shadow.store(
            connection,
            name,
            mapping.entity,
            records,
            as_of,
            proven=proven,
            lagging=lagging,
            touch=touch,
            sighted=sighted,
        )
        if seen is not None:
            seen.add(stored.seen)
            # What cannot be read is there nevertheless.
            seen.add(row.id for row in shadow.spot(connection, name, mapping.entity, sorted(unread)).values())
        readable = [one for one in sighted.marks if one not in unread]
        quarantine.release_unreadable(connection, name, [mapping.entity], readable)
        report.changed += len(stored.changed)
        report.outdated += stored.outdated
        accept(hub, connection, name, mapping.entity, stored.changed, as_of, report)
        most = max(most, len(records) + len(sighted.unchanged))
    report.records += most
    return most


def _tell_apart(
    connection: Connection, name: str, mapping: CompiledMapping, raws: Sequence[RawRecord], marks: Sequence[bytes]
) -> tuple[shadow.Sighted, list[RawRecord]]:
    """Tell records whose bytes are those last stored from the rest, which must be mapped to be judged."""
    ids = [mapping.identify(raw) for raw in raws]
    rows = shadow.spot(connection, name, mapping.entity, [one for one in ids if one])
    unchanged: dict[str, Row[Any]] = {}
    fresh: dict[object, RawRecord] = {}
    for number, (external_id, raw, own) in enumerate(zip(ids, raws, marks, strict=True)):
        row = rows.get(external_id)
        if row is not None and row.digest.startswith(own) and not row.gone_since:
            unchanged[external_id] = row
            fresh.pop(external_id, None)
        else:
            unchanged.pop(external_id, None)
            fresh[external_id or number] = raw
    return shadow.Sighted(unchanged, dict(zip(ids, marks, strict=True)), rows), list(fresh.values())


def _decode(
    hub: Hub,
    connection: Connection,
    name: str,
    mapping: CompiledMapping,
    raws: Sequence[RawRecord],
    report: ReadReport,
) -> tuple[list[Mapped], set[str]]:
    """Map records; those that cannot be read are quarantined, and their ids told as far as they have one."""
    records: list[Mapped] = []
    unread: set[str] = set()
    for raw in raws:
        try:
            record = mapping.decode(raw)
        except SkippableError as error:
            report.issues[error.reason] += 1
            external_id = error.ref or mapping.identify(raw)
            report.nameless += not external_id
            unread.add(external_id or _NAMELESS)
            entry = Entry(name, mapping.entity, external_id or _NAMELESS, "", UNREADABLE, str(error))
            quarantine.put(connection, [entry], hub.stamp())
            continue
        if record is not None:
            records.append(record)
    return records, unread


def _said(mapped: Mapped) -> set[str]:
    """The slots a record speaks of: where its word cannot be read the last good one stands, not nothing or zero."""
    return {*mapped.slots, *(issue.slot for issue in mapped.issues)}


def accept(
    hub: Hub,
    connection: Connection,
    name: str,
    entity: str,
    changed: Sequence[shadow.Changed],
    as_of: str,
    report: ReadReport,
) -> None:
    """Take changed records in: issues to quarantine, owned slots to canonical, marks for what depends on them."""
    entries = [
        Entry(name, entity, one.mapped.external_id, issue.slot, issue.reason, issue.detail, one.mapped.sku)
        for one in changed
        for issue in one.mapped.issues
    ]
    quarantine.release_slots(connection, name, entity, [c.mapped.external_id for c in changed if not c.is_new])
    quarantine.put(connection, entries, hub.stamp())
    report.issues.update(entry.reason for entry in entries)
    linked = [one for one in changed if one.item_id is not None]
    for one in linked:
        if one.returned and one.item_id is not None:
            conflicts.close_slot(connection, name, entity, one.item_id, "", "came back", hub.stamp())
    if not linked:
        return
    changes = [
        change
        for one in linked
        if one.item_id is not None
        and (
            change := fact_change(
                hub.config, name, entity, one.item_id, one.mapped.slots, as_of, one.moved - _said(one.mapped)
            )
        )
    ]
    identity.follow(hub, connection, name, entity, linked)
    moved = facts.store(connection, changes)
    touched = [one.item_id for one in linked if (one.moved or one.returned) and one.item_id is not None]
    mark(connection, marks_for(hub.config, connection, name, entity, touched, moved), hub.stamp())
