"""What an apply or a sync did, as a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from canonical.reasons import advice
from crossdock.cli.app import App
from crossdock.cli.errors import redacted
from crossdock.cli.outcome import Outcome
from crossdock.cli.parts import (
    Rows,
    effect_rows,
    effect_section,
    guard_rows,
    guard_section,
    guard_steps,
    hold_rows,
    hold_section,
    hold_steps,
    reason_rows,
    reason_section,
    unread_rows,
    unread_section,
)
from crossdock.cli.planview import arrow
from crossdock.cli.report import Column, Section

if TYPE_CHECKING:
    from sync.apply import ApplyReport
    from sync.config import FlowConfig
    from sync.hub import Hub
    from sync.orders.effects import EffectReport
    from sync.planner import PlanSummary
    from sync.run import LookReport

_CONNECTIONS = [
    Column("connection", "connection"),
    Column("applied", "applied", figures=True),
    Column("already", "already there", figures=True),
    Column("left", "not applied", figures=True),
    Column("calls", "write calls", figures=True),
    Column("error", "gave up because"),
]
_LEFT = [
    Column("outcome", "outcome"),
    Column("connection", "connection"),
    Column("sku", "SKU"),
    Column("slot", "field"),
    Column("change", "before -> after"),
    Column("detail", "why"),
]
_NOT_APPLIED = ("moved", "rejected", "unconfirmed", "not_sent")
OUTCOMES = ("applied", "already", *_NOT_APPLIED)


@dataclass
class AppliedView:
    """Everything a report on written changes shows."""

    outcomes: Counter[str] = field(default_factory=Counter)
    connections: Rows = field(default_factory=list)
    left: Rows = field(default_factory=list)
    guards: Rows = field(default_factory=list)
    reasons: Rows = field(default_factory=list)
    unread: Rows = field(default_factory=list)
    holds: Rows = field(default_factory=list)
    not_adopted: bool = False
    paused: bool = False
    partial: bool = False
    calls: int = 0
    effects: Rows = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        """Nothing landed before guard, guard before partly, partly before what is held."""
        applied = self.outcomes["applied"]
        failed = self.unread or any(row["error"] for row in (*self.connections, *self.effects))
        if failed and not applied:
            return Outcome.ERROR
        if self.guards:
            return Outcome.GUARDED
        if failed or self.partial:
            return Outcome.PARTIAL
        if self.not_adopted or self.paused:
            return Outcome.PENDING
        return Outcome.HELD if self.holds else Outcome.IN_SYNC


def view(
    app: App,
    hub: Hub,
    flows: Sequence[FlowConfig],
    look: LookReport,
    plans: Sequence[PlanSummary],
    reports: Sequence[ApplyReport],
    limit: int | None,
    effects: EffectReport | None = None,
) -> AppliedView:
    """Gather the report of rounds of planning and applying; the last plan says what is left."""
    from sync.status import status

    last = plans[-1] if plans else None
    outcomes: Counter[str] = Counter()
    for report in reports:
        outcomes.update(report.outcomes)
    found = AppliedView(
        outcomes=outcomes,
        connections=_connections(app, hub, plans, reports),
        guards=guard_rows(hub, last, look, flows),
        reasons=reason_rows(hub, last),
        unread=unread_rows(app, look),
        holds=hold_rows(status(hub), last),
        not_adopted=bool(last and last.withheld["not_adopted"]),
        paused=bool(last and last.withheld["paused"]),
        calls=sum(report.calls.total() for report in reports),
        effects=effect_rows(app, effects),
    )
    for summary in plans:
        found.left += left_rows(hub, summary.plan_id, limit)
    # What moved in an earlier round was planned anew in a later one; what was refused stays so.
    settled = bool(last and not last.changes)
    found.partial = bool(outcomes["rejected"]) or (not settled and any(report.partial for report in reports[-1:]))
    return found


def _connections(app: App, hub: Hub, plans: Sequence[PlanSummary], reports: Sequence[ApplyReport]) -> Rows:
    from sync import leftover

    applied: Counter[str] = Counter()
    already: Counter[str] = Counter()
    left: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    errors: dict[str, str] = {}
    for summary in plans:
        with hub.database.begin() as connection:
            for (name, status), count in leftover.outcomes(connection, summary.plan_id).items():
                applied[name] += count if status == "applied" else 0
                already[name] += count if status == "already" else 0
                left[name] += count if status in _NOT_APPLIED else 0
    for report in reports:
        calls.update(report.calls)
        errors.update(report.failed)
    names = sorted({*(+applied), *(+already), *(+left), *errors})
    return [
        {
            "connection": name,
            "applied": applied[name],
            "already": already[name],
            "left": left[name],
            "calls": calls[name],
            "error": redacted(errors.get(name, ""), app.secrets),
        }
        for name in names
    ]


def left_rows(hub: Hub, plan_id: int, limit: int | None) -> Rows:
    """The lines of a plan that did not land, and why."""
    from sync import leftover
    from sync.journal import value

    with hub.database.begin() as connection:
        rows = leftover.listing(connection, plan_id, limit)
    return [
        {
            "outcome": row.status,
            "connection": row.connection,
            "flow": row.flow,
            "sku": row.sku,
            "external_id": row.external_id,
            "slot": row.slot,
            "before": value(row.before),
            "after": value(row.after),
            "change": arrow(row.slot, value(row.before), value(row.after)),
            "detail": row.detail or advice(row.status),
        }
        for row in rows
    ]


def applied_sections(app: App, found: AppliedView) -> list[Section]:
    """What landed by connection, what did not, and why."""
    title = "not applied" if found.left else ""
    return [
        Section("connections", _CONNECTIONS, found.connections),
        Section("not_applied", _LEFT, found.left, title=title),
        effect_section(found.effects),
        guard_section(found.guards),
        reason_section(found.reasons),
        hold_section(found.holds, found.outcome, as_json=app.as_json),
        unread_section(found.unread),
    ]


def applied_counts(found: AppliedView) -> dict[str, int | float | str]:
    """The figures in one line."""
    return {**{name: found.outcomes[name] for name in OUTCOMES}, "write_calls": found.calls}


def summary_of(found: AppliedView) -> str:
    """One sentence, where the figures alone do not say it."""
    already = found.outcomes["already"]
    if already:
        return f"{already} lines were already there: those fields hold the planned values"
    return "in sync" if found.outcome is Outcome.IN_SYNC else ""


def next_steps(found: AppliedView, again: str, *, scoped: bool = True) -> list[str]:
    """What to do after it; a plan that is applied whole cannot be forced flow by flow."""
    steps: list[str] = []
    if found.unread or any(row["error"] for row in found.connections):
        steps.append("crossdock doctor")
    if found.not_adopted:
        steps.append("crossdock adopt")
    steps += guard_steps(found.guards, again, scoped=scoped)
    if found.partial:
        steps.append("crossdock plan")
    if any(row["state"] == "held" for row in found.reasons):
        steps.append("crossdock conflicts list")
    return list(dict.fromkeys(steps + hold_steps(found.holds, found.outcome)))
