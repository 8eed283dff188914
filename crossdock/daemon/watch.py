"""What others may see of the process that stays: its probes and its figures, wired to what they tell of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypedDict

from prometheus_client import CollectorRegistry, ProcessCollector
from starlette.routing import Route

from crossdock.daemon.loop import Loop
from crossdock.daemon.probes import Probes, unreachable
from crossdock.daemon.pulse import Pulse
from crossdock.daemon.server import Server
from crossdock.daemon.stay import Stay
from crossdock.metrics.access import Access
from crossdock.metrics.counters import Counters
from crossdock.metrics.endpoint import Metrics, Stored
from crossdock.settings.model import Settings
from crossdock.settings.secrets import Resolver
from crossdock.telemetry.switch import both
from crossdock.webhooks.receiver import Receiver
from sync.gauges import Gauge
from sync.hub import Hub


class Beside(TypedDict):
    """What a receiver is given to serve and to tell."""

    routes: Sequence[Route]
    answered: Callable[[str, int, float], None]


class Watch:
    """The routes of probes and figures; ``over`` says what they tell of, once it is made."""

    def __init__(self, hub: Hub, access: Access, *, syncs: bool) -> None:
        self._hub = hub
        self._access = access
        self._syncs = syncs
        self.pulse = Pulse()
        self._server: Server | Stay | None = None
        self._receiver: Receiver | None = None
        self._loop: Loop | None = None
        registry = CollectorRegistry()
        ProcessCollector(namespace="crossdock", registry=registry)
        self.counters = Counters(registry)
        registry.register(Stored(hub, self._own))
        probes, metrics = Probes(self._alive, self._ready), Metrics(registry, access)
        self.routes: Sequence[Route] = (
            Route("/healthz", probes.healthz),
            Route("/readyz", probes.readyz),
            Route("/metrics", metrics.answer),
        )
        hub.on_request = self.counters.asked if hub.on_request is None else both(hub.on_request, self.counters.asked)
        hub.on_run = both(hub.on_run, self.counters.ran)
        hub.on_outcome = self.counters.changed

    def for_receiver(self) -> Beside:
        """What the receiver serves beside its doors, and whom it tells of its answers."""
        return {"routes": self.routes, "answered": both(self._hub.on_told, self.counters.answered)}

    def admit(self, settings: Settings, token: str) -> None:
        """From now on whoever a configuration says may see the figures."""
        self._access.configure(token, behind_proxy=bool(settings.webhooks.public_url))

    def over(self, server: Server | Stay, receiver: Receiver | None, loop: Loop | None) -> None:
        """From now on the probes and figures are about these."""
        self._server, self._receiver, self._loop = server, receiver, loop

    def _alive(self) -> str:
        if self._loop is not None and self._loop.ended:
            return "the part that syncs has ended"
        if self._receiver is not None and not self._receiver.stores:
            return "the part that stores messages has ended"
        return ""

    def _ready(self) -> str:
        if self._server is not None and self._server.stopping:
            return "stopping"
        if self._syncs and not self.pulse.looked and not self.pulse.stands_by:
            return "the first look at all connections has not ended"
        return unreachable(self._hub.database)

    def _own(self) -> list[Gauge]:
        waiting = self._receiver.waiting() if self._receiver is not None else 0
        return [
            Gauge("inbox_waiting", "Messages that wait to be stored.", (), (((), float(waiting)),)),
            Gauge("loop_failures", "Syncs that failed in a row.", (), (((), float(self.pulse.failures)),)),
        ]


def watch_over(hub: Hub, settings: Settings, resolver: Resolver, *, syncs: bool) -> Watch:
    """What may be seen of a hub, by whom the configuration says."""
    watch = Watch(hub, Access(), syncs=syncs)
    watch.admit(settings, metrics_token(settings, resolver))
    return watch


def metrics_token(settings: Settings, resolver: Resolver) -> str:
    """The token that whoever asks for figures must show; empty where there is none."""
    return resolver.resolve(settings.metrics.token).reveal() if settings.metrics.token else ""
