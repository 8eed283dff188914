"""What ``crossdock serve`` tells once it listens: where, for whom, and what it does from now on."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from crossdock.cli.report import FORMAT_VERSION

if TYPE_CHECKING:
    import socket

    from crossdock.settings.model import Settings
    from crossdock.webhooks.receiver import Door


def begun(
    settings: Settings, opened: Mapping[str, Door], listener: socket.socket, every: float, *, idle: bool
) -> dict[str, object]:
    """What it does from now on, once it listens."""
    from crossdock.webhooks.doors import address

    host, port = listener.getsockname()[:2]
    shape = msgspec.structs.replace(settings.webhooks, port=port)
    able = [name for name, one in settings.connections.items() if one.manifest.webhooks is not None]
    return {
        "format_version": FORMAT_VERSION,
        "command": "serve",
        "pid": os.getpid(),
        "listening": f"http://{f'[{host}]' if ':' in host else host}:{port}",
        "connections": [{"connection": name, "url": address(shape, name)} for name in opened],
        "unheard": [name for name in able if name not in opened],
        "every": None if idle or settings.schedules else every,
        "schedules": [] if idle else list(settings.schedules),
        "flows": [] if idle else list(settings.flows),
        "orders": [] if idle else list(settings.orders),
    }


def lines(told: Mapping[str, Any]) -> Iterator[str]:
    """The same for a person."""
    doors = told["connections"]
    yield f"listening on {told['listening']} for {', '.join(one['connection'] for one in doors) or 'nobody'}"
    yield from (f"  {one['connection']} is to call {one['url']}" for one in doors)
    if told["unheard"]:
        yield f"  not heard, for want of webhook_secrets: {', '.join(told['unheard'])}"
    idle = told["every"] is None and not told["schedules"]
    work = [f"flow {name}" for name in told["flows"]] + [f"orders of {name}" for name in told["orders"]]
    if told["schedules"]:
        named = ", ".join(told["schedules"])
        yield f"syncs what is told at once, the rest by the schedules {named}: {', '.join(work)}"
    elif idle:
        yield "only stores what it is told; `crossdock sync` or `crossdock worker` works it off"
    else:
        yield f"syncs what is told at once, and everything every {told['every']:g} seconds: {', '.join(work)}"
    shown = "`crossdock webhooks list` shows what came" if idle else "`crossdock runs` shows what it did"
    yield f"to stop it: Ctrl-C, or kill {told['pid']}; {shown}"
