"""Who is told of what, as the configuration says, with every secret read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from canonical.clock import Clock
from canonical.errors import ConfigError, Problem
from crossdock.alerts.senders import Mail, Sender, Slack, Webhook
from crossdock.settings.alerts import ADDRESS_HINT, AlertsShape, AlertTargetShape, address_problem
from crossdock.settings.model import Settings
from crossdock.settings.secrets import Resolver
from sync.alerts.conditions import Ending, Limits
from sync.alerts.kinds import KINDS

_VERSION = ("api_version", "version")
"""What connectors call the version of the API that they are to use."""


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody who is told of some kinds of alerts."""

    sender: Sender
    kinds: frozenset[str]


def targets(settings: Settings, resolver: Resolver, clock: Clock) -> dict[str, Target]:
    """Every target by name; ConfigError naming those whose secrets cannot be read."""
    found: dict[str, Target] = {}
    problems: list[Problem] = []
    for name, shape in settings.alerts.targets.items():
        try:
            found[name] = Target(_sender(shape, resolver, clock), frozenset(shape.only or KINDS))
        except ConfigError as error:
            problems += [replace(one, message=f"alerts, target {name}: {one.message}") for one in error.problems]
    if problems:
        raise ConfigError(problems)
    return found


def _sender(shape: AlertTargetShape, resolver: Resolver, clock: Clock) -> Sender:
    def read(text: str) -> str:
        return resolver.resolve(text).reveal()

    if shape.kind == "webhook":
        return Webhook(_safe(read(shape.url), shape), read(shape.secret), clock, shape.allow_private_network)
    if shape.kind == "slack":
        return Slack(_safe(read(shape.url), shape), shape.allow_private_network)
    to = tuple(shape.to)
    return Mail(shape.host, shape.port, shape.tls, shape.sender, to, shape.user, read(shape.password))


def _safe(url: str, shape: AlertTargetShape) -> str:
    problem = address_problem(url, in_house=shape.allow_private_network)
    if problem:
        raise ConfigError([Problem(problem, hint=ADDRESS_HINT)])
    return url


def limits(shape: AlertsShape) -> Limits:
    """From when on something is told, as configured."""
    return Limits(
        stale=timedelta(minutes=shape.stale_minutes),
        growth=shape.quarantine_growth,
        ahead=timedelta(days=shape.ahead_days),
    )


def endings(settings: Settings) -> list[Ending]:
    """What ends when: the version of each platform's API that is used, and credentials whose end was told."""
    found = []
    for name, one in settings.connections.items():
        key = next((name for name in _VERSION if name in one.manifest.settings), _VERSION[0])
        version = str(one.settings.get(key, one.manifest.default_version))
        if version in one.manifest.sunsets:
            found.append(Ending(name, f"API version {version}", one.manifest.sunsets[version]))
    told: Mapping[str, str] = settings.alerts.credentials_end
    return found + [Ending(name, "credential", date.fromisoformat(day)) for name, day in told.items()]
