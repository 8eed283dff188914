"""``crossdock schedules``: what starts by the clock, when it did last and when it will next."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from canonical.clock import instant_text
from crossdock.cli.app import App, make_command
from crossdock.cli.outcome import Outcome
from crossdock.cli.report import Column, Report, Section
from crossdock.cli.work import looking
from crossdock.cli.workspace import load

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from crossdock.settings.model import Settings
    from sync.schedule import Schedule

_COLUMNS = [
    Column("schedule", "schedule"),
    Column("when", "when"),
    Column("flows", "flows"),
    Column("connections", "reads only"),
    Column("read", "how"),
    Column("last", "last tick"),
    Column("next", "next start"),
    Column("state", "state"),
]


@make_command(
    "schedules",
    "List the schedules: when each started last, and when it starts next.",
    """
    crossdock schedules
    crossdock schedules --format json | jq '.schedules[].next'
    """,
)
def command(app: App) -> Outcome:
    """List what `schedules:` in the configuration says, and where each of them stands; waits for nobody.

    The state is `waiting`, `due` (its sync runs, or waits for one that does), `quiet` (due, but not in these hours) or
    `paused`. Times are UTC; `next` heeds quiet hours, and tells nothing of what is paused. They come only while
    `crossdock serve` runs: what was missed meanwhile starts once when it is there again.

    JSON: {"counts": {"schedules"}, "schedules": [{"schedule", "when", "flows", "connections" (none: all that the
    flows need), "read", "last", "next", "state"}], ...}
    """
    settings = load(app)
    with looking(app) as hub, hub.database.begin() as connection:
        rows = schedule_rows(settings, connection, hub.now())
    section = Section("schedules", _COLUMNS, rows, empty="there are no schedules: `crossdock serve --every` says when")
    counts = {"schedules": len(rows)} if app.as_json else {}
    return app.output.emit(Report("schedules", Outcome.IN_SYNC, [section], counts))


def schedule_rows(settings: Settings, connection: Connection, now: datetime) -> list[dict[str, object]]:
    """Each schedule with its last tick, its next start and its state."""
    from crossdock.daemon.agenda import is_paused
    from sync import claims, pauses

    paused = pauses.load(connection)
    due = {one.name for one in claims.due(connection)}
    rows: list[dict[str, object]] = []
    for name, schedule in settings.schedules.items():
        state = _state(schedule, now, paused=is_paused(schedule, paused), due=name in due)
        rows.append(
            {
                "schedule": name,
                "when": schedule.when,
                "flows": list(schedule.flows or settings.flows),
                "connections": list(schedule.connections),
                "read": schedule.read,
                "last": claims.last(connection, name),
                "next": "" if state == "paused" else _next(schedule, now, due=name in due),
                "state": state,
            }
        )
    return rows


def _state(schedule: Schedule, now: datetime, *, paused: bool, due: bool) -> str:
    if paused:
        return "paused"
    if not due:
        return "waiting"
    return "quiet" if schedule.is_quiet(now) else "due"


def _next(schedule: Schedule, now: datetime, *, due: bool) -> str:
    start = now if due else schedule.start_after(now)
    return "" if start is None else instant_text(schedule.quiet_until(start))
