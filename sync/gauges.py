"""The state of the hub as figures for a monitoring system: a few bounded queries, no names of people or records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from canonical.clock import parse_instant
from sync import flowstate, freshness, quarantine
from sync.config import HubConfig
from sync.orders import store as orders
from sync.store import tables
from sync.store.inbox import Inbox
from sync.store.orders import Incident

_OBSERVE = tables.table(tables.Observe)
_PROJECT = tables.table(tables.Project)
_CALL = tables.table(tables.CallRow)
_CONFLICT = tables.table(tables.Conflict)
_DROP = tables.table(tables.Drop)
_INCIDENT = tables.table(Incident)
_INBOX = tables.table(Inbox)
_OPEN_CALLS = ("in_flight", "unknown")
_OPEN_EFFECTS = ("waiting", "blocked", "in_flight", "unknown")


@dataclass(frozen=True, slots=True)
class Gauge:
    """One figure by its labels: ``samples`` are label values and the figure."""

    name: str
    about: str
    labels: tuple[str, ...]
    samples: tuple[tuple[tuple[str, ...], float], ...]


def gauges(connection: Connection, config: HubConfig, now: datetime) -> list[Gauge]:
    """Every figure that lives in the database."""
    age = _age(now)
    return [
        *_fresh(connection, config, age),
        *_flows(connection, config),
        *_queues(connection, age),
        *_open(connection),
    ]


def _age(now: datetime) -> Callable[[str], float]:
    return lambda instant: max(0.0, (now - parse_instant(instant)).total_seconds())


def _fresh(connection: Connection, config: HubConfig, age: Callable[[str], float]) -> list[Gauge]:
    """What was never read has no age: the series is absent until it was."""
    reads = freshness.owner_reads(connection, config)
    equal = freshness.fresh(connection, config)
    return [
        Gauge(
            "field_lag_seconds",
            "Age of what we know of an owned field: since its owner was last read whole or proven unchanged.",
            ("entity", "field", "owner"),
            tuple((key, age(at)) for key, at in reads.items() if at),
        ),
        Gauge(
            "flow_equal_age_seconds",
            "Time since a flow's target was last proven equal to its owner, but for what is held or quarantined.",
            ("flow", "target"),
            tuple(((one.flow, one.connection), age(one.equal_at)) for one in equal if one.equal_at),
        ),
    ]


def _flows(connection: Connection, config: HubConfig) -> list[Gauge]:
    known = {(one.flow, one.connection): one for one in flowstate.all_standings(connection)}
    wanted = [(flow.name, target) for flow in config.flows.values() for target in flow.targets]
    found = {key: known.get(key, flowstate.Standing(*key)) for key in wanted}
    labels = ("flow", "target")
    live = tuple((key, float(one.live)) for key, one in found.items())
    frozen = tuple((key, float(bool(one.frozen))) for key, one in found.items())
    return [
        Gauge("flow_live", "1 where a flow was adopted and is written.", labels, live),
        Gauge("flow_frozen", "1 where a guard froze a flow.", labels, frozen),
    ]


def _queues(connection: Connection, age: Callable[[str], float]) -> list[Gauge]:
    """How much waits where, and since when the oldest of it."""
    effect, call = orders.EFFECT.c, _CALL.c
    waits: dict[tuple[str, str], tuple[int, str]] = {}
    for queue, query in (
        ("marked_records", _depth(_OBSERVE.c.connection, _OBSERVE.c.since)),
        ("marked_items", _depth(_PROJECT.c.connection, _PROJECT.c.since)),
        ("calls", _depth(call.connection, call.created_at).where(call.state.in_(_OPEN_CALLS))),
        ("effects", _depth(effect.connection, effect.created_at).where(effect.state.in_(_OPEN_EFFECTS))),
        ("demands", _depth(_INBOX.c.connection, _INBOX.c.received_at).where(_INBOX.c.demand != "", _unhandled())),
    ):
        waits.update({(queue, row[0]): (row[1], row[2]) for row in connection.execute(query)})
    labels = ("queue", "connection")
    depth = tuple((key, float(count)) for key, (count, _) in waits.items())
    oldest = tuple((key, age(since)) for key, (_, since) in waits.items())
    return [
        Gauge("queue_depth", "What waits, by queue; a queue without a series is empty.", labels, depth),
        Gauge("queue_oldest_age_seconds", "Age of the oldest that waits, by queue.", labels, oldest),
    ]


def _depth(connection: Any, since: Any) -> Select[Any]:
    return select(connection, func.count(), func.min(since)).group_by(connection)


def _unhandled() -> Any:
    return _INBOX.c.handled_at == ""


def _open(connection: Connection) -> list[Gauge]:
    conflicts = select(_CONFLICT.c.connection, func.count()).where(_CONFLICT.c.state == "open")
    drops = select(_DROP.c.connection, func.sum(_DROP.c.open_units)).where(_DROP.c.open_units > 0)
    incidents = select(_INCIDENT.c.kind, func.count()).where(_INCIDENT.c.closed_at == "")
    return [
        _counted(connection, "conflicts_open", "Open conflicts.", conflicts.group_by(_CONFLICT.c.connection)),
        _counted(
            connection,
            "drop_units_open",
            "Units that left a channel and that the owner's figure is not known to hold.",
            drops.group_by(_DROP.c.connection),
        ),
        _counted(connection, "incidents_open", "Open incidents.", incidents.group_by(_INCIDENT.c.kind), "kind"),
        Gauge(
            "quarantined",
            "Records and fields that are left out, by reason.",
            ("connection", "reason"),
            tuple((key, float(count)) for key, count in quarantine.counts(connection).items()),
        ),
    ]


def _counted(connection: Connection, name: str, about: str, query: Select[Any], label: str = "connection") -> Gauge:
    return Gauge(name, about, (label,), tuple(((row[0],), float(row[1])) for row in connection.execute(query)))
