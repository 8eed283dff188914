"""``crossdock commands``: what the daemon was asked to carry out, and what became of it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from canonical.errors import CrossdockError, DataError
from crossdock.cli.app import App, closing, make_command
from crossdock.cli.errors import unwritable
from crossdock.cli.outcome import Outcome
from crossdock.cli.report import Column, Report, Section
from crossdock.cli.work import looking

if TYPE_CHECKING:
    from sqlalchemy import Row

    from sync.hub import Hub

_COLUMNS = [
    Column("id", "id", figures=True),
    Column("command", "command"),
    Column("asked_by", "asked by"),
    Column("asked_at", "asked"),
    Column("state", "state"),
    Column("exit_code", "exit code", figures=True),
    Column("run_id", "run", figures=True),
    Column("ended_at", "ended"),
    Column("detail", "detail"),
]


@click.group(
    "commands",
    short_help="List, show and cancel what the daemon was asked to carry out.",
    epilog=closing(
        """
        crossdock commands list
        crossdock commands show 7
        crossdock commands cancel 7
        """
    ),
)
def command() -> None:
    """Commands that `crossdock serve` carries out while it lives, instead of the process they were typed in."""


@make_command(
    "list",
    "List the latest commands and their states.",
    """
    crossdock commands list
    crossdock commands list --limit 100 --format json
    """,
)
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many to list.")
def list_commands(app: App, limit: int) -> Outcome:
    """List what the daemon was asked for lately, newest first; what ended a week ago is forgotten.

    States: waiting, running, done (whatever its exit code), failed (by an error), canceled, interrupted (its daemon
    ended in the middle of it).

    JSON: {"counts": {"commands"}, "commands": [{"id", "command", "asked_by", "asked_at", "state", "exit_code",
    "run_id", "ended_at"}], ...}
    """
    from sync.commands import listing

    with looking(app) as hub, hub.database.begin() as connection:
        rows = [_row(row) for row in listing(connection, limit)]
    section = Section("commands", _COLUMNS, rows, empty="no daemon was asked for anything lately")
    counts = {"commands": len(rows)} if app.as_json else {}
    return app.output.emit(Report("commands list", Outcome.IN_SYNC, [section], counts))


@make_command(
    "show",
    "Show a command and what it had to say.",
    """
    crossdock commands show 7
    crossdock commands show 7 -o change.plan     also fetch the file that it wrote
    """,
)
@click.argument("ident", metavar="ID", type=int)
@click.option(
    "-o", "--out", "out", type=click.Path(path_type=Path, dir_okay=False), help="Fetch the file that it wrote."
)
def show(app: App, ident: int, out: Path | None) -> Outcome:
    """Show a command, its report as it would have been shown, and end with its exit code; 2 while it has not ended.

    JSON: {"commands": [{"id", "command", "asked_by", "asked_at", "state", "exit_code", "run_id", "ended_at",
    "detail"}], and what the command's own JSON holds}
    """
    from crossdock.cli.ending import ended
    from crossdock.cli.follow import interrupted
    from sync.commands import files

    with looking(app) as hub:
        row = _find(hub, ident)
    found = ended(row.ending) if row.ending else None
    if row.state == "interrupted":
        found = interrupted(row)
    if out is not None:
        _fetch(app, ident, files(row.written), out)
    if isinstance(found, Report):
        section = Section("commands", _COLUMNS, [_row(row)])
        return app.output.emit(
            Report("commands show", found.outcome, [section, *found.sections], found.counts, found.summary, found.next)
        )
    detail = str(found.args[0]) if found is not None else ""
    section = Section("commands", _COLUMNS, [{**_row(row), "detail": detail}])
    outcome = Outcome.PENDING if row.exit_code is None else Outcome(row.exit_code)
    steps = [found.hint] if found is not None and found.hint else []
    if row.state == "waiting":
        steps = [f"to take it out of the queue: crossdock commands cancel {ident}"]
    return app.output.emit(Report("commands show", outcome, [section], next=steps))


@make_command(
    "cancel",
    "Take a command out of the queue that still waits.",
    """
    crossdock commands cancel 7
    """,
)
@click.argument("ident", metavar="ID", type=int)
def cancel(app: App, ident: int) -> Outcome:
    """Cancel a command that was not begun; one that is carried out already goes on to its end.

    JSON: {"commands": [{"id", "command", "asked_by", "asked_at", "state", "exit_code", "run_id", "ended_at"}], ...}
    """
    from sync import commands

    with looking(app) as hub:
        _find(hub, ident)
        with hub.database.begin() as connection:
            done = commands.cancel(connection, ident, hub.stamp())
        row = _find(hub, ident)
    if not done:
        raise DataError(f"command {ident} does not wait any more: {row.state}", hint=f"crossdock commands show {ident}")
    section = [Section("commands", [], [_row(row)])] if app.as_json else []
    return app.output.emit(Report("commands cancel", Outcome.IN_SYNC, section, summary=f"command {ident} is canceled"))


def _find(hub: Hub, ident: int) -> Row[Any]:
    from sync.commands import get

    with hub.database.begin() as connection:
        row = get(connection, ident)
    if row is None:
        raise DataError(f"there is no command {ident}", hint="`crossdock commands list` shows them")
    return row


def _fetch(app: App, ident: int, written: dict[str, bytes], out: Path) -> None:
    if not written:
        raise CrossdockError(f"command {ident} wrote no file", hint="leave -o out")
    try:
        app.files.write(out, next(iter(written.values())))
    except OSError as error:
        raise unwritable(out, error) from error


def _row(row: Row[Any]) -> dict[str, object]:
    from sync.commands import arguments_of

    keys = ("id", "asked_by", "asked_at", "state", "exit_code", "run_id", "ended_at")
    return {"command": shlex.join(arguments_of(row)), **{key: getattr(row, key) for key in keys}}


for _command in (list_commands, show, cancel):
    command.add_command(_command)
