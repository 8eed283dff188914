"""``crossdock restore``: put a copy back as the database."""

from __future__ import annotations

from pathlib import Path

import click

from crossdock.cli.app import App, make_command
from crossdock.cli.outcome import Outcome
from crossdock.cli.report import Column, Report, Section
from crossdock.cli.workspace import load, resolver

_COLUMNS = [
    Column("file", "put back"),
    Column("made_at", "made"),
    Column("revision", "schema then"),
    Column("revision_now", "schema now"),
    Column("kept", "the replaced one"),
]


@make_command(
    "restore",
    "Put a copy back as the database; the present one is kept beside it.",
    """
    crossdock restore /var/backups/crossdock.backup --yes
    """,
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--yes", is_flag=True, help="Do it; without, it is only checked that FILE could be put back.")
def command(app: App, file: Path, yes: bool) -> Outcome:
    """Make FILE, which `crossdock backup` made, the database; refused while any process has the present one open.

    FILE is checked, copied, and brought up to date; it stays as it is. The first sync afterwards reads everything in
    full: what was sent since the copy was made is found on the platforms and is not sent a second time. Decisions
    made since, as of conflicts and orders, are to be made again.

    Exit code 2 without --yes.

    JSON: {"restored": [{"file", "made_at", "revision", "revision_now", "kept"}], ...}; without --yes revision_now and
    kept are empty.
    """
    from crossdock.clock import SystemClock
    from crossdock.settings.hub import database_url
    from sync.restore import check, restore
    from sync.store.database import Database

    settings = load(app)
    database = Database(database_url(settings, resolver(app, settings)))
    if not yes:
        found = check(database, file)
        row = {"file": str(file), "made_at": found.made_at, "revision": found.revision, "revision_now": "", "kept": ""}
        return _emit(app, Outcome.PENDING, row, [f"crossdock restore {file} --yes"])
    done = restore(database, file, SystemClock())
    row = {
        "file": str(file),
        "made_at": done.source.made_at,
        "revision": done.source.revision,
        "revision_now": done.revision,
        "kept": str(done.kept or ""),
    }
    return _emit(app, Outcome.IN_SYNC, row, ["crossdock plan, which reads everything in full", "crossdock sync"])


def _emit(app: App, outcome: Outcome, row: dict[str, str], steps: list[str]) -> Outcome:
    return app.output.emit(Report("restore", outcome, [Section("restored", _COLUMNS, [row])], next=steps))
