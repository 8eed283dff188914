"""``crossdock worker``: sync, or stand by to take over from the worker that does; any number of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import click

from canonical.errors import ConfigError, FatalError, Problem
from crossdock.cli.app import App, make_command, start_logging
from crossdock.cli.outcome import Outcome
from crossdock.cli.output import SilentProgress
from crossdock.cli.report import FORMAT_VERSION
from crossdock.cli.workspace import load, open_hub, resolver
from crossdock.daemon.stopping import ends_at_once, leave

if TYPE_CHECKING:
    import socket

    from crossdock.settings.model import Settings
    from crossdock.settings.secrets import Resolver

_LAST_PORT = 65535


@make_command(
    "worker",
    "Sync without hearing webhooks, beside others that stand by to take over; on PostgreSQL.",
    """
    crossdock worker
    crossdock worker --listen 127.0.0.1:8086     also /healthz, /readyz and /metrics
    crossdock serve --receive-only               beside it: hears the webhooks
    """,
)
@click.option(
    "--every",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    help="How often everything that changed is read where there are no `schedules:`. Default: 300.",
)
@click.option("--listen", "address", metavar="HOST:PORT", help="Serve probes and figures there. Default: nowhere.")
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
    app: App, every: float | None, address: str | None, log_format: Literal["text", "json"], log_level: str | None
) -> Outcome:
    """Do what `crossdock serve` does, but for hearing webhooks: `crossdock serve --receive-only` hears them.

    Any number of workers may run on one PostgreSQL, on any machines. One leads: it syncs and carries out commands. The
    others stand by, and one of them takes over within a second or so when the leader ends, however it ends. A
    `crossdock serve` on the same database counts as the leader. A worker with another configuration than the leader's
    says so, and lets the others go first. Everything else is as in `crossdock serve`: schedules, reloading, commands.

    SIGTERM or Ctrl-C end it within ten seconds, and a sync is left where nothing is open.

    JSON: one line at the start: {"format_version", "command", "pid", "listening": URL | null, "every": seconds | null,
    "schedules": [names], "flows": [names], "orders": [names of the connections whose orders are read]}. Logs go to
    stderr.
    """
    from crossdock.daemon.loop import Pace
    from crossdock.daemon.watch import watch_over
    from crossdock.daemon.working import Working, place_of
    from sync.store.waiting import STARTING_SECONDS

    start_logging(app, log_format, log_level or "")
    settings = load(app)
    secrets = resolver(app, settings)
    _refuse(settings, secrets, every)
    pace = Pace() if every is None else Pace(every)
    with (
        ends_at_once(),
        open_hub(app, SilentProgress(), patience=STARTING_SECONDS) as hub,
        _listening(address) as listener,
    ):
        watch = watch_over(hub, settings, secrets, syncs=True)
        place = place_of(watch, listener)
        working = Working(app, hub, settings, pace, place, watch, paced=every is not None)
        told = _begun(settings, listener, pace.every)
        click.echo(json.dumps(told) if app.as_json else "\n".join(_lines(told)))
        working.start()
        asked = place.run()
        ended = working.end()
    if not asked:
        raise FatalError("the part that syncs has ended", hint="see the lines above, and report them")
    if not ended:
        leave()
    return Outcome.IN_SYNC


def _refuse(settings: Settings, secrets: Resolver, every: float | None) -> None:
    from crossdock.daemon.reload import paced_and_scheduled
    from crossdock.health import require_connectors
    from crossdock.settings.hub import database_url

    file = str(settings.file)
    if database_url(settings, secrets).startswith("sqlite"):
        message = "workers need PostgreSQL: an SQLite file belongs to one process on one machine"
        hint = "run `crossdock serve`, or set `database: postgresql://USER@HOST/NAME`"
        raise ConfigError([Problem(message, file=file, hint=hint)])
    if every is not None and settings.schedules:
        raise paced_and_scheduled(settings)
    require_connectors(settings, secrets)


@contextmanager
def _listening(address: str | None) -> Iterator[socket.socket | None]:
    if address is None:
        yield None
        return
    from crossdock.daemon.server import listen

    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > _LAST_PORT:
        raise click.BadParameter("write HOST:PORT, as 127.0.0.1:8086", param_hint="--listen")
    with listen(host.strip("[]"), int(port), "--listen") as found:
        yield found


def _begun(settings: Settings, listener: socket.socket | None, every: float) -> dict[str, object]:
    host, port = listener.getsockname()[:2] if listener is not None else ("", 0)
    return {
        "format_version": FORMAT_VERSION,
        "command": "worker",
        "pid": os.getpid(),
        "listening": f"http://{f'[{host}]' if ':' in host else host}:{port}" if host else None,
        "every": None if settings.schedules else every,
        "schedules": list(settings.schedules),
        "flows": list(settings.flows),
        "orders": list(settings.orders),
    }


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    work = [f"flow {name}" for name in told["flows"]] + [f"orders of {name}" for name in told["orders"]]
    named = ", ".join(told["schedules"])
    when = f"the rest by the schedules {named}" if named else f"everything every {told['every']:g} seconds"
    yield f"syncs what is marked at once, {when}, unless another worker leads: {', '.join(work)}"
    if told["listening"]:
        yield f"listening on {told['listening']} for probes and figures"
    yield f"to stop it: Ctrl-C, or kill {told['pid']}; `crossdock status` shows who leads"
