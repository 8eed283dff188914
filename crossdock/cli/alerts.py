"""``crossdock alerts``: what people were told, and whether they can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from canonical.errors import ConfigError, Problem
from canonical.hints import did_you_mean
from crossdock.cli.app import App, closing, make_command
from crossdock.cli.outcome import Outcome
from crossdock.cli.report import Column, Report, Section
from crossdock.cli.status import age
from crossdock.cli.work import looking
from crossdock.cli.workspace import load, resolver

if TYPE_CHECKING:
    from sqlalchemy import Row

_ADD_TARGET = 'add one under `alerts: targets:`, as in ops: {kind: slack, url: "${env:SLACK_URL}"}'
_ALERTS = [
    Column("id", "id", figures=True),
    Column("kind", "kind"),
    Column("subject", "about"),
    Column("detail", "what"),
    Column("age", "since", figures=True),
    Column("state", "state"),
    Column("todo", "what to do"),
]
_FAILING = [
    Column("target", "target"),
    Column("waiting", "alerts not delivered", figures=True),
    Column("attempts", "attempts", figures=True),
    Column("error", "because"),
]
_TRIED = [Column("target", "target"), Column("kind", "kind"), Column("result", "result")]


@click.group(
    "alerts",
    short_help="List what people were told of, and try whether they can be told.",
    epilog=closing("crossdock alerts list\ncrossdock alerts test --target ops"),
)
def command() -> None:
    """List what people were told of, and try whether they can be told."""


@make_command(
    "list",
    "List the alerts that are open, and targets that could not be told.",
    """
    crossdock alerts list
    crossdock alerts list --all --format json
    """,
)
@click.option("--all", "every", is_flag=True, help="Also those that are over; they are kept for 90 days.")
def list_alerts(app: App, every: bool) -> Outcome:
    """List the alerts of `crossdock serve`, newest first, at most 200. It looks every 15 seconds.

    JSON: {"counts": {"alerts", "failing"}, "alerts": [{"id", "kind", "subject", "detail", "todo", "opened_at",
    "closed_at", "state", "age"}], "failing": [{"target", "waiting", "attempts", "next_at", "error"}], ...}
    """
    from sync.alerts import log

    with looking(app) as hub, hub.database.read() as connection:
        now = hub.now()
        rows = [{**_row(row), "age": age(row.opened_at, now)} for row in log.listing(connection, every=every)]
        failing = log.failing(connection)
    sections = [
        Section("alerts", _ALERTS, rows, empty="there is nothing to tell"),
        Section("failing", _FAILING, failing, title="targets that could not be told" if failing else ""),
    ]
    counts = {"alerts": len(rows), "failing": len(failing)}
    steps = [f"crossdock alerts test --target {row['target']}" for row in failing]
    return app.output.emit(Report("alerts list", Outcome.IN_SYNC, sections, counts, next=steps))


def _row(row: Row[Any]) -> dict[str, object]:
    return {**row._mapping, "state": "over" if row.closed_at else "open"}


@make_command(
    "test",
    "Send a message to each target of alerts, and say what became of it.",
    """
    crossdock alerts test
    crossdock alerts test --target ops
    """,
)
@click.option("--target", metavar="NAME", help="Only this target.")
def test(app: App, target: str | None) -> Outcome:
    """Send a test message to each target; exit code 1 when one could not be told.

    JSON: {"counts": {"told", "failed"}, "targets": [{"target", "kind", "result"}], ...}
    """
    from crossdock.alerts.message import Message, Notice
    from crossdock.alerts.senders import DeliveryError
    from crossdock.alerts.targets import targets
    from crossdock.clock import SystemClock

    settings, clock = load(app), SystemClock()
    found = targets(settings, resolver(app, settings), clock)
    chosen = {name: one for name, one in found.items() if target in (None, name)}
    if not chosen:
        message = f"there is no target {target}" if found else "alerts are told to nobody: there is no target"
        hint = did_you_mean(target or "", found) if found else _ADD_TARGET
        raise ConfigError([Problem(message, file=str(settings.file), hint=hint)])
    at = clock.now().isoformat(timespec="seconds")
    said = Message([Notice(0, "opened", "test", "test", "this is a test; nothing is wrong", "nothing", at)])
    rows: list[dict[str, object]] = []
    for name, one in chosen.items():
        try:
            one.sender.send(said)
            result = "told"
        except DeliveryError as error:
            result = str(error)
        rows.append({"target": name, "kind": settings.alerts.targets[name].kind, "result": result})
    failed = sum(row["result"] != "told" for row in rows)
    outcome = Outcome.ERROR if failed else Outcome.IN_SYNC
    counts = {"told": len(rows) - failed, "failed": failed}
    return app.output.emit(Report("alerts test", outcome, [Section("targets", _TRIED, rows)], counts))


command.add_command(list_alerts)
command.add_command(test)
