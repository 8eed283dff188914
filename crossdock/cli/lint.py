"""``crossdock lint``: everything that is wrong with the configuration, without network or secrets."""

from __future__ import annotations

from msgspec import to_builtins

from crossdock.cli.app import App, make_command
from crossdock.cli.errors import problem_lines
from crossdock.cli.outcome import Outcome
from crossdock.cli.report import Column, Report, Section
from crossdock.settings.lint import find_problems
from crossdock.settings.load import find_config
from crossdock.settings.platforms import InstalledPlatforms

_COLUMNS = [
    Column("severity", "severity"),
    Column("file", "file"),
    Column("line", "line"),
    Column("message", "message"),
]


@make_command(
    "lint",
    "Check the configuration and the mappings, without network or secrets.",
    """
    crossdock lint
    crossdock lint --config shop/crossdock.yaml
    crossdock lint --format json | jq '.problems[] | select(.severity == "error")'
    """,
)
def command(app: App) -> Outcome:
    """Check crossdock.yaml and every mapping against what the connectors declare; all problems at once.

    Needs no network, no secrets and no database. Warnings alone do not fail.

    JSON: {"counts": {"errors", "warnings"},
    "problems": [{"severity", "file", "line", "column", "message", "hint"}], ...}
    """
    path = find_config(app.config)
    problems = find_problems(path, InstalledPlatforms())
    errors = sum(problem.severity == "error" for problem in problems)
    counts: dict[str, int | float | str] = {"errors": errors, "warnings": len(problems) - errors}
    rows = [to_builtins(problem) for problem in problems]
    outcome = Outcome.ERROR if errors else Outcome.IN_SYNC
    if not app.as_json:
        for problem in problems:
            app.output.say("\n".join(problem_lines(problem)))
    sections = [Section("problems", _COLUMNS, rows)] if app.as_json else []
    summary = "" if problems else f"{path} is right"
    return app.output.emit(Report("lint", outcome, sections, counts, summary))
