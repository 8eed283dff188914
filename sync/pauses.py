"""What is left alone until somebody lets it go on: flows, connections, or everything the daemon does by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Connection, delete, select

from sync.config import FlowConfig
from sync.hub import Hub
from sync.store.database import upsert
from sync.store.schedules import Pause
from sync.store.tables import table

_PAUSE = table(Pause)
FLOW, CONNECTION, ALL = "flow", "connection", "all"


class Paused(NamedTuple):
    """One thing that is paused; ``kind`` is flow, connection or all."""

    kind: str
    name: str
    since: str = ""


@dataclass(frozen=True, slots=True)
class Pauses:
    """Everything that is paused now."""

    everything: bool = False
    flows: frozenset[str] = field(default_factory=frozenset)
    connections: frozenset[str] = field(default_factory=frozenset)

    def left(self, flows: Iterable[FlowConfig]) -> list[FlowConfig]:
        """Those of these flows that are not paused."""
        return [] if self.everything else [flow for flow in flows if flow.name not in self.flows]


def load(connection: Connection) -> Pauses:
    """What is paused."""
    rows = listing(connection)
    return Pauses(
        everything=any(row.kind == ALL for row in rows),
        flows=frozenset(row.name for row in rows if row.kind == FLOW),
        connections=frozenset(row.name for row in rows if row.kind == CONNECTION),
    )


def listing(connection: Connection) -> list[Paused]:
    """What is paused, and since when."""
    return [Paused(*row) for row in connection.execute(select(_PAUSE).order_by(_PAUSE.c.kind, _PAUSE.c.name))]


def pause(connection: Connection, what: Sequence[Paused], now: str) -> None:
    """Pause flows, connections, or everything; what is paused already keeps its date."""
    rows = [{"kind": one.kind, "name": one.name, "since": now} for one in what]
    upsert(connection, _PAUSE, rows, keep=("since",))


def resume(connection: Connection, what: Iterable[Paused]) -> int:
    """Let these go on; tells how many were paused."""
    count = 0
    for one in what:
        gone = connection.execute(delete(_PAUSE).where(_PAUSE.c.kind == one.kind, _PAUSE.c.name == one.name))
        count += gone.rowcount
    return count


def obey(hub: Hub, flows: Sequence[FlowConfig], *, named: bool = False) -> list[FlowConfig]:
    """The flows that a run may work on; the hub leaves paused connections alone from now on.

    A flow that was asked for by name runs though it, or everything, is paused: a person is there.
    """
    with hub.database.begin() as connection:
        pauses = load(connection)
    hub.paused = pauses.connections
    if pauses.everything and not named:
        hub.paused = frozenset(hub.config.connections)
    return list(flows) if named else pauses.left(flows)
