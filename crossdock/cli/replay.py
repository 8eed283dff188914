"""``crossdock webhooks replay``, or ``crossdock replay``: mark what was told by webhook once more."""

from __future__ import annotations

from datetime import datetime

import click

from canonical.clock import instant_text, parse_instant
from canonical.errors import ConfigError, CrossdockError, Problem
from canonical.hints import did_you_mean
from crossdock.cli.app import App, make_command
from crossdock.cli.outcome import Outcome
from crossdock.cli.report import Report
from crossdock.cli.work import looking
from crossdock.cli.workspace import load


@make_command(
    "replay",
    "Mark what was told by webhook once more, to be read again.",
    """
    crossdock webhooks replay --since 2026-11-27T08:00:00Z
    crossdock webhooks replay --connection shop_eu
    crossdock webhooks replay --id 1042
    crossdock replay --id 1042           the same command
    """,
)
@click.option("--connection", "names", multiple=True, metavar="NAME", help="Only of this connection; repeatable.")
@click.option("--since", metavar="INSTANT", help="Only what came at this time or later; UTC where no zone is given.")
@click.option("--id", "number", type=click.IntRange(min=1), help="Only this message of `crossdock webhooks list`.")
def command(app: App, names: tuple[str, ...], since: str | None, number: int | None) -> Outcome:
    """Mark every record that kept messages name, as messages are read today; the next sync reads each once.

    Nothing a message says is taken over, so that replaying does no harm, however often and in whatever order.

    JSON: {"counts": {"messages", "naming", "marked"}, ...}; naming: messages that named a record.
    """
    from crossdock.webhooks.doors import readers
    from sync import inbox, observeset

    known = readers(load(app))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigError([Problem(f"{one} takes no webhooks", hint=did_you_mean(one, known)) for one in unknown])
    chosen = {name: reader for name, reader in known.items() if not names or name in names}
    first = instant_text(_instant(since)) if since else ""
    messages, naming, after = 0, 0, 0
    with looking(app) as hub:
        while True:
            with hub.database.begin() as connection:
                after, count, named = inbox.replay(
                    connection, chosen, hub.stamp(), after=after, since=first, only=number or 0
                )
                marked = sum(observeset.counts(connection).values())
            if not count:
                break
            messages, naming = messages + count, naming + named
    if number and not messages:
        hint = "`crossdock webhooks list --connection NAME` lists those that are kept"
        raise CrossdockError(f"there is no message {number} to replay", hint=hint)
    counts = {"messages": messages, "naming": naming, "marked": marked}
    steps = ["crossdock sync, unless `crossdock serve` runs"] if marked else []
    return app.output.emit(Report("replay", Outcome.PENDING if marked else Outcome.IN_SYNC, [], counts, next=steps))


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError as error:
        hint = "write it as in 2026-11-27T08:00:00Z"
        raise ConfigError([Problem(f"{text} is no time", hint=hint)]) from error
