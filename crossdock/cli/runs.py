"""``crossdock runs``: what was done lately, and what is being done now."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click
import msgspec

from canonical.clock import parse_instant
from crossdock.cli.app import App, make_command
from crossdock.cli.outcome import Outcome
from crossdock.cli.report import Column, Report, Section
from crossdock.cli.schedules import schedule_rows
from crossdock.cli.work import looking
from crossdock.cli.workspace import load

if TYPE_CHECKING:
    from sqlalchemy import Row

_CLASS_NAME = re.compile(r"^(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt): ")
_COLUMNS = [
    Column("id", "run", figures=True),
    Column("command", "command"),
    Column("started_by", "started by"),
    Column("started_at", "started"),
    Column("seconds", "seconds", figures=True),
    Column("outcome", "outcome"),
    Column("figures", "counts"),
    Column("detail", "detail"),
]
_COMING = [Column("schedule", "schedule"), Column("state", "state"), Column("next", "next start")]


@make_command(
    "runs",
    "List the latest runs: what started each, how it ended, and what comes next.",
    """
    crossdock runs
    crossdock runs --limit 100 --format json
    """,
)
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many to list.")
def command(app: App, limit: int) -> Outcome:
    """List the latest runs, newest first, and when the schedules start next.

    A run was started by a schedule, a webhook, the interval or the start of `serve`, its daily cleaning (`daily`), or
    by hand (`manual`). Its outcome is `running`; `stopped` when it was asked to stop, which loses nothing;
    `interrupted` when its process was killed, which the next run finds and makes good.

    JSON: {"counts": {"runs"}, "runs": [{"id", "command", "started_by", "started_at", "ended_at", "seconds", "outcome",
    "counts", "config_version", "detail"}], "schedules": [{"schedule", "next", "state", ...}], ...}
    """
    from sync.status import runs

    settings = load(app)
    with looking(app) as hub:
        rows = [_row(row) for row in runs(hub, limit)]
        with hub.database.begin() as connection:
            coming = schedule_rows(settings, connection, hub.now())
    sections = [
        Section("runs", _COLUMNS, rows, empty="nothing was run on this database yet"),
        Section("schedules", _COMING, coming),
    ]
    return app.output.emit(Report("runs", Outcome.IN_SYNC, sections, {"runs": len(rows)} if app.as_json else {}))


def _row(row: Row[Any]) -> dict[str, object]:
    counts: dict[str, int] = msgspec.json.decode(row.counts) if row.counts else {}
    seconds = None
    if row.ended_at:
        seconds = round((parse_instant(row.ended_at) - parse_instant(row.started_at)).total_seconds(), 1)
    return {
        "id": row.id,
        "command": row.command,
        "started_by": row.started_by,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "seconds": seconds,
        "outcome": row.outcome,
        "counts": counts,
        "figures": ", ".join(f"{name} {count}" for name, count in counts.items() if count),
        "config_version": row.config_version,
        "detail": plain(row.detail),
    }


def plain(detail: str) -> str:
    """What ended a run, in words: without the name of the error's class."""
    if detail.startswith("KeyboardInterrupt"):
        return "stopped by hand"
    return _CLASS_NAME.sub("", detail)
