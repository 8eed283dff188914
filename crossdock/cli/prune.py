"""``crossdock prune``: delete what is over, as ``retention:`` says."""

from __future__ import annotations

import click

from crossdock.cli.app import App, make_command
from crossdock.cli.outcome import Outcome
from crossdock.cli.report import Column, Report, Section
from crossdock.cli.work import looking, working

_COLUMNS = [
    Column("what", "what"),
    Column("table", "table"),
    Column("days", "kept days", figures=True),
    Column("rows", "rows", figures=True, keep=True),
]


@make_command(
    "prune",
    "Delete what is over and old enough, as `retention:` says.",
    """
    crossdock prune --dry-run            only count
    crossdock prune
    crossdock prune --compact            also give the room of an SQLite file back
    """,
)
@click.option("--dry-run", is_flag=True, help="Only count what would be deleted.")
@click.option("--compact", is_flag=True, help="Afterwards write an SQLite file anew, without its empty pages.")
def command(app: App, dry_run: bool, compact: bool) -> Outcome:
    """Delete rows that are over for as long as the block `retention` of the configuration says, in small batches.

    Nothing that is open is deleted, nor what keeps a document from being sent twice: orders, requests and what was done
    for them stay, without the names and addresses. `crossdock serve` does this once a day. Pages that become empty are
    used again; --compact gives them back, for which the disk needs the room of the file once more.

    JSON: {"counts": {"rows"}, "pruned": [{"what", "table", "days", "rows"}], ...}; days is null where rows are kept for
    ever.
    """
    from msgspec import to_builtins

    from sync import retention

    if dry_run:
        with looking(app) as hub:
            found = retention.prune(hub, dry_run=True)
    else:
        with working(app, "prune") as work:
            found = retention.prune(work.hub)
            if compact:
                work.hub.database.compact()
            work.end(Outcome.IN_SYNC, {one.what: one.rows for one in found if one.rows})
    rows = [to_builtins(one) for one in found]
    total = sum(one.rows for one in found)
    pending = dry_run and total > 0
    return app.output.emit(
        Report(
            "prune",
            Outcome.PENDING if pending else Outcome.IN_SYNC,
            [Section("pruned", _COLUMNS, rows)],
            {"rows": total},
            next=["crossdock prune"] if pending else [],
        )
    )
