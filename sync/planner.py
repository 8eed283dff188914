"""Planning: from the project set to a list of changes, judged by the guards before anything is sent.

Plans are rows in the database; nothing holds a whole plan in memory. What is equal leaves the project set; what waits
or is to be written stays until it has been dealt with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert, update

from canonical.slot import parse_slot
from sync import flowstate, marks, tally
from sync.config import FlowConfig, FlowKind
from sync.decision import Verdict, fingerprint
from sync.evaluate import channels_of, evaluate
from sync.guards import Breach, judge, price_moves_too_far
from sync.hub import Hub
from sync.known import Line
from sync.logcontext import about
from sync.orders import oversold
from sync.orders.fresh import read_orders_first
from sync.record import record
from sync.refresh import refresh_stale_channels
from sync.store import body, tables
from sync.store.database import insert_returning_id
from sync.updates import kit_items

_PLAN = tables.table(tables.Plan)
_CHANGE = tables.table(tables.PlanChange)
_CHUNK = 500
_FORCED = ("guard_changed", "guard_zero", "guard_price")
"""What force lets through; a shrunken source is approved as such, by whoever was told of it."""


@dataclass
class PlanSummary:
    """A plan in numbers: what would be written, what is withheld and why.

    ``frozen`` names flow, target and guard wherever a guard doubts the source, even if nothing is withheld by it.
    """

    plan_id: int
    planned: Counter[str] = field(default_factory=Counter)
    withheld: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)
    breaches: list[tuple[str, str, Breach]] = field(default_factory=list)
    frozen: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def changes(self) -> int:
        """Lines that an apply would carry out."""
        return sum(self.planned.values())

    @property
    def guarded(self) -> bool:
        """Whether a guard holds anything back, or doubts a source."""
        return bool(self.frozen) or any(reason.startswith("guard_") for reason in self.withheld)


def plan(
    hub: Hub,
    flows: Iterable[FlowConfig],
    *,
    force: bool = False,
    now: str = "",
    failed: dict[str, str] | None = None,
    since: int = 0,
) -> PlanSummary:
    """Plan every marked item of these flows; ``force`` lets through what guards would withhold.

    ``failed`` names connections that could not be read in this run, and why: they are not tried again, and those
    found now are added. With ``since`` only what was marked from that sequence on is planned: the rest is left to the
    plan of all, and so is the end of a guard's doubt.
    """
    now = now or hub.stamp()
    failed = {} if failed is None else failed
    unread = failed | dict.fromkeys(hub.paused, "paused")
    with hub.database.begin() as connection:
        row = {"created_at": now, "config_version": hub.config.version, "state": "open", "counts": None}
        summary = PlanSummary(insert_returning_id(connection, _PLAN, row))
    numbers = _Numbers()
    for flow in flows:
        with about(flow=flow.name, action="plan"):
            refresh_stale_channels(hub, flow, unread, since)
            read_orders_first(hub, channels_of(hub, flow), unread)
            _plan_flow(hub, flow, summary, numbers, since)
            _guard_flow(hub, flow, summary, force=force, whole=not since)
    failed.update({name: problem for name, problem in unread.items() if name not in hub.paused})
    with hub.database.begin() as connection:
        counts = {"planned": dict(summary.planned), "withheld": dict(summary.withheld)}
        connection.execute(update(_PLAN).where(_PLAN.c.id == summary.plan_id).values(counts=body.encode(counts)))
    return summary


def plan_slots(
    hub: Hub,
    connection: Connection,
    flow: FlowConfig,
    slots: Set[tuple[str, int, str]],
    plan_id: int,
    first: int,
    *,
    force: bool = False,
) -> list[dict[str, Any]]:
    """Plan just these slots of a flow (target, item, slot) by the rules of any plan; tells the rows that were stored.

    Marks stay as they are: whatever else is to be done about these items is planned as usual.
    """
    rows: list[dict[str, Any]] = []
    for line in evaluate(hub, connection, flow, sorted({item for _, item, _ in slots})):
        if (line.target, line.view.item_id, line.slot) not in slots:
            continue
        standing = flowstate.load(connection, flow.name, line.target)
        status, reason = _status(hub, line, standing, tally.population(connection, line.target, flow.entity))
        if status in ("planned", "withheld"):
            row = _row(hub, plan_id, first + len(rows), line, status, reason)
            forced = force and (status == "planned" or reason in _FORCED)
            rows.append({**row, "status": "planned", "exempt": True} if forced else row)
    if rows:
        connection.execute(insert(_CHANGE), rows)
    for target in () if force else flow.targets:
        breach = judge(tally.tally(hub, connection, plan_id, flow, target), hub.config.guards)
        if breach is not None:
            # Nothing is wrong with the source, so the flow itself goes on.
            _withhold_lines(connection, plan_id, flow, target, breach)
            for row in rows:
                if row["connection"] == target and row["status"] == "planned" and not row["exempt"]:
                    row |= {"status": "withheld", "reason": breach.guard}
    return rows


class _Numbers:
    """Line numbers of one plan, from 1."""

    def __init__(self) -> None:
        self.last = 0

    def next(self) -> int:
        self.last += 1
        return self.last


def _plan_flow(hub: Hub, flow: FlowConfig, summary: PlanSummary, numbers: _Numbers, since: int) -> None:
    after, done = 0, 0
    with hub.database.begin() as connection:
        population = {target: tally.population(connection, target, flow.entity) for target in flow.targets}
    while True:
        with hub.database.begin() as connection:
            items = marks.due_items(connection, flow.name, after, _CHUNK, since)
            if not items:
                return
            after = items[-1]
            _plan_items(hub, connection, flow, items, population, summary, numbers)
        done += len(items)
        hub.progress(f"plan {flow.name}", done, None)
        hub.checkpoint("plan chunk stored")


def _plan_items(
    hub: Hub,
    connection: Connection,
    flow: FlowConfig,
    items: Sequence[int],
    population: dict[str, int],
    summary: PlanSummary,
    numbers: _Numbers,
) -> None:
    marked = marks.marked(connection, flow.name, list(items))
    lines = decide_and_record(hub, connection, flow, items)
    standings = {target: flowstate.load(connection, flow.name, target) for target in flow.targets}
    rows, unsettled = [], set()
    for line in lines:
        status, reason = _status(hub, line, standings[line.target], population[line.target])
        if status in ("planned", "withheld", "waiting"):
            unsettled.add((line.target, line.view.item_id))
        _count(summary, line, status, reason)
        if status in ("planned", "withheld"):
            rows.append(_row(hub, summary.plan_id, numbers.next(), line, status, reason))
    if rows:
        connection.execute(insert(_CHANGE), rows)
    settled = [(target, item, seq) for (target, item), seq in marked.items() if (target, item) not in unsettled]
    marks.clear(connection, flow.name, settled)


def decide_and_record(hub: Hub, connection: Connection, flow: FlowConfig, items: Sequence[int]) -> list[Line]:
    """Decide items and record what was found; stock is decided anew where a movement was recorded."""
    lines = evaluate(hub, connection, flow, items)
    if flow.kind is FlowKind.INVENTORY and hub.config.orders:
        oversold.watch(hub, connection, flow, items)
    lags = {name: hub.config.connections[name].lag for name in flow.targets}
    again = record(connection, lines, hub.stamp(), lags)
    if not again:
        return lines
    related = again | set(kit_items(hub.config, connection, sorted(again)))
    marks.mark(connection, [marks.Mark(t, flow.name, item) for item in related for t in flow.targets], hub.stamp())
    again &= set(items)
    renewed = evaluate(hub, connection, flow, sorted(again))
    record(connection, renewed, hub.stamp(), lags)
    return [line for line in lines if line.view.item_id not in again] + renewed


def _status(hub: Hub, line: Line, standing: flowstate.Standing, population: int) -> tuple[str, str]:
    """Whether a line is planned, withheld, waiting, held or settled, and why."""
    decision = line.decision
    if decision.verdict is Verdict.WAIT:
        return "waiting", decision.reason
    if decision.verdict is Verdict.HELD:
        # A value that was adopted or put back is as somebody decided: nothing waits for anyone.
        return ("settled" if decision.reason in ("adopted", "reverted") else "held"), decision.reason
    if not decision.writes:
        return "settled", decision.reason
    if line.target in hub.paused:
        return "withheld", "paused"
    if not standing.live or not _approved(line, standing):
        return "withheld", "not_adopted"
    if line.adopted and _is_price(line) and _too_far(hub, line, population):
        return "withheld", "guard_price"
    if standing.frozen == flowstate.SHRUNK and not exempt(line):
        return "withheld", standing.frozen
    return "planned", decision.reason


def _approved(line: Line, standing: flowstate.Standing) -> bool:
    """Whether the slot's field and place were part of the flow when it was approved (R12)."""
    slot = parse_slot(line.slot)
    place = slot.field != "stock" or not slot.scope or standing.covers(slot.scope)
    return line.adopted or (standing.covers(slot.field) and place)


def _is_price(line: Line) -> bool:
    return line.slot.startswith(("price", "compare_at_price"))


def _too_far(hub: Hub, line: Line, population: int) -> bool:
    return price_moves_too_far(line.decision.base, line.decision.desired, population, hub.config.guards)


def exempt(line: Line) -> bool:
    """Whether guards do not count a line: approved with the first sync, or a lowering after a sale on a channel."""
    return not line.adopted or line.after_drop


def _count(summary: PlanSummary, line: Line, status: str, reason: str) -> None:
    if status == "planned":
        summary.planned[line.target] += 1
    elif status == "withheld":
        summary.withheld[reason] += 1
    elif status == "waiting":
        summary.waiting[reason] += 1
    elif status == "held":
        summary.held[reason] += 1


def _row(hub: Hub, plan_id: int, number: int, line: Line, status: str, reason: str) -> dict[str, Any]:
    decision = line.decision
    return {
        "plan_id": plan_id,
        "number": number,
        "flow": line.flow.name,
        "connection": line.target,
        "entity": line.view.entity,
        "item_id": line.view.item_id,
        "external_id": line.view.external_id,
        "slot": line.slot,
        "sku": line.sku,
        "owner": line.owner,
        "action": decision.verdict.value,
        "before": body.encode(decision.base),
        "after": body.encode(decision.desired),
        "exempt": exempt(line),
        "reason": reason,
        "fingerprint": fingerprint(line.view.external_id, line.slot, decision, hub.config.version),
        "status": status,
        "detail": "",
    }


def _guard_flow(hub: Hub, flow: FlowConfig, summary: PlanSummary, *, force: bool, whole: bool) -> None:
    """Judge each target's lines as a whole; a breach withholds all that guards count."""
    for target in flow.targets:
        with hub.database.begin() as connection:
            counted = tally.tally(hub, connection, summary.plan_id, flow, target)
            breach = judge(counted, hub.config.guards)
            if force:
                _release_forced(connection, summary, flow, target, breach)
            elif breach is not None:
                _withhold(connection, summary, flow, target, breach)
                flowstate.freeze(connection, flow.name, target, breach.guard, hub.stamp())
            elif whole:
                for guard in ("guard_zero", "guard_changed"):
                    flowstate.thaw(connection, flow.name, target, guard)
            frozen = flowstate.load(connection, flow.name, target).frozen
            if frozen:
                summary.frozen.append((flow.name, target, frozen))


def _withhold(connection: Connection, summary: PlanSummary, flow: FlowConfig, target: str, breach: Breach) -> None:
    count = _withhold_lines(connection, summary.plan_id, flow, target, breach)
    summary.breaches.append((flow.name, target, breach))
    summary.planned[target] -= count
    summary.withheld[breach.guard] += count


def _withhold_lines(connection: Connection, plan_id: int, flow: FlowConfig, target: str, breach: Breach) -> int:
    result = connection.execute(
        update(_CHANGE)
        .where(
            _CHANGE.c.plan_id == plan_id,
            _CHANGE.c.flow == flow.name,
            _CHANGE.c.connection == target,
            _CHANGE.c.status == "planned",
            _CHANGE.c.exempt.is_(False),
        )
        .values(status="withheld", reason=breach.guard)
    )
    return int(result.rowcount)


def _release_forced(
    connection: Connection, summary: PlanSummary, flow: FlowConfig, target: str, breach: Breach | None
) -> None:
    """Let through what guards would withhold; approved lines do not fill the window that judges later plans."""
    if breach is not None:
        _approve_planned(connection, summary, flow, target)
    result = connection.execute(
        update(_CHANGE)
        .where(
            _CHANGE.c.plan_id == summary.plan_id,
            _CHANGE.c.flow == flow.name,
            _CHANGE.c.connection == target,
            _CHANGE.c.status == "withheld",
            _CHANGE.c.reason.in_(_FORCED),
        )
        .values(status="planned", reason="approved", exempt=True)
    )
    for guard in _FORCED:
        flowstate.thaw(connection, flow.name, target, guard)
        del summary.withheld[guard]
    summary.planned[target] += int(result.rowcount)


def _approve_planned(connection: Connection, summary: PlanSummary, flow: FlowConfig, target: str) -> None:
    connection.execute(
        update(_CHANGE)
        .where(
            _CHANGE.c.plan_id == summary.plan_id,
            _CHANGE.c.flow == flow.name,
            _CHANGE.c.connection == target,
            _CHANGE.c.status == "planned",
            _CHANGE.c.exempt.is_(False),
        )
        .values(exempt=True)
    )
