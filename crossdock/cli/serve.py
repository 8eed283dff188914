"""``crossdock serve``: hear what platforms tell, and work until asked to stop."""

from __future__ import annotations

from contextlib import nullcontext

import click

from canonical.errors import ConfigError, FatalError, Problem
from crossdock.cli.app import App, make_command
from crossdock.cli.outcome import Outcome
from crossdock.cli.output import SilentProgress
from crossdock.cli.workspace import load, open_hub, resolver

_END_SECONDS = 3.0


@make_command(
    "serve",
    "Hear what platforms tell by webhook, and sync: what was told at once, everything in an interval.",
    """
    crossdock serve
    crossdock serve --every 60
    crossdock serve --receive-only       only store what is told; `crossdock sync` works it off
    """,
)
@click.option(
    "--every",
    type=click.FloatRange(min=1),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How often everything that changed is read, whether it was told or not.",
)
@click.option("--receive-only", is_flag=True, help="Do not sync; may run beside other receivers.")
def command(app: App, every: float, receive_only: bool) -> Outcome:
    """Listen where `webhooks:` in the configuration says, and answer each message once it is stored for good.

    Records that were told of are read within a second or so, and what follows from them is planned and applied as in
    `crossdock sync`, guards included. Everything is synced at the start and then in one fixed interval: schedules of
    flows, quiet hours and pausing are not there yet. Other commands that call platforms are carried out by this
    process, between two syncs, as long as it lives; see `crossdock commands`. A changed configuration is taken over
    between two syncs, SIGHUP has it read at once; one that is not valid is told of, and the last good one stays.

    SIGTERM or Ctrl-C end it within ten seconds: what was begun is answered, and a sync is left where nothing is open.
    """
    from crossdock.daemon.active import Active
    from crossdock.daemon.between import between_runs
    from crossdock.daemon.loop import Loop, Pace
    from crossdock.daemon.presence import Presence
    from crossdock.daemon.server import Server, listen
    from crossdock.webhooks.doors import doors, limits
    from crossdock.webhooks.receiver import Receiver

    settings = load(app)
    opened = doors(settings, resolver(app, settings))
    if receive_only and not opened:
        hint = "give the connections that send webhooks their webhook_secrets"
        raise ConfigError([Problem("no connection takes webhooks", file=str(settings.file), hint=hint)])
    with (
        open_hub(app, SilentProgress()) as hub,
        nullcontext() if receive_only else Presence(hub, settings) as presence,
        listen(settings.webhooks.host, settings.webhooks.port) as listener,
    ):
        receiver = Receiver(opened, hub.database, hub.clock, limits(settings.webhooks))
        server = Server(receiver.app, listener)
        loop = None
        if presence is not None:
            between = between_runs(app, Active(settings, hub, app.secrets), presence, receiver, server.stop)
            loop = Loop(hub, Pace(every), lambda: server.stopping, between)
        host, port = listener.getsockname()[:2]
        click.echo(f"listening on http://{host}:{port} for {', '.join(opened) or 'nobody'}")
        if loop is not None:
            loop.start(on_end=server.stop)
        asked = server.run()
        if loop is not None:
            loop.join(_END_SECONDS)
    if not asked:
        raise FatalError("the part that syncs has ended", hint="see the lines above, and report them")
    return Outcome.IN_SYNC
