"""Switch tracing on for a hub where the configuration says so; where it does not, none of it is imported."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec

from canonical.errors import ConfigError, Problem
from crossdock.cli.errors import redacted
from crossdock.settings.model import Settings
from crossdock.settings.secrets import Resolver
from crossdock.settings.telemetry import endpoint_problem
from sync import logcontext
from sync.hub import Hub

P = ParamSpec("P")


@contextmanager
def traced(hub: Hub, settings: Settings, resolver: Resolver) -> Iterator[None]:
    """What a hub does inside is traced; at the end, what waits to be sent has three seconds."""
    shape = settings.telemetry
    if not shape.endpoint:
        yield
        return
    endpoint = resolver.resolve(shape.endpoint).reveal()
    problem = endpoint_problem(endpoint, in_house=shape.allow_private_network)
    if problem:
        raise ConfigError([Problem(f"telemetry.endpoint: {problem}", file=str(settings.file))])
    headers = {name: resolver.resolve(value).reveal() for name, value in shape.headers.items()}
    from crossdock.telemetry.otlp import Collector
    from crossdock.telemetry.tracing import Tracing

    collector = Collector(
        endpoint, headers, lambda text: redacted(text, resolver.revealed), in_house=shape.allow_private_network
    )
    tracing = Tracing(collector, sampled=shape.sample_percent / 100)
    hub.on_request = tracing.asked if hub.on_request is None else both(hub.on_request, tracing.asked)
    hub.on_run, hub.on_told = both(hub.on_run, tracing.ran), both(hub.on_told, tracing.told)
    logcontext.trace_with(tracing.span)
    try:
        yield
    finally:
        logcontext.trace_with(None)
        tracing.flush()
        collector.end()
        tracing.close()


def both(first: Callable[P, None], second: Callable[P, None]) -> Callable[P, None]:
    """Tell two of the same."""

    def told(*args: P.args, **kwargs: P.kwargs) -> None:
        first(*args, **kwargs)
        second(*args, **kwargs)

    return told
