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
from crossdock.cli.work import looking

if TYPE_CHECKING:
    from sqlalchemy import Row

_CLASS_NAME = re.compile(r"^(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt): ")
_COLUMNS = [
    Column("id", "run", figures=True),
    Column("command", "command"),
    Column("started_at", "started"),
    Column("seconds", "seconds", figures=True),
    Column("outcome", "outcome"),
    Column("figures", "counts"),
    Column("detail", "detail"),
]


@make_command(
    "runs",
    "List the latest runs with their outcome.",
    """
    crossdock runs
    crossdock runs --limit 100 --format json
    """,
)
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many to list.")
def command(app: App, limit: int) -> Outcome:
    """List the latest runs, newest first. One that still runs, or was killed, has the outcome `running`.

    JSON: {"counts": {"runs"}, "runs": [{"id", "command", "started_at", "ended_at", "seconds", "outcome", "counts",
    "config_version", "detail"}], ...}
    """
    from sync.status import runs

    with looking(app) as hub:
        rows = [_row(row) for row in runs(hub, limit)]
    section = Section("runs", _COLUMNS, rows, empty="nothing was run on this database yet")
    return app.output.emit(Report("runs", Outcome.IN_SYNC, [section], {"runs": len(rows)} if app.as_json else {}))


def _row(row: Row[Any]) -> dict[str, object]:
    counts: dict[str, int] = msgspec.json.decode(row.counts) if row.counts else {}
    seconds = None
    if row.ended_at:
        seconds = round((parse_instant(row.ended_at) - parse_instant(row.started_at)).total_seconds(), 1)
    return {
        "id": row.id,
        "command": row.command,
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
