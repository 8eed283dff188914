"""How old what we know is: the owner's values, and the last moment at which a flow's target was proven equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from sync import cursors, flowstate, journal
from sync.config import FlowConfig, HubConfig
from sync.store import tables

_PROJECT = tables.table(tables.Project)
_CALL = tables.table(tables.CallRow)


@dataclass(frozen=True, slots=True)
class Freshness:
    """A live flow on one target; everything but what is held or quarantined was proven equal at ``equal_at``.

    An empty ``equal_at`` is never: one side was not read yet.
    """

    flow: str
    connection: str
    equal_at: str


def fresh(connection: Connection, config: HubConfig) -> list[Freshness]:
    """Every live flow on each of its targets, with the moment up to which the two were proven equal."""
    reads = _reads(connection)
    marked = _oldest_marks(connection)
    called = _oldest_calls(connection)
    live = {(one.flow, one.connection): one for one in flowstate.all_standings(connection) if one.live}
    found = []
    for flow in config.flows.values():
        for target in flow.targets:
            standing = live.get((flow.name, target))
            if standing is None:
                continue
            bounds = [_read_at(config, reads, flow, name) for name in (flow.source, target)]
            # What was marked, sent or frozen since cannot be called equal, however new the reads are.
            since = (marked.get((target, flow.name)), called.get(target), standing.frozen_at or None)
            found.append(Freshness(flow.name, target, min([*bounds, *(one for one in since if one is not None)])))
    return found


def owner_reads(connection: Connection, config: HubConfig) -> dict[tuple[str, str, str], str]:
    """When the owner of each owned field was last read whole or proven unchanged: by entity, field and owner."""
    reads = _reads(connection)
    found: dict[tuple[str, str, str], str] = {}
    for rule in config.ownership.rules:
        owner = config.connections.get(rule.owner)
        mapping = owner.mappings.get(rule.entity) if owner is not None else None
        if mapping is not None:
            key = (rule.entity, rule.field, rule.owner)
            found[key] = reads.get((rule.owner, mapping.resource), "")
    return found


def _reads(connection: Connection) -> dict[tuple[str, str], str]:
    return {(one.connection, one.resource): one.read_at for one in cursors.all_states(connection)}


def _read_at(config: HubConfig, reads: Mapping[tuple[str, str], str], flow: FlowConfig, name: str) -> str:
    mapping = config.connections[name].mappings.get(flow.entity)
    return reads.get((name, mapping.resource), "") if mapping is not None else ""


def _oldest_marks(connection: Connection) -> dict[tuple[str, str], str]:
    keys = (_PROJECT.c.connection, _PROJECT.c.flow)
    rows = connection.execute(select(*keys, func.min(_PROJECT.c.since)).group_by(*keys))
    return {(row[0], row[1]): row[2] for row in rows}


def _oldest_calls(connection: Connection) -> dict[str, str]:
    still_open = select(_CALL.c.connection, func.min(_CALL.c.created_at)).where(_CALL.c.state.in_(journal.OPEN))
    return {row[0]: row[1] for row in connection.execute(still_open.group_by(_CALL.c.connection))}
