"""The doors that the configuration opens: one for each connection with a secret."""

from __future__ import annotations

from dataclasses import replace

from canonical.errors import ConfigError, Problem
from connectors.registry import webhooks_of
from connectors.webhooks import Webhooks
from crossdock.settings.model import Settings
from crossdock.settings.secrets import Resolver
from crossdock.settings.shape import WebhooksShape
from crossdock.webhooks import secretfile
from crossdock.webhooks.limits import Limits
from crossdock.webhooks.receiver import Door
from crossdock.webhooks.secretfile import told_for_each


def readers(settings: Settings) -> dict[str, Webhooks]:
    """How what was kept of each connection is read, whether it has secrets or not."""
    found = {name: webhooks_of(one.connector) for name, one in settings.connections.items()}
    return {name: reader for name, reader in found.items() if reader is not None}


def doors(settings: Settings, resolver: Resolver) -> dict[str, Door]:
    """Each connection that takes webhooks, its secrets read; ConfigError naming those that cannot be."""
    opened: dict[str, Door] = {}
    problems: list[Problem] = []
    for name, reader in readers(settings).items():
        secrets: list[str] = []
        for reference in settings.connections[name].webhook_secrets:
            try:
                secrets += _secrets(settings, name, resolver.resolve(reference).reveal(), resolver)
            except ConfigError as error:
                place = f"connection {name}, webhook_secrets"
                problems += [replace(one, message=f"{place}: {one.message}") for one in error.problems]
        if secrets:
            opened[name] = Door(name, reader, tuple(secrets))
    if problems:
        raise ConfigError(problems)
    return opened


def _secrets(settings: Settings, name: str, text: str, resolver: Resolver) -> list[str]:
    """What a reference holds: one secret, or a line for each where the platform makes one for each topic."""
    spec = settings.connections[name].manifest.webhooks
    if spec is None or not told_for_each(spec):
        return [text]
    found = [one.secret for one in secretfile.lines(text)]
    resolver.revealed.update(found)
    return found


def limits(shape: WebhooksShape) -> Limits:
    """The limits as configured."""
    return Limits(body_bytes=shape.max_body_kib * 1024, per_second=float(shape.max_per_second))


def address(shape: WebhooksShape, connection: str) -> str:
    """What a platform is told to call for a connection."""
    base = shape.public_url.rstrip("/") or f"http://{shape.host}:{shape.port}"
    return f"{base}/webhooks/{connection}"
