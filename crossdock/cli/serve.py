"""``crossdock serve``: hear what platforms tell, and work until asked to stop."""

from __future__ import annotations

import json
from contextlib import nullcontext
from typing import TYPE_CHECKING, Literal

import click

from canonical.errors import ConfigError, FatalError, Problem
from crossdock.cli.app import App, make_command, start_logging
from crossdock.cli.begun import begun, lines
from crossdock.cli.outcome import Outcome
from crossdock.cli.output import SilentProgress
from crossdock.cli.workspace import load, open_hub, resolver
from crossdock.clock import SystemClock
from crossdock.daemon.stopping import ends_at_once, leave

if TYPE_CHECKING:
    from crossdock.alerts.keeper import Keeper
    from crossdock.daemon.active import Active
    from crossdock.daemon.bell import Bell
    from crossdock.daemon.following import Followers
    from crossdock.daemon.loop import Loop, Pace
    from crossdock.daemon.presence import Presence
    from crossdock.daemon.server import Server
    from crossdock.settings.model import Settings

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
    `crossdock commands`. A changed configuration is taken over between two syncs, with its schedules, alerts and
    secrets; SIGHUP has it read at once. One that is not valid is told of, and the last good one stays. Only the
    database and where it listens are read at the start alone.

    SIGTERM or Ctrl-C end it within ten seconds: what was begun is answered, and a sync is left where nothing is open.

    JSON: one line, when it listens: {"format_version", "command", "pid", "listening", "connections": [{"connection",
    "url"}], "unheard": [names of those without a secret], "every": seconds | null, "schedules": [names], "flows":
    [names], "orders": [names of the connections whose orders are read]}. Logs go to stderr.
    """
    from crossdock.daemon.active import Active
    from crossdock.daemon.bell import Bell
    from crossdock.daemon.following import Followers, looking
    from crossdock.daemon.loop import Pace
    from crossdock.daemon.presence import Presence
    from crossdock.daemon.server import Server, listen
    from crossdock.daemon.waking import woken
    from crossdock.daemon.watch import watch_over
    from crossdock.health import require_connectors
    from crossdock.webhooks.doors import doors, limits
    from crossdock.webhooks.receiver import Receiver
    from sync.store.waiting import STARTING_SECONDS

    start_logging(app, log_format, log_level or "")
    settings = load(app)
    secrets = resolver(app, settings)
    opened = doors(settings, secrets)
    _refuse(settings, every, nothing_to_do=receive_only and not opened)
    if not receive_only:
        require_connectors(settings, secrets)
    bell = Bell()
    with (
        ends_at_once(),
        open_hub(app, SilentProgress(), patience=STARTING_SECONDS) as hub,
        nullcontext() if receive_only else Presence(hub, settings) as presence,
        listen(settings.webhooks.host, settings.webhooks.port) as listener,
        woken(hub, None if receive_only else bell.attend) as wake,
    ):
        watch = watch_over(hub, settings, secrets, syncs=not receive_only)
        beside = watch.for_receiver()
        receiver = Receiver(opened, hub.database, hub.clock, limits(settings.webhooks), **beside, stored=wake)
        server = Server(receiver.app, listener)
        pace = Pace() if every is None else Pace(every)
        active, followers = Active(settings, hub, app.secrets), Followers(receiver, watch)
        if presence is not None:
            _set_to_work(app, active, presence, followers, server, pace, bell, paced=every is not None)
        watch.over(server, receiver, followers.loop)
        told = begun(settings, opened, listener, pace.every, idle=receive_only)
        click.echo(json.dumps(told) if app.as_json else "\n".join(lines(told)))
        with followers.timed(settings), nullcontext() if presence is not None else looking(app, active, followers):
            asked, ended = _serve(server, followers.loop, followers.keeper)
    if not asked:
        raise FatalError("the part that syncs has ended", hint="see the lines above, and report them")
    if not ended:
        leave()
    return Outcome.IN_SYNC


def _refuse(settings: Settings, every: float | None, *, nothing_to_do: bool) -> None:
    from crossdock.daemon.reload import paced_and_scheduled

    if every is not None and settings.schedules:
        raise paced_and_scheduled(settings)
    if nothing_to_do:
        hint = "give the connections that send webhooks their webhook_secrets"
        raise ConfigError([Problem("no connection takes webhooks", file=str(settings.file), hint=hint)])


def _set_to_work(
    app: App,
    active: Active,
    presence: Presence,
    followers: Followers,
    server: Server,
    pace: Pace,
    bell: Bell,
    *,
    paced: bool,
) -> None:
    """Make what syncs, tells and keeps the time, each of which follows the configuration."""
    from crossdock.alerts.keeper import charge_now, keeper_of
    from crossdock.daemon.between import between_runs
    from crossdock.daemon.loop import Loop
    from crossdock.daemon.timing import Timing

    settings, hub, pulse = active.settings, active.hub, followers.watch.pulse
    followers.keeper = keeper_of(hub, charge_now(hub, settings, resolver(app, settings)), pulse)
    followers.timing = Timing(hub.database, SystemClock())
    between = between_runs(app, active, presence, followers.follow, server.stop, paced=paced)
    followers.loop = Loop(hub, pace, lambda: server.stopping, settings.schedules, pulse, between, bell)


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
