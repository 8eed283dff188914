"""The first sync is adoption: a report of differences, a baseline, one approval, then the flow is live (R12)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import Connection

from sync import conflicts, flowstate, marks, overrides
from sync.config import Baseline, FlowConfig, FlowKind
from sync.decision import Verdict
from sync.diff import SlotOverride
from sync.evaluate import evaluate
from sync.hub import Hub
from sync.known import Line
from sync.record import record
from sync.shadow import Settled, linked_items, settle


@dataclass
class AdoptionReport:
    """One flow on one target before it goes live: what agrees, what differs, what cannot be said."""

    flow: str
    target: str
    state: str
    linked: int = 0
    equal: int = 0
    different: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    samples: list[Line] = field(default_factory=list)


_SAMPLES = 20


def report(hub: Hub, flow: FlowConfig, target: str) -> AdoptionReport:
    """Compare every linked record of a target with what its owners say; writes nothing but the flow's standing."""
    with hub.database.begin() as connection:
        flowstate.begin_adopting(connection, flow.name, target)
        found = AdoptionReport(flow.name, target, flowstate.load(connection, flow.name, target).state)
    after = 0
    while True:
        with hub.database.begin() as connection:
            items = linked_items(connection, target, flow.entity, after)
            if not items:
                return found
            after = items[-1]
            found.linked += len(items)
            for line in evaluate(hub, connection, flow, items, targets=(target,)):
                _count(found, line)


def _count(found: AdoptionReport, line: Line) -> None:
    verdict = line.decision.verdict
    if verdict is Verdict.EQUAL:
        found.equal += 1
    elif verdict is Verdict.NOTHING:
        found.unknown[line.decision.reason] += 1
    else:
        found.different += 1
        if len(found.samples) < _SAMPLES:
            found.samples.append(line)


def approve(hub: Hub, flow: FlowConfig, target: str, baseline: Baseline) -> int:
    """Make a flow live on a target: where the two sides differ the baseline says whose value counts; tells how many."""
    after, decided = 0, 0
    while True:
        with hub.database.begin() as connection:
            items = linked_items(connection, target, flow.entity, after)
            if not items:
                break
            after = items[-1]
            lines = evaluate(hub, connection, flow, items, targets=(target,))
            record(connection, lines, hub.stamp())
            for line in lines:
                if line.decision.verdict in (Verdict.WRITE, Verdict.WAIT, Verdict.HELD):
                    _set_baseline(hub, connection, line, baseline)
                    decided += 1
    with hub.database.begin() as connection:
        scope = flow.scope(target, hub.config.pools)
        flowstate.make_live(connection, flow.name, target, hub.stamp(), scope)
        marks.mark_all(connection, flow.name, target, flow.entity, hub.stamp())
    return decided


def _set_baseline(hub: Hub, connection: Connection, line: Line, baseline: Baseline) -> None:
    view, slot, now = line.view, line.slot, hub.stamp()
    theirs, ours = view.observed.get(slot), line.decision.desired
    counts = line.flow.kind is FlowKind.INVENTORY
    if baseline is Baseline.OWNER:
        return
    if baseline is Baseline.THEIRS:
        if not counts:
            settle(connection, [Settled(view.id, {slot: ours}, {slot: theirs})])
        override = SlotOverride("adopt", theirs, ours)
        overrides.put(connection, line.target, view.entity, view.item_id, slot, override, now)
        return
    if not counts:
        settle(connection, [Settled(view.id, {slot: ours}, {slot: ours})])
    found = conflicts.Finding(
        connection=line.target,
        entity=view.entity,
        item_id=view.item_id,
        slot=slot,
        kind="differs_at_adoption",
        external_id=view.external_id,
        theirs=theirs,
        ours=ours,
        base=ours,
    )
    conflict = conflicts.open_conflict(connection, found, now)
    overrides.put(
        connection, line.target, view.entity, view.item_id, slot, SlotOverride("hold", theirs, ours), now, conflict
    )
