"""``crossdock webhooks register`` and ``repair``: have platforms tell what is read, at this hub's address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from canonical.errors import ConfigError, CrossdockError, Problem
from canonical.hints import did_you_mean
from crossdock.cli.app import App, make_command
from crossdock.cli.errors import redacted
from crossdock.cli.outcome import Outcome
from crossdock.cli.report import Column, Report, Section
from crossdock.cli.work import working
from crossdock.cli.workspace import load, resolver

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crossdock.settings.model import Settings
    from sync.hub import Hub
    from sync.subscriptions import Step

_STEPS = [
    Column("action", ""),
    Column("connection", "connection"),
    Column("topics", "topics"),
    Column("why", "why"),
    Column("done", "done"),
]
_LEFT = [Column("connection", "connection"), Column("why", "not looked at, because")]

_connections = click.option(
    "--connection", "names", multiple=True, metavar="NAME", help="Only this connection; repeatable."
)
_yes = click.option("--yes", is_flag=True, help="Do it; without this it is only shown.")


@make_command(
    "register",
    "Have platforms tell what is read here: show what would be subscribed, and with --yes do it.",
    """
    crossdock webhooks register                 + subscribe, ~ switch on or change, - end
    crossdock webhooks register --yes
    crossdock webhooks register --connection shop_eu --yes
    """,
)
@_connections
@_yes
def register(app: App, names: tuple[str, ...], yes: bool) -> Outcome:
    """Compare what each platform tells this hub with what the configuration reads, and put it right with --yes.

    Only subscriptions to this hub's own address, webhooks.public_url, are touched. Connections need webhook_secrets:
    WooCommerce and ShipBob are given the first of them; those that Stripe and ShipHero make are put into the file that
    the first of them names, as in ${file:secrets/pay}, and never shown.

    JSON: {"counts": {"steps", "done"}, "steps": [{"action", "connection", "topics", "why", "done"}], "left":
    [{"connection", "why"}], ...}
    """
    return _put_right(app, "webhooks register", names, yes=yes, ending=True)


@make_command(
    "repair",
    "Have platforms tell again what they switched off or lost: show it, and with --yes do it.",
    """
    crossdock webhooks repair
    crossdock webhooks repair --yes
    """,
)
@_connections
@_yes
def repair(app: App, names: tuple[str, ...], yes: bool) -> Outcome:
    """Switch on or make anew what a platform gave up after failures; ends no subscription that is not replaced.

    JSON: {"counts": {"steps", "done"}, "steps": [{"action", "connection", "topics", "why", "done"}], "left":
    [{"connection", "why"}], ...}
    """
    return _put_right(app, "webhooks repair", names, yes=yes, ending=False)


def _put_right(app: App, command: str, names: Sequence[str], *, yes: bool, ending: bool) -> Outcome:
    from crossdock.webhooks.subscribing import require_public

    settings = load(app)
    require_public(settings)
    chosen, left = _chosen(settings, names)
    rows: list[dict[str, object]] = []
    failed = False
    with working(app, command, read_only=not yes) as work:
        for name in chosen:
            try:
                _one(app, settings, work.hub, name, rows, yes=yes, ending=ending)
            except CrossdockError as error:
                failed = True
                left.append({"connection": name, "why": redacted(str(error), app.secrets)})
        done = sum(row["done"] == "yes" for row in rows)
        outcome = _outcome(len(rows), done, failed=failed)
        work.end(outcome, {"steps": len(rows), "done": done})
    sections = [
        Section("steps", _STEPS, rows, empty="" if failed or not chosen else "platforms tell all that is read here"),
        Section("left", _LEFT, left),
    ]
    steps = [] if done == len(rows) else [f"crossdock {command} --yes"]
    if done:
        steps.append("send `crossdock serve` a SIGHUP where a secret was made anew")
    return app.output.emit(Report(command, outcome, sections, {"steps": len(rows), "done": done}, next=steps))


def _chosen(settings: Settings, names: Sequence[str]) -> tuple[list[str], list[dict[str, object]]]:
    """Which connections are looked at, and why others are not."""
    from crossdock.webhooks.subscribing import registering

    able = registering(settings)
    known = settings.connections
    unknown = [
        Problem(f"there is no connection {one}", hint=did_you_mean(one, known)) for one in names if one not in known
    ]
    if unknown:
        raise ConfigError(unknown)
    telling = [
        name for name, one in known.items() if one.manifest.webhooks is not None and (not names or name in names)
    ]
    left: list[dict[str, object]] = []
    for name in telling:
        if name in able:
            continue
        why = "it has no webhook_secrets" if not known[name].webhook_secrets else "make its webhooks on its own pages"
        left.append({"connection": name, "why": why})
    return [name for name in telling if name in able], left


def _one(
    app: App, settings: Settings, hub: Hub, name: str, rows: list[dict[str, object]], *, yes: bool, ending: bool
) -> None:
    """Add what differs at one connection to the rows, and with ``yes`` put it right, one step after the other.

    What the daemon said of it is brought up to date: it looks itself only once a day.
    """
    from crossdock.webhooks.subscribing import asked
    from sync import differing

    found = asked(settings, resolver(app, settings), hub, name)
    differs = found.steps(hub)
    steps = differs if ending else _mending(differs)
    told = [_row(name, step) for step in steps]
    rows += told
    for row, step in zip(told, steps, strict=True) if yes else ():
        found.carry_out(hub, step)
        row["done"] = "yes"
    if yes and steps:
        differs = asked(settings, resolver(app, settings), hub, name).steps(hub)
    differing.renew(hub, name, differs)


def _mending(steps: Sequence[Step]) -> list[Step]:
    """Without what would only be ended: what is replaced is among what is left."""
    from sync.subscriptions import NOT_KEPT, Action

    replaced = any(step.action is Action.CREATE for step in steps)
    return [one for one in steps if one.action is not Action.REMOVE or (replaced and one.why == NOT_KEPT)]


def _row(name: str, step: Step) -> dict[str, object]:
    return {
        "action": step.action.value,
        "connection": name,
        "topics": list(step.topics),
        "why": step.why,
        "done": "no",
    }


def _outcome(count: int, done: int, *, failed: bool) -> Outcome:
    if failed:
        return Outcome.PARTIAL if done else Outcome.ERROR
    return Outcome.IN_SYNC if count == done else Outcome.PENDING
