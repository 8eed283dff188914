"""``/metrics``: what the database says now and what this process counted, for whoever may see it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from importlib import metadata

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from canonical.errors import CrossdockError
from crossdock.metrics.access import Access
from sync.gauges import Gauge, gauges
from sync.hub import Hub

_KEPT_SECONDS = 2.0


class Stored(Collector):
    """The figures in the database, looked up at most once in two seconds, however many ask."""

    def __init__(self, hub: Hub, more: Callable[[], Sequence[Gauge]]) -> None:
        self._hub = hub
        self._more = more
        self._lock = threading.Lock()
        self._read: list[Gauge] = []
        self._reached = False
        self._until = 0.0

    def collect(self) -> Iterable[Metric]:
        """Every figure, and whether the database could be reached."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._look()
                self._until = time.monotonic() + _KEPT_SECONDS
            found, reached = list(self._read), self._reached
        version = {"version": metadata.version("crossdock"), "config_version": self._hub.config.version}
        yield InfoMetricFamily("crossdock_build", "The program and the configuration it runs.", version)
        yield GaugeMetricFamily("crossdock_database_up", "1 where the database could be read.", float(reached))
        for one in [*found, *self._more()]:
            yield _family(one)

    def _look(self) -> None:
        try:
            with self._hub.database.read() as connection:
                self._read, self._reached = gauges(connection, self._hub.config, self._hub.now()), True
        except CrossdockError:
            self._read, self._reached = [], False


def _family(gauge: Gauge) -> Metric:
    family = GaugeMetricFamily(f"crossdock_{gauge.name}", gauge.about, labels=gauge.labels)
    for labels, value in gauge.samples:
        family.add_metric(labels, value)
    return family


class Metrics:
    """Answers a scrape."""

    def __init__(self, registry: CollectorRegistry, access: Access) -> None:
        self._registry = registry
        self._access = access

    def answer(self, request: Request) -> Response:
        """The figures as text; runs in a thread of its own, for it asks the database."""
        refused = self._access.refusal(request)
        if refused is not None:
            return refused
        return Response(generate_latest(self._registry), media_type=None, headers={"content-type": CONTENT_TYPE_LATEST})
