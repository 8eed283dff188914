"""``crossdock plan``: what would be written, as a diff; nothing is sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from crossdock.cli.app import App, make_command
from crossdock.cli.errors import unwritable
from crossdock.cli.outcome import Outcome
from crossdock.cli.planview import plan_report, view
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

if TYPE_CHECKING:
    from sync.hub import Hub


@make_command(
    "plan",
    "Show what would be written, as a diff.",
    """
    crossdock plan
    crossdock plan -o change.plan        then: crossdock apply change.plan
    crossdock plan --flow prices --limit 0
    crossdock plan --read auto           ask only for what changed, where that is enough
    crossdock plan --format json | jq '.changes[] | select(.connection == "shop_eu")'
    """,
)
@click.option(
    "-o", "--out", "out", type=click.Path(path_type=Path, dir_okay=False), help="Save the plan, for `crossdock apply`."
)
@flow_option
@read_option("full")
@force_option
@limit_option
def command(app: App, out: Path | None, flows: tuple[str, ...], read: str, force: bool, limit: int | None) -> Outcome:
    """Read all systems and list every field that differs from its owner's value. Writes nothing to any system.

    Each line says + (was empty), ~ (another value) or - (will be empty), the SKU, the field, before -> after, who owns
    it and why. Lines that a guard withholds are listed apart. Write calls are those an apply would send if nothing
    moved; seconds are told where earlier calls were measured.

    JSON: {"counts": {"changes", "write_calls", "withheld", "held", "waiting", "quarantined"}, "changes": [{"number",
    "flow", "connection", "entity", "sku", "external_id", "slot", "mark", "before", "after", "change", "owner",
    "reason"}], "withheld": [as changes], "connections": [{"connection", "changes", "calls", "seconds"}],
    "guards": [{"flow", "connection", "guard", "detail", "share", "limit", "count", "population"}], "reasons":
    [{"state", "connection", "entity", "reason", "count", "advice"}], "holds": [{"what", "count", "next"}], "unread":
    [{"connection", "resource", "problem"}], ...}
    """
    from sync.run import make_plan

    with working(app, "plan", read_only=True) as work:
        chosen = unpaused_flows(app, work.hub, flows)
        look, summary = make_plan(work.hub, read_mode(read), flows=chosen, force=force)
        found = view(app, work.hub, chosen, look, summary, shown(app, limit))
        saved = ""
        if out is not None and not found.unread:
            _save(app, work.hub, summary.plan_id, out)
            saved = str(out)
        work.end(found.outcome, {"planned": found.changes, "withheld": found.withheld_count})
    return app.output.emit(plan_report(app, found, saved))


def _save(app: App, hub: Hub, plan_id: int, path: Path) -> None:
    from sync.planfile import save

    try:
        save(hub, plan_id, path, app.files.write)
    except OSError as error:
        raise unwritable(path, error) from error
