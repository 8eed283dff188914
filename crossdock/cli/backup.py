"""``crossdock backup``: a copy of the database, while everything goes on."""

from __future__ import annotations

from pathlib import Path

import click

from canonical.clock import instant_text
from crossdock.cli.app import App, make_command
from crossdock.cli.outcome import Outcome
from crossdock.cli.report import Column, Report, Section
from crossdock.cli.workspace import load, resolver

_COLUMNS = [
    Column("file", "file"),
    Column("bytes", "bytes", figures=True),
    Column("revision", "schema"),
    Column("made_at", "made"),
]


@make_command(
    "backup",
    "Copy the database to a file, while everything goes on.",
    """
    crossdock backup /var/backups/crossdock.backup
    crossdock backup "/var/backups/crossdock-$(date +%F).backup"       one for each day
    """,
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def command(app: App, file: Path) -> Outcome:
    """Copy the SQLite database to FILE: one moment of it, checked, in one piece or not at all; nobody waits for it.

    A copy that is there already is replaced. Only you may read the file: it holds your customers' orders. PostgreSQL
    has tools of its own for this, which the error names.

    JSON: {"counts": {"bytes"}, "backups": [{"file", "bytes", "revision", "made_at"}], ...}
    """
    from crossdock.clock import SystemClock
    from crossdock.settings.hub import database_url
    from sync.backup import backup
    from sync.store.database import Database

    settings = load(app)
    # Not brought up to date: a copy is made before an upgrade, too.
    database = Database(database_url(settings, resolver(app, settings)))
    made = backup(database, file, instant_text(SystemClock().now()))
    row = {"file": str(file), "bytes": made.size, "revision": made.revision, "made_at": made.made_at}
    steps = [f"crossdock restore {file}, should it be needed"]
    return app.output.emit(
        Report("backup", Outcome.IN_SYNC, [Section("backups", _COLUMNS, [row])], {"bytes": made.size}, next=steps)
    )
