"""``crossdock doctor``: is everything that the configuration names reachable and in order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from canonical.errors import ConfigError, Problem
from canonical.hints import did_you_mean
from crossdock.cli.app import App, make_command
from crossdock.cli.outcome import Outcome
from crossdock.cli.report import Column, Report, Section
from crossdock.cli.workspace import load_askable, resolver

if TYPE_CHECKING:
    from connectors.base import Finding

_COLUMNS = [
    Column("connection", "connection"),
    Column("check", "check"),
    Column("result", "result"),
    Column("message", "message"),
    Column("advice", "what to do"),
]


@make_command(
    "doctor",
    "Check credentials, rights, versions, clock and database, and say what to do.",
    """
    crossdock doctor
    crossdock doctor --only shop_eu
    crossdock doctor --format json
    """,
)
@click.option("--only", "only", metavar="CONNECTION", help="Look at one connection only.")
def command(app: App, only: str | None) -> Outcome:
    """Ask every account and the database whether Crossdock can work with them. Reads only, changes nothing.

    Secret files, `.env` and an SQLite database that others on this machine can read are warned of, with what ends it.

    Mistakes in the configuration are told first, and do not keep it from asking accounts that are written correctly:
    ids that are missing stand in their answers.

    Exit code 1 when anything is not in order; warnings alone do not fail.

    JSON: {"counts": {"ok", "warning", "error"},
    "findings": [{"connection", "check", "result", "message", "advice"}], ...}
    """
    from crossdock.health import account_findings, daemon_findings, database_findings
    from crossdock.secrecy import file_findings

    settings, errors = load_askable(app)
    secrets = resolver(app, settings)
    if only and only not in settings.connections:
        raise ConfigError([Problem(f"there is no connection {only}", hint=did_you_mean(only, settings.connections))])
    rows: list[dict[str, object]] = [_mistake(problem) for problem in errors]
    with app.output.progress() as progress:
        if only is None:
            rows += [_row("database", finding) for finding in database_findings(settings, secrets)]
            rows += [_row("files", finding) for finding in file_findings(settings, secrets)]
            rows += [_row("daemon", finding) for finding in daemon_findings(settings, secrets)]
        chosen = [settings.connections[name] for name in settings.connections if only in (None, name)]
        for number, connection in enumerate(chosen):
            progress.at("accounts", number, len(chosen))
            rows += [_row(connection.name, finding) for finding in account_findings(connection, secrets)]
    counts: dict[str, int | float | str] = {
        word: sum(row["result"] == word for row in rows) for word in ("ok", "warning", "error")
    }
    outcome = Outcome.ERROR if counts["error"] else Outcome.IN_SYNC
    return app.output.emit(Report("doctor", outcome, [Section("findings", _COLUMNS, rows)], counts))


def _mistake(problem: Problem) -> dict[str, object]:
    return {
        "connection": "",
        "check": "configuration",
        "result": "error",
        "message": str(replace(problem, hint="")),
        "advice": problem.hint,
    }


def _row(connection: str, finding: Finding) -> dict[str, object]:
    result = "error" if not finding.ok else "warning" if finding.warning else "ok"
    return {
        "connection": connection,
        "check": finding.check,
        "result": result,
        "message": finding.message.removeprefix(f"{connection}: "),
        "advice": finding.advice,
    }
