"""``crossdock resume``: let go on what is paused."""

from __future__ import annotations

from canonical.errors import ConfigError, Problem
from crossdock.cli.app import App, make_command
from crossdock.cli.outcome import Outcome
from crossdock.cli.parts import PAUSED, paused_rows
from crossdock.cli.pause import chosen_of, what_options
from crossdock.cli.report import Report, Section
from crossdock.cli.work import looking


@make_command(
    "resume",
    "Let go on what is paused.",
    """
    crossdock resume prices
    crossdock resume --all               everything, whatever was paused
    """,
)
@what_options
def command(
    app: App, names: tuple[str, ...], flows: tuple[str, ...], connections: tuple[str, ...], everything: bool
) -> Outcome:
    """Let flows or connections go on; `--all` ends every pause.

    What was marked meanwhile is worked off at once by `serve`, and schedules that were due start once.

    JSON: {"counts": {"resumed", "paused"}, "paused": [{"what", "name", "since"}] (what still is), ...}
    """
    from sync import pauses

    if not (names or flows or connections or everything):
        raise ConfigError([Problem("say what is to go on", hint="name it, or end every pause with --all")])
    with looking(app) as hub, hub.database.begin() as connection:
        paused = pauses.listing(connection)
        if everything:
            chosen = paused
        else:
            # What is paused may have been taken out of the configuration since.
            gone = {one.name: one for one in paused if one.name in names}
            rest = [name for name in names if name not in gone]
            chosen = [one for one in paused if one.name in names] + chosen_of(
                hub.config, rest, flows, connections, everything=False
            )
        count = pauses.resume(connection, chosen)
        rows = paused_rows(connection)
    section = Section("paused", PAUSED, rows, title="still paused" if rows else "")
    summary = f"{count} of what was paused goes on" if count else "none of it was paused"
    counts = {"resumed": count, "paused": len(rows)} if app.as_json else {}
    return app.output.emit(Report("resume", Outcome.IN_SYNC, [section], counts, summary))
