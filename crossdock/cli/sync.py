"""``crossdock sync``: read, plan and write until nothing is left to do."""

from __future__ import annotations

from crossdock.cli import applied
from crossdock.cli.app import App, make_command
from crossdock.cli.outcome import Outcome
from crossdock.cli.report import Report
from crossdock.cli.work import (
    flow_option,
    force_option,
    limit_option,
    read_mode,
    read_option,
    shown,
    unpaused_flows,
    working,
)


@make_command(
    "sync",
    "Plan and apply in one go, for a timer.",
    """
    crossdock sync
    crossdock sync --flow inventory
    crossdock sync --read full           read everything, not only what changed
    */5 * * * *  crossdock sync          as a line of a crontab
    """,
)
@flow_option
@read_option("auto")
@force_option
@limit_option
def command(app: App, flows: tuple[str, ...], read: str, force: bool, limit: int | None) -> Outcome:
    """Read what changed, plan, write, and plan anew what moved meanwhile, until nothing is left to write.

    Guards, conflicts and waiting raises count as in `plan`. Writes whose answer was lost are waited for and resolved,
    never repeated blindly.

    JSON: {"counts": {"applied", "already", "moved", "rejected", "unconfirmed", "not_sent", "write_calls"},
    "connections": [{"connection", "applied", "already", "left", "calls", "error"}], "not_applied": [...], "guards":
    [...], "reasons": [...], "holds": [...], "unread": [...], ...}
    """
    from sync.run import run_sync

    with working(app, "sync") as work:
        chosen = unpaused_flows(app, work.hub, flows)
        done = run_sync(work.hub, read_mode(read), flows=chosen, force=force, orders=not flows)
        found = applied.view(
            app, work.hub, chosen, done.look, done.plans, done.applied, shown(app, limit), done.effects
        )
        work.end(found.outcome, found.outcomes)
    sections, steps = applied.applied_sections(app, found), applied.next_steps(found, "crossdock sync")
    counts, summary = applied.applied_counts(found), applied.summary_of(found)
    return app.output.emit(Report("sync", found.outcome, sections, counts, summary, steps))
