"""``crossdock serve``: hear what platforms tell, and work until asked to stop."""

from __future__ import annotations

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
    flows, quiet hours, pausing and reloading the configuration are not there yet. While a sync runs other commands
    wait for it, and it waits for them.

    SIGTERM or Ctrl-C end it within ten seconds: what was begun is answered, and a sync is left where nothing is open.
    """
    from crossdock.daemon.hearing import Hearing
    from crossdock.daemon.loop import Loop, Pace
    from crossdock.daemon.server import Server, listen
    from crossdock.webhooks.doors import doors, limits
    from crossdock.webhooks.receiver import Receiver

    settings = load(app)
    opened = doors(settings, resolver(app, settings))
    if receive_only and not opened:
        hint = "give the connections that send webhooks their webhook_secrets"
        raise ConfigError([Problem("no connection takes webhooks", file=str(settings.file), hint=hint)])
    with open_hub(app, SilentProgress()) as hub, listen(settings.webhooks.host, settings.webhooks.port) as listener:
        receiver = Receiver(opened, hub.database, hub.clock, limits(settings.webhooks))
        server = Server(receiver.app, listener)
        loop = None if receive_only else Loop(hub, Pace(every), lambda: server.stopping)
        if loop is not None:
            loop.watch = Hearing(hub, settings, resolver(app, settings)).check
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
