"""``crossdock serve``: hear what platforms tell, and work until asked to stop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Literal

import click

from canonical.errors import ConfigError, FatalError, Problem
from crossdock.cli.app import App, make_command, start_logging
from crossdock.cli.begun import begun, lines
from crossdock.cli.outcome import Outcome
from crossdock.cli.output import SilentProgress
from crossdock.cli.workspace import load, open_hub, resolver
from crossdock.clock import SystemClock
from crossdock.daemon.stopping import leave

if TYPE_CHECKING:
    from crossdock.alerts.keeper import Keeper
    from crossdock.daemon.loop import Loop
    from crossdock.daemon.server import Server
    from crossdock.settings.model import Settings
    from sync.hub import Hub

_END_SECONDS = 3.0


@make_command(
    "serve",
    "Hear what platforms tell by webhook, and sync: what was told at once, the rest as scheduled.",
    """
    crossdock serve
    crossdock serve --every 60
    crossdock serve --receive-only       only store what is told; `crossdock sync` or `worker` works it off
    """,
)
@click.option(
    "--every",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    help="How often everything that changed is read where there are no `schedules:`. Default: 300.",
)
@click.option("--receive-only", is_flag=True, help="Do not sync; may run beside other receivers.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the log on stderr; json is one object a line.",
)
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="The least level that is logged."
)
def command(
    app: App, every: float | None, receive_only: bool, log_format: Literal["text", "json"], log_level: str | None
) -> Outcome:
    """Listen where `webhooks:` in the configuration says, and answer each message once it is stored for good.

    Records that were told of are read within a second or so, and what follows from them is planned and applied as in
    `crossdock sync`, guards included. What else is read when, `schedules:` in the configuration says; without them
    everything is synced at the start and then in one interval. `crossdock pause` leaves flows or connections alone.
    Other commands that call platforms are carried out by this process, between two syncs, as long as it lives; see
    `crossdock commands`. A changed configuration is taken over between two syncs, SIGHUP has it read at once; one that
    is not valid is told of, and the last good one stays. Schedules, alerts and metrics are read at the start only.

    SIGTERM or Ctrl-C end it within ten seconds: what was begun is answered, and a sync is left where nothing is open.

    JSON: one line, when it listens: {"format_version", "command", "pid", "listening", "connections": [{"connection",
    "url"}], "unheard": [names of those without a secret], "every": seconds | null, "schedules": [names], "flows":
    [names], "orders": [names of the connections whose orders are read]}. Logs go to stderr.
    """
    from crossdock.alerts.keeper import keeper_of
    from crossdock.daemon.active import Active
    from crossdock.daemon.bell import Bell
    from crossdock.daemon.between import between_runs
    from crossdock.daemon.loop import Loop, Pace
    from crossdock.daemon.presence import Presence
    from crossdock.daemon.server import Server, listen
    from crossdock.daemon.waking import woken
    from crossdock.daemon.watch import watch_over
    from crossdock.webhooks.doors import doors, limits
    from crossdock.webhooks.receiver import Receiver

    start_logging(app, log_format, log_level or "")
    settings = load(app)
    opened = doors(settings, resolver(app, settings))
    _refuse(settings, every, nothing_to_do=receive_only and not opened)
    bell = Bell()
    with (
        open_hub(app, SilentProgress()) as hub,
        nullcontext() if receive_only else Presence(hub, settings) as presence,
        listen(settings.webhooks.host, settings.webhooks.port) as listener,
        woken(hub, None if receive_only else bell.attend) as wake,
    ):
        watch = watch_over(hub, settings, resolver(app, settings), syncs=not receive_only)
        beside = watch.for_receiver()
        receiver = Receiver(opened, hub.database, hub.clock, limits(settings.webhooks), **beside, stored=wake)
        server = Server(receiver.app, listener)
        pace = Pace() if every is None else Pace(every)
        loop = None
        if presence is not None:
            between = between_runs(app, Active(settings, hub, app.secrets), presence, receiver, server.stop)
            loop = Loop(hub, pace, lambda: server.stopping, settings.schedules, watch.pulse, between, bell)
        watch.over(server, receiver, loop)
        keeper = None if receive_only else keeper_of(hub, settings, resolver(app, settings), watch.pulse)
        told = begun(settings, opened, listener, pace.every, idle=receive_only)
        click.echo(json.dumps(told) if app.as_json else "\n".join(lines(told)))
        with _timed(hub, settings, idle=receive_only):
            asked, ended = _serve(server, loop, keeper)
    if not asked:
        raise FatalError("the part that syncs has ended", hint="see the lines above, and report them")
    if not ended:
        leave()
    return Outcome.IN_SYNC


def _refuse(settings: Settings, every: float | None, *, nothing_to_do: bool) -> None:
    file = str(settings.file)
    if every is not None and settings.schedules:
        hint = "leave --every out, or take the schedules out of the configuration"
        raise ConfigError([Problem("the schedules say when everything is read", file=file, hint=hint)])
    if nothing_to_do:
        hint = "give the connections that send webhooks their webhook_secrets"
        raise ConfigError([Problem("no connection takes webhooks", file=file, hint=hint)])


def _serve(server: Server, loop: Loop | None, keeper: Keeper | None) -> tuple[bool, bool]:
    """Hear, work and tell until asked to stop; whether it was a signal that asked, and whether the work has ended."""
    if loop is not None:
        loop.start(on_end=server.stop)
    if keeper is not None:
        keeper.start()
    asked = server.run()
    ended = loop is None or loop.join(_END_SECONDS)
    if keeper is not None:
        keeper.stop()
    return asked, ended


@contextmanager
def _timed(hub: Hub, settings: Settings, *, idle: bool) -> Iterator[None]:
    """The schedules' clock goes as long as this lasts, where there are schedules and somebody to work them off."""
    if idle or not settings.schedules:
        yield
        return
    from crossdock.daemon.timer import Timer

    timer = Timer(hub.database, SystemClock(), settings.schedules)
    timer.start()
    try:
        yield
    finally:
        timer.stop()
