"""What is traced: runs with what they read, plan and write at each connection, requests to platforms, and messages.

A span holds names from the configuration, words of Crossdock's own, a host and a path without what stands for a record.
No payload, no reference of an order, no text of an error is in it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanKind, Status, StatusCode, format_trace_id, get_current_span

from connectors.http.records import RequestRecord

_FLUSH_MILLIS = 3000
_EVERY_MILLIS = 2000
_BILLION = 1_000_000_000
_SERVER_FAULT = 500


class Tracing:
    """Makes spans and hands them to an exporter, in a thread of its own."""

    def __init__(self, exporter: SpanExporter, *, sampled: float = 1.0) -> None:
        said = {"service.name": "crossdock", "service.version": metadata.version("crossdock")}
        self._provider = TracerProvider(
            resource=Resource(said), sampler=ParentBased(TraceIdRatioBased(sampled)), shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=_EVERY_MILLIS))
        self._tracer = self._provider.get_tracer("crossdock")

    @contextmanager
    def span(self, about: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
        """A span around what a part of the engine says it is about; gives what lines of the log say of it."""
        action = about.get("action") or ("run" if "run" in about else "")
        if not action:
            yield {}
            return
        names = ("run", "connection", "flow")
        attributes = {f"crossdock.{name}": _plain(about[name]) for name in names if name in about}
        with self._tracer.start_as_current_span(
            str(action), attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield {"trace": format_trace_id(span.get_span_context().trace_id)}
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                if not isinstance(error, KeyboardInterrupt):
                    span.set_status(Status(StatusCode.ERROR))
                raise

    def asked(self, record: RequestRecord) -> None:
        """A request to a platform has ended."""
        attributes: dict[str, str | int | bool] = {
            "crossdock.connection": record.connection,
            "crossdock.operation": record.operation,
            "crossdock.write": record.write,
            "http.request.method": record.method,
            "server.address": record.host,
            "url.template": record.path,
        }
        if record.status:
            attributes["http.response.status_code"] = record.status
        if record.attempt > 1:
            attributes["http.request.resend_count"] = record.attempt - 1
        if record.error:
            attributes["error.type"] = record.error
        name, failed = f"{record.method} {record.path}", bool(record.error)
        self._past(name, SpanKind.CLIENT, record.elapsed, attributes, failed=failed)

    def told(self, connection: str, status: int, seconds: float) -> None:
        """A message of a platform was answered."""
        attributes: dict[str, str | int | bool] = {
            "crossdock.connection": connection,
            "http.request.method": "POST",
            "http.response.status_code": status,
            "url.template": "/webhooks/{connection}",
        }
        self._past("webhook", SpanKind.SERVER, seconds, attributes, failed=status >= _SERVER_FAULT)

    def ran(self, outcome: str) -> None:
        """The run at hand ended in this way."""
        get_current_span().set_attribute("crossdock.outcome", outcome)

    def flush(self) -> None:
        """Send what waits, for three seconds at most."""
        self._provider.force_flush(_FLUSH_MILLIS)

    def close(self) -> None:
        """End the thread."""
        self._provider.shutdown()

    def _past(
        self, name: str, kind: SpanKind, seconds: float, attributes: Mapping[str, str | int | bool], *, failed: bool
    ) -> None:
        """A span of what has ended just now."""
        end = time.time_ns()
        begun = end - round(max(0.0, seconds) * _BILLION)
        span = self._tracer.start_span(name, kind=kind, attributes=attributes, start_time=begun)
        if failed:
            span.set_status(Status(StatusCode.ERROR))
        span.end(end)


def _plain(value: object) -> str | int:
    return value if isinstance(value, int) else str(value)
