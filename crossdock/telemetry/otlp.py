"""Spans on their way to a collector: OTLP over HTTP in JSON, its address checked as those of platforms are."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import msgspec
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import format_span_id, format_trace_id

from canonical.errors import CrossdockError
from connectors.http.pool import Pool
from connectors.http.records import Outgoing

_log = logging.getLogger(__name__)
_SECONDS = 3.0
_PATH = "/v1/traces"
_JSON = {"content-type": "application/json"}


class Collector(SpanExporter):
    """Posts spans; what does not get there is dropped, and the log says so once until it works again."""

    def __init__(
        self, endpoint: str, headers: Mapping[str, str], redact: Callable[[str], str], *, in_house: bool
    ) -> None:
        parts = urlsplit(endpoint)
        self._url = urlunsplit(parts._replace(path=_PATH)) if parts.path in ("", "/") else endpoint
        self._redact = redact
        self._pool = Pool(
            urlunsplit((parts.scheme, parts.netloc, "/", "", "")),
            connection="telemetry",
            auth=None,
            headers=headers,
            timeout=_SECONDS,
            transport=None,
            verify=True,
            allow_private_network=in_house,
        )
        self._failing = False
        self._ending = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Post spans; FAILURE when they did not get there."""
        if self._ending:
            return SpanExportResult.FAILURE
        outgoing = Outgoing("POST", self._url, body(spans, self._redact), _JSON, "traces")
        try:
            answer = self._pool.send(outgoing, self._pool.url_of(outgoing))
            problem = "" if 200 <= answer.status_code < 300 else f"it answered with status {answer.status_code}"
        except httpx.RequestError as error:
            problem = f"no answer: {type(error).__name__}"
        except CrossdockError as error:
            problem = str(error.args[0])
        if problem and not self._failing:
            _log.warning("traces do not get to telemetry.endpoint, and are dropped: %s", self._redact(problem))
        self._failing = bool(problem)
        return SpanExportResult.FAILURE if problem else SpanExportResult.SUCCESS

    def end(self) -> None:
        """From now on nothing is posted any more: the end of the process waits for nobody."""
        self._ending = True

    def shutdown(self) -> None:
        """Give the connections back."""
        self._pool.close()


def body(spans: Sequence[ReadableSpan], redact: Callable[[str], str]) -> bytes:
    """Spans of one provider as OTLP writes them in JSON: ids in hex, instants in nanoseconds, whole numbers as text."""
    resource = spans[0].resource.attributes if spans else {}
    scope = {"scope": {"name": "crossdock"}, "spans": [_span(one, redact) for one in spans]}
    whole = {"resource": {"attributes": _attributes(resource, redact)}, "scopeSpans": [scope]}
    return msgspec.json.encode({"resourceSpans": [whole]})


def _span(one: ReadableSpan, redact: Callable[[str], str]) -> dict[str, Any]:
    context = one.get_span_context()
    assert context is not None
    found: dict[str, Any] = {
        "traceId": format_trace_id(context.trace_id),
        "spanId": format_span_id(context.span_id),
        "name": redact(one.name),
        # Both count the same kinds, OTLP from one on.
        "kind": one.kind.value + 1,
        "startTimeUnixNano": str(one.start_time),
        "endTimeUnixNano": str(one.end_time),
        "attributes": _attributes(one.attributes or {}, redact),
        "status": {"code": one.status.status_code.value},
    }
    if one.parent is not None:
        found["parentSpanId"] = format_span_id(one.parent.span_id)
    return found


def _attributes(values: Mapping[str, Any], redact: Callable[[str], str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(one, redact)} for key, one in values.items()]


def _value(one: object, redact: Callable[[str], str]) -> dict[str, object]:
    if isinstance(one, bool):
        return {"boolValue": one}
    if isinstance(one, int):
        return {"intValue": str(one)}
    return {"stringValue": redact(str(one))}
