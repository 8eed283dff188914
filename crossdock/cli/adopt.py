"""``crossdock adopt``: the first sync of a flow, looked at before it goes live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from canonical.errors import ConfigError, Problem
from crossdock.cli.app import App, make_command
from crossdock.cli.outcome import Outcome
from crossdock.cli.parts import Rows, quarantine_rows, reason_section, unread_rows, unread_section
from crossdock.cli.planview import arrow
from crossdock.cli.report import Column, Report, Section
from crossdock.cli.work import Work, choose_flows, choose_targets, flow_option, working

if TYPE_CHECKING:
    from sync.adopt import AdoptionReport
    from sync.config import FlowConfig
    from sync.hub import Hub
    from sync.known import Line

_FLOWS = [
    Column("flow", "flow"),
    Column("connection", "connection"),
    Column("state", "state"),
    Column("linked", "linked", figures=True),
    Column("equal", "equal", figures=True),
    Column("different", "different", figures=True),
    Column("unknown", "not comparable", figures=True),
    Column("baseline", "baseline"),
]
_DIFFERENCES = [
    Column("flow", "flow"),
    Column("connection", "connection"),
    Column("sku", "SKU"),
    Column("slot", "field"),
    Column("change", "theirs -> owner's"),
]


@make_command(
    "adopt",
    "First contact: show what is linked and what differs, then go live.",
    """
    crossdock adopt                             read everything and report; writes to no system
    crossdock adopt --yes                       approve: from here on the flows are live
    crossdock adopt --yes --baseline hold       keep every difference as a conflict to decide on
    crossdock adopt --flow prices --connection shop_web
    """,
)
@click.option("--yes", is_flag=True, help="Approve what is reported: the flows go live.")
@click.option(
    "--baseline",
    type=click.Choice(["owner", "theirs", "hold"]),
    default=None,
    help="Whose value counts where the two sides differ. Default: as the flow's configuration says.",
)
@flow_option
@click.option("--connection", "connections", multiple=True, metavar="NAME", help="Only this target; repeatable.")
def command(app: App, yes: bool, baseline: str | None, flows: tuple[str, ...], connections: tuple[str, ...]) -> Outcome:
    """Read all systems, link records by SKU and report what differs, for each flow and target. Writes to no system.

    Until a flow is approved with --yes, nothing of it is ever written. The baseline says what becomes of differences:
    owner (the owner's value is written by the next apply), theirs (stays until the owner's value changes) or hold
    (each becomes a conflict). Exit code 2: an approval is awaited.

    JSON: {"counts": {"linked", "equal", "different", "unknown", "approved"}, "flows": [{"flow", "connection", "state",
    "linked", "equal", "different", "unknown", "baseline"}], "differences": [{"flow", "connection", "sku", "slot",
    "theirs", "owners", "change"}] (samples), "reasons": [...], "unread": [...], ...}
    """
    from sync.observe import ReadMode
    from sync.run import look
    from sync.status import status

    with working(app, "adopt") as work:
        chosen = choose_flows(work.hub, flows)
        targets = choose_targets(work.hub, chosen, connections)
        _require_places(work.hub, targets)
        looked = look(work.hub, ReadMode.FULL, chosen)
        unread = unread_rows(app, looked)
        reports = _reports(work.hub, targets)
        approved = 0
        if yes:
            doubted = {str(row["connection"]) for row in unread}
            approved = _approve(work, reports, targets, baseline, doubted)
        holds = status(work.hub).holds
        left_out = quarantine_rows(work.hub)
        waiting = [one for one in reports if one.state != "live"]
        outcome = _outcome(unread, waiting, holds=holds)
        work.end(outcome, {"linked": sum(one.linked for one in reports), "approved": approved})
    rows = [_row(one, baseline or flow.baseline.value) for one, (flow, _) in zip(reports, targets, strict=True)]
    samples = [_sample(line) for one in reports for line in one.samples[: None if app.as_json else 5]]
    sections = [
        Section("flows", _FLOWS, rows),
        Section("differences", _DIFFERENCES, samples, title="for example" if samples else ""),
        reason_section(left_out),
        unread_section(unread),
    ]
    return app.output.emit(
        Report("adopt", outcome, sections, _counts(reports, approved), next=_next(outcome, unread, waiting, reports))
    )


def _require_places(hub: Hub, targets: Sequence[tuple[FlowConfig, str]]) -> None:
    """ConfigError for a place that a system does not have: its stock would count as none, and shelves be emptied."""
    from sync.places import wrong_places

    wrong = wrong_places(hub, {name for flow, target in targets for name in (flow.source, target)})
    if wrong:
        raise ConfigError(
            [
                Problem(
                    f"{one.connection}: {one.code}: there is no location {one.external_id}",
                    hint=f"under `locations`, choose from {', '.join(one.known)}",
                )
                for one in wrong
            ]
        )


def _reports(hub: Hub, targets: Sequence[tuple[FlowConfig, str]]) -> list[AdoptionReport]:
    from sync.adopt import report

    return [report(hub, flow, target) for flow, target in targets]


def _approve(
    work: Work,
    reports: Sequence[AdoptionReport],
    targets: Sequence[tuple[FlowConfig, str]],
    baseline: str | None,
    doubted: set[str],
) -> int:
    """Make live what is not yet, as far as both ends were read whole."""
    from sync import adopt
    from sync.config import Baseline

    count = 0
    for found, (flow, target) in zip(reports, targets, strict=True):
        if found.state == "live" or doubted & {flow.source, target}:
            continue
        adopt.approve(work.hub, flow, target, Baseline(baseline) if baseline else flow.baseline)
        found.state = "live"
        count += 1
    return count


def _outcome(unread: Rows, waiting: Sequence[AdoptionReport], *, holds: bool) -> Outcome:
    if unread:
        return Outcome.ERROR
    if waiting:
        return Outcome.PENDING
    return Outcome.HELD if holds else Outcome.IN_SYNC


def _row(found: AdoptionReport, baseline: str) -> dict[str, object]:
    return {
        "flow": found.flow,
        "connection": found.target,
        "state": found.state,
        "linked": found.linked,
        "equal": found.equal,
        "different": found.different,
        "unknown": found.unknown.total(),
        "baseline": baseline,
    }


def _sample(line: Line) -> dict[str, object]:
    theirs, owners = line.view.observed.get(line.slot), line.decision.desired
    return {
        "flow": line.flow.name,
        "connection": line.target,
        "sku": line.sku,
        "slot": line.slot,
        "theirs": theirs,
        "owners": owners,
        "change": arrow(line.slot, theirs, owners),
    }


def _counts(reports: Sequence[AdoptionReport], approved: int) -> dict[str, int | float | str]:
    return {
        "linked": sum(one.linked for one in reports),
        "equal": sum(one.equal for one in reports),
        "different": sum(one.different for one in reports),
        "unknown": sum(one.unknown.total() for one in reports),
        "approved": approved,
    }


def _next(
    outcome: Outcome, unread: Rows, waiting: Sequence[AdoptionReport], reports: Sequence[AdoptionReport]
) -> list[str]:
    if unread:
        return ["crossdock doctor"]
    if waiting:
        return ["crossdock adopt --yes"]
    steps = ["crossdock plan"] if any(one.different for one in reports) else []
    return steps + (["crossdock status"] if outcome is Outcome.HELD else [])
