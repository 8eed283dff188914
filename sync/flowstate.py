"""Where each flow stands on each target: new, adopting or live, and frozen by which guard."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from sync.store import tables
from sync.store.database import upsert

_STATE = tables.table(tables.FlowState)
SHRUNK = "guard_shrunk"
"""The guard that doubts a whole source: it outlasts every other one."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A flow's standing on one target; ``frozen`` names the guard that froze it, empty when none did.

    ``scope`` are the fields and places that were approved: what the configuration adds waits for an approval (R12).
    """

    flow: str
    connection: str
    state: str = "new"
    adopted_at: str = ""
    frozen: str = ""
    frozen_at: str = ""
    scope: str = ""

    def covers(self, part: str) -> bool:
        """Whether a field or a place was there when the flow was approved; one without a scope covers all."""
        return not self.scope or part in self.scope.split(",")

    @property
    def live(self) -> bool:
        """Whether changes may be written."""
        return self.state == "live"


def load(connection: Connection, flow: str, target: str) -> Standing:
    """The standing of a flow on a target; ``new`` when it was never adopted."""
    row = connection.execute(select(_STATE).where(_STATE.c.flow == flow, _STATE.c.connection == target)).first()
    return Standing(**row._mapping) if row is not None else Standing(flow, target)


def all_standings(connection: Connection) -> list[Standing]:
    """Every standing that was stored."""
    rows = connection.execute(select(_STATE).order_by(_STATE.c.flow, _STATE.c.connection))
    return [Standing(**row._mapping) for row in rows]


def _save(connection: Connection, standing: Standing) -> None:
    row = {name: getattr(standing, name) for name in Standing.__slots__}
    upsert(connection, _STATE, [row])


def make_live(connection: Connection, flow: str, target: str, now: str, scope: str = "") -> None:
    """The operator approved the first sync: the flow is live."""
    _save(connection, Standing(flow, target, "live", now, scope=scope))


def begin_adopting(connection: Connection, flow: str, target: str) -> None:
    """The differences were reported; an approval is awaited."""
    if load(connection, flow, target).state == "new":
        _save(connection, Standing(flow, target, "adopting"))


def freeze(connection: Connection, flow: str, target: str, guard: str, now: str) -> None:
    """A guard stops a flow on a target; the first reason and date stay, unless the source itself is in doubt."""
    standing = load(connection, flow, target)
    if not standing.frozen or (guard == SHRUNK and standing.frozen != SHRUNK):
        _save(connection, replace(standing, frozen=guard, frozen_at=now))


def thaw(connection: Connection, flow: str, target: str, guard: str = "") -> None:
    """Let a flow go on; with a guard's name only if that one froze it."""
    standing = load(connection, flow, target)
    if standing.frozen and guard in ("", standing.frozen):
        _save(connection, replace(standing, frozen="", frozen_at=""))
