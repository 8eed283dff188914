"""What a complete read did not return: shrunken sources are doubted, linked records gone are conflicts (R13)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, func, select, update

from mappings.compiled import CompiledMapping
from sync import conflicts, flowstate
from sync.cursors import CursorState
from sync.hub import Hub
from sync.shadow import SHADOW

_CHUNK = 5000


class SeenSet:
    """One bit a shadow row: 125 KB for a million rows, whatever the number of records."""

    def __init__(self, highest: int) -> None:
        self.highest = highest
        self.count = 0
        self._bits = bytearray(highest // 8 + 1)

    def add(self, ids: Iterable[int]) -> None:
        """Note rows as seen; rows made after the read began count as seen anyway."""
        bits, highest = self._bits, self.highest
        for one in ids:
            if one <= highest and not bits[one >> 3] & (bit := 1 << (one & 7)):
                bits[one >> 3] |= bit
                self.count += 1

    def __contains__(self, one: int) -> bool:
        return one > self.highest or bool(self._bits[one >> 3] & (1 << (one & 7)))


def shrunk(hub: Hub, name: str, state: CursorState, count: int, scope: str) -> bool:
    """Whether a source returned suspiciously few records against its last complete read of the same scope."""
    guards = hub.config.guards
    if state.scope != scope or state.swept_count < guards.min_population:
        return False
    is_source = any(flow.source == name for flow in hub.config.flows.values())
    return is_source and count * 100 < state.swept_count * guards.source_min_percent


def freeze(hub: Hub, connection: Connection, name: str) -> None:
    """Freeze every flow of a doubted source: what it says now moves nothing until it recovers or someone approves."""
    for flow in hub.config.flows.values():
        if flow.source == name:
            for target in flow.targets:
                flowstate.freeze(connection, flow.name, target, flowstate.SHRUNK, hub.stamp())


def thaw(hub: Hub, connection: Connection, name: str) -> None:
    """A complete read of the usual size lifts the doubt."""
    for flow in hub.config.flows.values():
        if flow.source == name:
            for target in flow.targets:
                flowstate.thaw(connection, flow.name, target, flowstate.SHRUNK)


def mark_gone(
    hub: Hub,
    connection: Connection,
    name: str,
    mappings: Iterable[CompiledMapping],
    seen: SeenSet,
    *,
    same_scope: bool,
) -> int:
    """Mark records that a complete read of the same scope did not return; tells how many are newly gone."""
    entities = [mapping.entity for mapping in mappings]
    if not same_scope or _known(connection, name, entities, seen.highest) == seen.count:
        return 0
    gone = 0
    for entity in entities:
        after = ""
        while True:
            rows = connection.execute(
                select(SHADOW.c.id, SHADOW.c.external_id, SHADOW.c.item_id)
                .where(
                    SHADOW.c.connection == name,
                    SHADOW.c.entity == entity,
                    SHADOW.c.gone_since == "",
                    SHADOW.c.external_id > after,
                    SHADOW.c.id <= seen.highest,
                )
                .order_by(SHADOW.c.external_id)
                .limit(_CHUNK)
            ).all()
            if not rows:
                break
            after = rows[-1].external_id
            lost = [row for row in rows if row.id not in seen]
            gone += len(lost)
            if lost:
                connection.execute(
                    update(SHADOW).where(SHADOW.c.id == bindparam("row_id")).values(gone_since=bindparam("now")),
                    [{"row_id": row.id, "now": hub.stamp()} for row in lost],
                )
            for row in lost:
                if row.item_id is not None:
                    found = conflicts.Finding(name, entity, row.item_id, "", "deleted_there", row.external_id)
                    conflicts.open_conflict(connection, found, hub.stamp())
    return gone


def _known(connection: Connection, name: str, entities: Sequence[str], highest: int) -> int:
    """How many records there were when a read began, gone ones included; answered from an index alone."""
    here = (SHADOW.c.connection == name, SHADOW.c.entity.in_(entities), SHADOW.c.id <= highest)
    return int(connection.execute(select(func.count()).where(*here)).scalar_one())
