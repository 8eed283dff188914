"""A plan as a report: a diff grouped by connection, what it costs, what is held back and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from canonical.display import displayed
from crossdock.cli.app import App
from crossdock.cli.outcome import Outcome
from crossdock.cli.output import cell
from crossdock.cli.parts import (
    Rows,
    guard_rows,
    guard_section,
    guard_steps,
    held_fields,
    hold_rows,
    hold_section,
    hold_steps,
    reason_rows,
    reason_section,
    to_do_rows,
    to_do_section,
    unread_rows,
    unread_section,
)
from crossdock.cli.report import Column, Report, Section

if TYPE_CHECKING:
    from canonical.value import Value
    from sync.config import FlowConfig
    from sync.hub import Hub
    from sync.planfile import SavedChange
    from sync.planner import PlanSummary
    from sync.run import LookReport

_WIDEST = 60
_COLUMNS = [
    Column("mark", ""),
    Column("sku", "SKU"),
    Column("slot", "field"),
    Column("change", "before -> after"),
    Column("owner", "owner"),
    Column("reason", "reason"),
]
_COST = [
    Column("connection", "connection"),
    Column("changes", "changes", figures=True),
    Column("calls", "write calls, about", figures=True),
    Column("seconds", "seconds, about", figures=True),
]


@dataclass
class PlanView:
    """Everything a report on a plan shows; rows are cut to the limit, counts are not."""

    planned: Rows = field(default_factory=list)
    withheld: Rows = field(default_factory=list)
    cost: Rows = field(default_factory=list)
    unread: Rows = field(default_factory=list)
    guards: Rows = field(default_factory=list)
    reasons: Rows = field(default_factory=list)
    changes: int = 0
    withheld_count: int = 0
    holds: Rows = field(default_factory=list)
    not_adopted: bool = False
    paused: bool = False
    effects: Rows = field(default_factory=list)
    effect_count: int = 0

    @property
    def outcome(self) -> Outcome:
        """An error before a guard, a guard before changes, changes before what is held."""
        if self.unread:
            return Outcome.ERROR
        if self.guards:
            return Outcome.GUARDED
        if self.changes or self.not_adopted or self.paused or self.effect_count:
            return Outcome.PENDING
        return Outcome.HELD if self.holds else Outcome.IN_SYNC


def view(
    app: App, hub: Hub, flows: list[FlowConfig], look: LookReport, summary: PlanSummary, limit: int | None
) -> PlanView:
    """Gather a plan's report from the database."""
    from sync.status import status

    found = PlanView(
        cost=_cost(hub, summary),
        unread=unread_rows(app, look),
        guards=guard_rows(hub, summary, look, flows),
        reasons=reason_rows(hub, summary),
        changes=summary.changes,
        withheld_count=summary.withheld.total(),
        holds=hold_rows(status(hub), summary),
        not_adopted=bool(summary.withheld["not_adopted"]),
        paused=bool(summary.withheld["paused"]),
        effects=to_do_rows(hub, limit),
        effect_count=status(hub).effects.get("waiting", 0),
    )
    found.planned = lines(hub, summary.plan_id, "planned", limit)
    found.withheld = lines(hub, summary.plan_id, "withheld", limit)
    return found


def lines(hub: Hub, plan_id: int, status: str, limit: int | None = None) -> Rows:
    """A plan's lines of one status; a limit is shared out, so that every connection shows some of its lines."""
    from sync.planfile import lines_of

    kept: dict[str, list[SavedChange]] = {}
    with hub.database.begin() as connection:
        for line in lines_of(connection, plan_id):
            part = kept.setdefault(line.connection, []) if line.status == status else []
            if line.status == status and (limit is None or len(part) < limit):
                part.append(line)
    counts = {name: len(part) for name, part in kept.items()}
    shares = counts if limit is None else shared(counts, limit)
    chosen = [line for name, part in kept.items() for line in part[: shares[name]]]
    return [line_row(line) for line in sorted(chosen, key=lambda line: line.number)]


def shared(counts: Mapping[str, int], limit: int) -> dict[str, int]:
    """A limit shared out evenly; what one does not need goes to the others."""
    shares: dict[str, int] = {}
    rest, waiting = limit, len(counts)
    for name in sorted(counts, key=lambda name: counts[name]):
        shares[name] = min(counts[name], -(-rest // waiting))
        rest, waiting = rest - shares[name], waiting - 1
    return shares


def line_row(line: SavedChange) -> dict[str, object]:
    """One line of a plan: its values, and how a table shows them."""
    return {
        "number": line.number,
        "flow": line.flow,
        "connection": line.connection,
        "entity": line.entity,
        "sku": line.sku,
        "external_id": line.external_id,
        "slot": line.slot,
        "mark": mark(line.before, line.after),
        "before": line.before,
        "after": line.after,
        "change": arrow(line.slot, line.before, line.after),
        "owner": line.owner,
        "reason": line.reason or ("theirs is adopted" if line.action == "adopt" else "owner's value"),
    }


def mark(before: Value, after: Value) -> str:
    """``+`` where nothing was, ``-`` where nothing will be, ``~`` for another value."""
    if before is None:
        return "+"
    return "-" if after is None else "~"


def arrow(slot: str, before: Value, after: Value) -> str:
    """Two values as ``before -> after``, long texts cut."""
    return f"{_short(displayed(slot, before))} -> {_short(displayed(slot, after))}"


def _short(value: object) -> str:
    text = cell(value)
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def _cost(hub: Hub, summary: PlanSummary) -> Rows:
    from sync.estimate import seconds_per_call, write_calls

    targets = [name for name, count in summary.planned.items() if count]
    calls = write_calls(hub, summary.plan_id, targets)
    rows: Rows = []
    for name in sorted(targets):
        pace = seconds_per_call(hub, name)
        seconds = None if pace is None else round(pace * calls[name], 1)
        rows.append({"connection": name, "changes": summary.planned[name], "calls": calls[name], "seconds": seconds})
    return rows


def plan_sections(app: App, found: PlanView) -> list[Section]:
    """The diff and everything beside it; JSON holds flat lists, a table groups by connection."""
    if app.as_json:
        diff = [Section("changes", _COLUMNS, found.planned), Section("withheld", _COLUMNS, found.withheld)]
    else:
        diff = _grouped(found.planned, found.changes, "")
        diff += _grouped(found.withheld, found.withheld_count, " withheld")
    return [
        *diff,
        to_do_section(found.effects, found.effect_count),
        Section("connections", _COST, found.cost),
        guard_section(found.guards),
        reason_section(found.reasons),
        hold_section(found.holds, found.outcome, as_json=app.as_json),
        unread_section(found.unread),
    ]


def _grouped(rows: Rows, total: int, word: str) -> list[Section]:
    groups: dict[str, Rows] = {}
    for row in rows:
        groups.setdefault(str(row["connection"]), []).append(row)
    sections = [Section(f"{name}{word}", _COLUMNS, part, title=f"{name}{word}") for name, part in groups.items()]
    more = total - len(rows)
    if more > 0:
        text = f"... and {more} more{word} (--limit 0 shows all)"
        sections.append(Section(f"more{word}", [], [], empty=text))
    return sections


def plan_counts(found: PlanView) -> dict[str, int | float | str]:
    """A plan's figures in one line."""
    states: Counter[str] = Counter()
    for row in found.reasons:
        states[str(row["state"])] += int(str(row["count"]))
    return {
        "changes": found.changes,
        "write_calls": sum(int(str(row["calls"])) for row in found.cost),
        "effects": found.effect_count,
        "withheld": found.withheld_count,
        "held": max(states["held"], held_fields(found.holds)),
        "waiting": states["waiting"],
        "quarantined": states["quarantined"],
    }


def next_steps(found: PlanView, apply: str, *, saved: bool = False) -> list[str]:
    """What to do after looking at a plan."""
    steps: list[str] = []
    if found.unread:
        steps.append("crossdock doctor")
    if found.not_adopted:
        steps.append("crossdock adopt")
    steps += guard_steps(found.guards, apply, scoped=not saved)
    if found.changes or found.effect_count:
        steps.append(apply)
    if held_fields(found.holds) or any(row["state"] == "held" for row in found.reasons):
        steps.append("crossdock conflicts list")
    return list(dict.fromkeys(steps + hold_steps(found.holds, found.outcome)))


def plan_report(app: App, found: PlanView, saved: str = "") -> Report:
    """The report of ``plan``."""
    summary = "in sync" if found.outcome is Outcome.IN_SYNC else ""
    if saved:
        summary = f"saved as {saved}"
    apply = f"crossdock apply {saved}".rstrip()
    steps = next_steps(found, apply, saved=bool(saved))
    return Report("plan", found.outcome, plan_sections(app, found), plan_counts(found), summary, steps)
