"""What this process counts while it runs: exchanges with platforms, changes, runs, and answers to webhooks."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from connectors.http.records import RequestRecord

_TOO_MANY = 429
_THROTTLED = "ThrottledError"
_ACK_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_CALL_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Counters:
    """Counts since the start; labels are names of connections and words of ours, never what a platform sent."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, about: str, *labels: str) -> Counter:
            return Counter(f"crossdock_{name}", about, labels, registry=registry)

        self._calls = counter("api_calls", "Requests to a platform, repeated ones included.", "connection", "kind")
        self._failed = counter("api_failures", "Requests that came to nothing, throttled ones left out.", "connection")
        self._throttled = counter("api_throttled", "Requests that a platform refused as too many.", "connection")
        self._points = counter(
            "api_points", "What requests cost by the platform's own measure, as estimated before.", "connection"
        )
        self._changes = counter("changes", "What became of changes that were to be written.", "connection", "outcome")
        self._runs = counter("runs", "Runs of this process by outcome.", "outcome")
        self._answers = counter("webhook_answers", "Answers to webhooks by status.", "connection", "status")
        self._call_seconds = Histogram(
            "crossdock_api_seconds",
            "Time until a platform's answer was read.",
            ("connection",),
            buckets=_CALL_SECONDS,
            registry=registry,
        )
        self._ack_seconds = Histogram(
            "crossdock_webhook_ack_seconds",
            "Time until a webhook was answered.",
            ("connection",),
            buckets=_ACK_SECONDS,
            registry=registry,
        )

    def asked(self, record: RequestRecord) -> None:
        """A request was sent to a platform."""
        name = record.connection
        throttled = record.status == _TOO_MANY or record.error == _THROTTLED
        self._calls.labels(name, "write" if record.write else "read").inc()
        self._points.labels(name).inc(max(0.0, record.cost))
        self._call_seconds.labels(name).observe(record.elapsed)
        if throttled:
            self._throttled.labels(name).inc()
        elif record.error:
            self._failed.labels(name).inc()

    def changed(self, connection: str, outcome: str, count: int) -> None:
        """Changes of a connection ended in the same way."""
        self._changes.labels(connection, outcome).inc(count)

    def ran(self, outcome: str) -> None:
        """A run has ended."""
        self._runs.labels(outcome).inc()

    def answered(self, connection: str, status: int, seconds: float) -> None:
        """A webhook was answered."""
        self._answers.labels(connection, str(status)).inc()
        self._ack_seconds.labels(connection).observe(seconds)
