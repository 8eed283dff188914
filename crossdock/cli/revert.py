"""``crossdock revert``: put back what a run changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from canonical.errors import ConfigError, Problem
from canonical.reasons import advice
from crossdock.cli.app import App, make_command
from crossdock.cli.errors import redacted
from crossdock.cli.outcome import Outcome
from crossdock.cli.parts import Rows
from crossdock.cli.planview import arrow
from crossdock.cli.report import Column, Report, Section
from crossdock.cli.work import force_option, working

if TYPE_CHECKING:
    from sync.revert import Line, Revert

_COLUMNS = [
    Column("status", "outcome"),
    Column("connection", "connection"),
    Column("sku", "SKU"),
    Column("slot", "field"),
    Column("change", "now -> then"),
    Column("reason", "why"),
]
_LANDED = ("applied", "already")
_LEFT = ("moved", "rejected", "unconfirmed", "not_sent")
_STATUSES = ("planned", "withheld", "skipped", "refused", *_LANDED, *_LEFT)


@make_command(
    "revert",
    "Put back what a run changed, and keep it so.",
    """
    crossdock runs                       which run it was
    crossdock revert 41                  what would be put back
    crossdock revert 41 --yes
    crossdock revert 41 --release        the owner's values are written again
    """,
)
@click.argument("run", type=click.IntRange(min=1))
@click.option("--yes", is_flag=True, help="Do it; without, it is only shown.")
@click.option("--release", is_flag=True, help="End it: the next sync writes the owner's values again.")
@force_option
def command(app: App, run: int, yes: bool, release: bool, force: bool) -> Outcome:
    """Write the values that were there before RUN, a number of `crossdock runs`, as the journal has them.

    A field that was changed since, by somebody or by a later run, is skipped and named. What is put back is not written
    again until its owner's value changes, or until --release. Figures of stock are computed anew from their owner
    instead, and what was done once (requests, notices, refunds) is not undone. Guards count as in `crossdock plan`.

    Exit code 2 while --yes is awaited, 3 when some of it could not be put back.

    JSON: {"counts": {"planned", "withheld", "skipped", "refused", "applied", "already", "moved", "rejected",
    "unconfirmed", "not_sent", "released"}, "lines": [{"status", "connection", "flow", "sku", "external_id", "slot",
    "now", "then", "change", "reason"}], ...}
    """
    if release and (yes or force):
        raise ConfigError([Problem("--release puts nothing back", hint="leave --yes and --force out")])
    if release:
        return _release(app, run)
    from sync import revert

    with working(app, "revert", read_only=not yes) as work:
        found = (revert.carry_out if yes else revert.preview)(work.hub, run, force=force)
        outcome = _outcome(found)
        counts = {name: found.count(name) for name in _STATUSES}
        work.end(outcome, counts, f"run {run}")
    failed = "; ".join(f"{name}: {why}" for name, why in found.applied.failed.items()) if found.applied else ""
    section = Section("lines", _COLUMNS, _rows(found.lines), empty="this run wrote nothing")
    told = redacted(failed, app.secrets)
    report = Report("revert", outcome, [section], {**counts, "released": 0}, told, _next(found, outcome, run))
    return app.output.emit(report)


def _release(app: App, run: int) -> Outcome:
    from sync import revert

    with working(app, "revert") as work:
        count = revert.release(work.hub, run)
        outcome = Outcome.PENDING if count else Outcome.IN_SYNC
        work.end(outcome, {"released": count}, f"run {run}")
    counts = {**dict.fromkeys(_STATUSES, 0), "released": count}
    text = "" if count else "nothing of this run is kept as it was"
    return app.output.emit(
        Report("revert", outcome, [Section("lines", [], [])], counts, text, ["crossdock plan"] if count else [])
    )


def _outcome(found: Revert) -> Outcome:
    if found.applied is None:
        if found.count("planned"):
            return Outcome.PENDING
        return Outcome.GUARDED if found.count("withheld") else Outcome.IN_SYNC
    landed = sum(found.count(name) for name in _LANDED)
    if found.applied.failed and not landed:
        return Outcome.ERROR
    if found.count("withheld"):
        return Outcome.GUARDED
    left = sum(found.count(name) for name in ("skipped", "refused", *_LEFT))
    return Outcome.PARTIAL if left else Outcome.IN_SYNC


def _rows(lines: list[Line]) -> Rows:
    return [
        {
            "status": line.status,
            "connection": line.connection,
            "flow": line.flow,
            "sku": line.sku,
            "external_id": line.external_id,
            "slot": line.slot,
            "now": line.now,
            "then": line.then,
            "change": "" if line.status == "refused" else arrow(line.slot, line.now, line.then),
            "reason": _why(line),
        }
        for line in lines
    ]


def _why(line: Line) -> str:
    if line.reason == "reverted":
        return ""
    return advice(line.reason) or line.reason or advice(line.status)


def _next(found: Revert, outcome: Outcome, run: int) -> list[str]:
    if outcome is Outcome.PENDING:
        return [f"crossdock revert {run} --yes"]
    if outcome is Outcome.GUARDED:
        return [f"crossdock revert {run} --yes --force, once you have looked at what the guard withholds"]
    if outcome is Outcome.ERROR:
        return ["crossdock doctor"]
    if found.count("applied"):
        return [f"crossdock revert {run} --release, when the owner's values are right"]
    return []
