"""``crossdock status``: where everything stands, from the database alone."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from typing import TYPE_CHECKING

from canonical.clock import parse_instant
from canonical.errors import ConfigError
from crossdock.cli.app import App, make_command
from crossdock.cli.daemonview import daemon_section, look, problem_of, without_configuration, worker_section
from crossdock.cli.outcome import Outcome
from crossdock.cli.output import to_seconds
from crossdock.cli.parts import PAUSED, paused_rows, quarantine_rows, reason_section
from crossdock.cli.report import Column, Report, Section
from crossdock.cli.work import looking

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from sync.status import Status

_FLOWS = [
    Column("flow", "flow"),
    Column("connection", "connection"),
    Column("state", "state"),
    Column("adopted_at", "live since"),
    Column("frozen", "frozen by"),
    Column("marked", "marked to look at", figures=True),
]
_READS = [
    Column("connection", "connection"),
    Column("resource", "resource"),
    Column("age", "last proven", figures=True),
    Column("swept", "last full read", figures=True),
    Column("records", "records", figures=True),
]
_CALLS = [Column("connection", "connection"), Column("state", "state"), Column("count", "calls", figures=True)]
_ORDERS = [Column("state", "orders"), Column("count", "", figures=True)]
_UNTOLD = [
    Column("target", "target"),
    Column("waiting", "alerts", figures=True),
    Column("attempts", "attempts", figures=True),
    Column("error", "because"),
]
_TROUBLE = [Column("kind", "kind"), Column("subject", "who"), Column("detail", "detail")]
_UNKNOWN = [
    Column("id", "id"),
    Column("connection", "connection"),
    Column("reference", "about"),
    Column("detail", "detail"),
]


@make_command(
    "status",
    "Show where every flow stands, and what waits or is held.",
    """
    crossdock status
    crossdock status --format json | jq .counts
    """,
)
def command(app: App) -> Outcome:
    """Tell the state of the hub from its database; reads no other system and waits for nobody.

    Exit code 4 when a guard froze a flow, 2 when a flow is not adopted or records wait to be looked at, 5 when records
    are held or quarantined.

    JSON: {"counts": {"items", "conflicts", "drops", "holds", "kept_theirs", "open_calls"}, "flows": [{"flow",
    "connection", "state", "adopted_at", "frozen", "frozen_at", "marked"}], "paused": [{"what", "name", "since"}],
    "reads": [{"connection", "resource", "read_at", "swept_at", "age", "swept", "records": of the last full
    read, null for orders, charges and the like}], "reasons": [...],
    "open_calls": [{"connection", "state", "count"}], "orders": [{"state", "count"}], "unknown": [{"id", "connection",
    "reference", "detail", ...}] (calls for orders of which nobody can tell whether they took effect), "untold":
    [{"target", "waiting", "attempts", "next_at", "error"}] (targets of alerts), "trouble": [{"kind", "subject",
    "detail", "opened_at"}] (platforms that are silent, or not subscribed as they should be, and what customers
    demand), "daemon": [{"host", "pid", "started_at", "beat_at", "config_version", "config_file", "config_since",
    "config_problem", "commands"}], "workers": [{"host", "pid", "state"}] (those of `crossdock worker`: leads or stands
    by), ...}
    """
    try:
        return app.output.emit(_report(app))
    except ConfigError as error:
        report = without_configuration(app, error)
        if report is None:
            raise
        return app.output.emit(report)


def _report(app: App) -> Report:
    from sync.orders import views
    from sync.status import status

    with looking(app) as hub:
        found = status(hub)
        daemon, waiting = look(hub.database)
        crew = worker_section(hub.database, daemon)
        left_out = quarantine_rows(hub)
        with hub.database.begin() as connection:
            unknown = views.unknown_effects(connection)
            paused = paused_rows(connection)
            trouble_rows = _trouble_rows(connection)
        now = hub.now()
        documents = {
            (name, mapping.resource) for name, at in hub.config.connections.items() for mapping in at.documents.values()
        }
    flows = _flow_rows(found)
    outcome = _outcome(found)
    told = "targets of alerts that could not be told" if found.untold else ""
    calls = [{"connection": name, "state": state, "count": n} for (name, state), n in found.open_calls.items()]
    sections = [
        daemon_section(daemon, waiting),
        crew,
        Section("flows", _FLOWS, flows),
        Section("paused", PAUSED, paused),
        Section("reads", _READS, _read_rows(found, now, documents)),
        Section("orders", _ORDERS, [{"state": state, "count": n} for state, n in sorted(found.orders.items())]),
        reason_section(left_out),
        Section("trouble", _TROUBLE, trouble_rows, title="to look after" if trouble_rows else ""),
        Section("unknown", _UNKNOWN, unknown, title="nobody can tell whether they took effect" if unknown else ""),
        Section("untold", _UNTOLD, found.untold, title=told),
        Section("open_calls", _CALLS, calls, title="calls whose outcome is not known" if calls else ""),
    ]
    counts: dict[str, int | float | str] = {
        "items": found.items,
        "conflicts": found.conflicts,
        "drops": found.drops,
        "holds": found.overrides.get("hold", 0),
        "kept_theirs": found.overrides.get("adopt", 0),
        "open_calls": sum(found.open_calls.values()),
    }
    summary = "; ".join(line for line in (problem_of(daemon), _last_run(found)) if line)
    return Report("status", outcome, sections, counts, summary, _next(found, outcome))


def _trouble_rows(connection: Connection) -> list[dict[str, object]]:
    from sync import differing, silence, trouble
    from sync.privacy.demands import TELL
    from sync.privacy.erase import ELSEWHERE

    found = trouble.of_kinds(connection, (silence.KIND, differing.KIND, TELL, ELSEWHERE))
    return [{name: getattr(one, name) for name in ("kind", "subject", "detail", "opened_at")} for one in found]


def _flow_rows(found: Status) -> list[dict[str, object]]:
    return [
        {
            "flow": one.flow,
            "connection": one.connection,
            "state": one.state,
            "adopted_at": one.adopted_at,
            "frozen": one.frozen,
            "frozen_at": one.frozen_at,
            "marked": found.marked.get((one.connection, one.flow), 0),
        }
        for one in found.standings
    ]


def _read_rows(found: Status, now: datetime, documents: Container[tuple[str, str]]) -> list[dict[str, object]]:
    """How far each resource was read; the records of ``documents``, as orders and charges, are counted nowhere."""
    return [
        {
            "connection": one.connection,
            "resource": one.resource,
            "read_at": one.read_at,
            "swept_at": one.swept_at,
            "age": age(one.read_at, now),
            "swept": age(one.swept_at, now),
            "records": None if (one.connection, one.resource) in documents else one.swept_count,
        }
        for one in found.reads
    ]


def age(instant: str, now: datetime) -> str:
    """How long ago an instant was, in one unit; ``never`` for none."""
    if not instant:
        return "never"
    seconds = max(0, round((now - parse_instant(instant)).total_seconds()))
    for limit, size, unit in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds // size} {unit} ago"
    return f"{seconds // 86_400} days ago"


def _outcome(found: Status) -> Outcome:
    if any(one.frozen for one in found.standings):
        return Outcome.GUARDED
    if any(found.marked.values()) or not all(one.live for one in found.standings):
        return Outcome.PENDING
    return Outcome.HELD if found.holds else Outcome.IN_SYNC


def _last_run(found: Status) -> str:
    run = found.last_run
    if run is None:
        return ""
    return f"last run: {run.command} at {to_seconds(run.started_at)}, {run.outcome}"


def _next(found: Status, outcome: Outcome) -> list[str]:
    steps: list[str] = []
    if found.last_run is not None and found.last_run.outcome in ("failed", Outcome.ERROR.word):
        steps += ["crossdock doctor", "crossdock runs"]
    if not all(one.live for one in found.standings):
        steps.append("crossdock adopt")
    elif outcome in (Outcome.GUARDED, Outcome.PENDING):
        steps.append("crossdock plan")
    if found.orders_held:
        steps.append("crossdock orders list --state blocked --state unreadable --state undeclared")
    if found.untold:
        steps.append("crossdock alerts test")
    if found.conflicts or found.drops:
        steps.append("crossdock conflicts list")
    return steps
