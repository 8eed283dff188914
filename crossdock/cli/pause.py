"""``crossdock pause``: leave flows, connections or everything alone until somebody lets them go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from canonical.errors import ConfigError, Problem
from canonical.hints import did_you_mean
from crossdock.cli.app import App, make_command
from crossdock.cli.outcome import Outcome
from crossdock.cli.parts import PAUSED, paused_rows
from crossdock.cli.report import Report, Section
from crossdock.cli.work import looking

if TYPE_CHECKING:
    from sync.config import HubConfig
    from sync.pauses import Paused


def what_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """``[NAME]... --flow NAME --connection NAME --all``."""
    options = (
        click.argument("names", nargs=-1, metavar="[FLOW|CONNECTION]..."),
        click.option("--flow", "flows", multiple=True, metavar="NAME", help="This flow; repeatable."),
        click.option("--connection", "connections", multiple=True, metavar="NAME", help="This one; repeatable."),
        click.option("--all", "everything", is_flag=True, help="Everything that would run by itself."),
    )
    for option in reversed(options):
        body = option(body)
    return body


@make_command(
    "pause",
    "Leave flows, connections or everything alone until `resume`.",
    """
    crossdock pause prices               the flow prices is neither planned nor applied
    crossdock pause shop_eu              nothing is read from there or written to it
    crossdock pause --all                `serve` only stores what webhooks tell
    crossdock pause                      list what is paused
    """,
)
@what_options
def command(
    app: App, names: tuple[str, ...], flows: tuple[str, ...], connections: tuple[str, ...], everything: bool
) -> Outcome:
    """Pause flows or connections for `serve`, `sync`, `plan` and `apply`; it outlasts restarts.

    A sync of `serve` that is under way is left off within moments, at a point where nothing is open. Webhooks go on
    being stored and marked, and are worked off after `crossdock resume`. A flow named with `--flow` to `sync`, `plan`
    or `apply` runs though it is paused; a paused connection is left alone even then. While a flow of stock is paused,
    sales on one channel do not lower the others.

    JSON: {"counts": {"paused"}, "paused": [{"what", "name", "since"}], ...}
    """
    from sync import pauses

    with looking(app) as hub:
        chosen = chosen_of(hub.config, names, flows, connections, everything=everything)
        with hub.database.begin() as connection:
            pauses.pause(connection, chosen, hub.stamp())
            rows = paused_rows(connection)
    section = Section("paused", PAUSED, rows, empty="nothing is paused")
    return app.output.emit(Report("pause", Outcome.IN_SYNC, [section], {"paused": len(rows)} if app.as_json else {}))


def chosen_of(
    config: HubConfig, names: Sequence[str], flows: Sequence[str], connections: Sequence[str], *, everything: bool
) -> list[Paused]:
    """What a command line names; ConfigError for a name that is nothing, or two things."""
    from sync.pauses import ALL, CONNECTION, FLOW, Paused

    known = {FLOW: config.flows, CONNECTION: config.connections}
    found = [Paused(ALL, "")] if everything else []
    problems: list[Problem] = []
    for kind, given in ((FLOW, flows), (CONNECTION, connections)):
        for name in given:
            if name not in known[kind]:
                problems.append(Problem(f"there is no {kind} {name}", hint=did_you_mean(name, known[kind])))
            found.append(Paused(kind, name))
    for name in names:
        kinds = [kind for kind, all_of_it in known.items() if name in all_of_it]
        if not kinds:
            hint = did_you_mean(name, [*config.flows, *config.connections])
            problems.append(Problem(f"there is no flow or connection {name}", hint=hint))
        elif len(kinds) > 1:
            hint = f"say --flow {name} or --connection {name}"
            problems.append(Problem(f"{name} is both a flow and a connection", hint=hint))
        found += [Paused(kind, name) for kind in kinds]
    if problems:
        raise ConfigError(problems)
    return found
