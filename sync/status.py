"""The state of the hub in numbers, for ``status`` and for exit codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, func, select

from sync import conflicts, cursors, drops, flowstate, journal, overrides, quarantine
from sync.alerts import log
from sync.cursors import CursorState
from sync.flowstate import Standing
from sync.hub import Hub
from sync.orders import views
from sync.orders.store import incidents
from sync.store import tables

_ITEM = tables.table(tables.Item)
_PROJECT = tables.table(tables.Project)
_RUN = tables.table(tables.Run)


@dataclass(frozen=True, slots=True)
class Status:
    """What is known, what waits, what is held."""

    items: int
    standings: list[Standing]
    reads: list[CursorState]
    marked: dict[tuple[str, str], int]
    conflicts: int
    drops: int
    overrides: dict[str, int]
    quarantined: dict[tuple[str, str], int]
    open_calls: dict[tuple[str, str], int]
    last_run: Row[Any] | None
    orders: dict[str, int] = field(default_factory=dict)
    effects: dict[str, int] = field(default_factory=dict)
    incidents: int = 0
    untold: list[dict[str, object]] = field(default_factory=list)

    @property
    def orders_held(self) -> int:
        """Orders that go on only when a person does something."""
        return sum(self.orders.get(state, 0) for state in views.NEEDS_SOMEONE)

    @property
    def holds(self) -> bool:
        """Whether records are held or quarantined: exit code 5 where there is nothing else to do."""
        held = self.conflicts or self.drops or self.quarantined or self.open_calls or self.overrides.get("hold")
        return bool(held or self.orders_held)


def status(hub: Hub) -> Status:
    """Count everything that an operator should know."""
    with hub.database.begin() as connection:
        marked = connection.execute(
            select(_PROJECT.c.connection, _PROJECT.c.flow, func.count()).group_by(
                _PROJECT.c.connection, _PROJECT.c.flow
            )
        )
        return Status(
            items=int(connection.execute(select(func.count()).select_from(_ITEM)).scalar_one()),
            standings=_standings(hub, connection),
            reads=cursors.all_states(connection),
            marked={(row[0], row[1]): row[2] for row in marked},
            conflicts=len(conflicts.listing(connection)),
            drops=len(drops.listing(connection)),
            overrides=overrides.count(connection),
            quarantined=quarantine.counts(connection),
            open_calls=journal.count_open(connection),
            orders=views.counts(connection),
            effects=views.effect_counts(connection),
            incidents=len(incidents(connection)),
            untold=log.failing(connection),
            last_run=connection.execute(select(_RUN).order_by(_RUN.c.id.desc()).limit(1)).first(),
        )


def _standings(hub: Hub, connection: Connection) -> list[Standing]:
    return [
        flowstate.load(connection, flow.name, target) for flow in hub.config.flows.values() for target in flow.targets
    ]


def runs(hub: Hub, limit: int = 20) -> Sequence[Row[Any]]:
    """The latest runs, newest first."""
    with hub.database.begin() as connection:
        return connection.execute(select(_RUN).order_by(_RUN.c.id.desc()).limit(limit)).all()


def reasons(found: Status) -> Counter[str]:
    """Quarantined records and slots by reason, over all connections."""
    total: Counter[str] = Counter()
    for (_, reason), count in found.quarantined.items():
        total[reason] += count
    return total
