"""``crossdock apply``: write a plan, a saved one or one made now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from canonical.errors import ConfigError, Problem
from crossdock.cli import applied
from crossdock.cli.app import App, make_command
from crossdock.cli.outcome import Outcome
from crossdock.cli.report import Report
from crossdock.cli.work import (
    Work,
    flow_option,
    force_option,
    limit_option,
    looking,
    read_mode,
    read_option,
    shown,
    unpaused_flows,
    working,
)

if TYPE_CHECKING:
    from sync.planfile import SavedPlan


@make_command(
    "apply",
    "Write a plan: a saved one, or one made now.",
    """
    crossdock apply                      plan now and write it
    crossdock plan -o change.plan        look at it first, then:
    crossdock apply change.plan
    crossdock apply --force              also what a guard withheld, once you have checked the source
    """,
)
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@flow_option
@read_option("full")
@force_option
@limit_option
def command(app: App, file: Path | None, flows: tuple[str, ...], read: str, force: bool, limit: int | None) -> Outcome:
    """Write every planned line, each call journalled before it is sent. Asks nothing.

    Just before its call each record is checked once more: a line whose record or inputs moved since the plan is
    skipped, named, and planned anew next time; what holds the planned value already is counted as already there; the
    rest is written. A saved plan is refused when it belongs to another database, when the configuration changed since,
    or when it is too old.

    JSON: {"counts": {"applied", "already", "moved", "rejected", "unconfirmed", "not_sent", "write_calls"},
    "connections": [{"connection", "applied", "already", "left", "calls", "error"}], "not_applied": [{"outcome",
    "connection", "flow", "sku", "external_id", "slot", "before", "after", "change", "detail"}], "guards": [...],
    "reasons": [...], "holds": [...], "unread": [...], ...}
    """
    if file is not None and flows:
        raise ConfigError([Problem("a saved plan is applied whole", hint="leave --flow out, or plan that flow anew")])
    if file is not None:
        _refuse(app, file)
    with working(app, "apply", reads=[file] if file is not None else []) as work:
        if file is None:
            found = _apply_fresh(app, work, flows, read, limit, force=force)
        else:
            found = _apply_file(app, work, file, limit, force=force)
        work.end(found.outcome, found.outcomes)
    again = "crossdock apply" if file is None else f"crossdock apply {file}"
    sections = applied.applied_sections(app, found)
    steps = applied.next_steps(found, again, scoped=file is None)
    nothing = not (found.outcomes or found.unread or found.effects)
    summary = "nothing to apply" if nothing else applied.summary_of(found)
    return app.output.emit(Report("apply", found.outcome, sections, applied.applied_counts(found), summary, steps))


def _refuse(app: App, file: Path) -> None:
    """A plan that does not belong here is refused before its configuration becomes the active one."""
    from sync import planfile

    with looking(app) as hub:
        planfile.check(hub, planfile.load(file, app.files.read))


def _apply_fresh(
    app: App, work: Work, names: tuple[str, ...], read: str, limit: int | None, *, force: bool
) -> applied.AppliedView:
    from sync.apply import apply
    from sync.resolve import approve_doubted
    from sync.run import carry_out_orders, make_plan

    hub = work.hub
    flows = unpaused_flows(app, hub, names)
    if force:
        approve_doubted(hub, flows)
    look, summary = make_plan(hub, read_mode(read), flows=flows, force=force)
    report = apply(hub, summary.plan_id)
    effects = None if names else carry_out_orders(hub)
    return applied.view(app, hub, flows, look, [summary], [report], shown(app, limit), effects)


def _apply_file(app: App, work: Work, file: Path, limit: int | None, *, force: bool) -> applied.AppliedView:
    from sync import planfile
    from sync.apply import apply
    from sync.orders.advance import advance
    from sync.orders.effects import carry_out
    from sync.planner import PlanSummary
    from sync.run import LookReport

    hub = work.hub
    saved = planfile.load(file, app.files.read)
    if force:
        saved = _approved(saved)
    plan_id = planfile.store(hub, saved)
    planfile.freshen(hub, saved)
    report = apply(hub, plan_id)
    effects = carry_out(hub, planfile.unchanged_effects(hub, saved)) if saved.effects else None
    if effects is not None:
        advance(hub)  # what was refused, or is not known, is told by this exit code and not by the next one
    summary = PlanSummary(plan_id)
    for line in saved.changes:
        if line.status == "planned":
            summary.planned[line.connection] += 1
        else:
            summary.withheld[line.reason] += 1
    flows = [flow for flow in hub.config.flows.values() if flow.name in {line.flow for line in saved.changes}]
    return applied.view(app, hub, flows, LookReport(), [summary], [report], shown(app, limit), effects)


def _approved(saved: SavedPlan) -> SavedPlan:
    """The plan with the lines that a guard withheld let through."""
    changes = [
        replace(line, status="planned", reason="approved", exempt=True) if line.reason.startswith("guard_") else line
        for line in saved.changes
    ]
    return replace(saved, changes=changes)
