"""A collector of traces on this machine: it takes OTLP over HTTP in JSON and keeps the spans."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.support.told import Hook, hook

KINDS = {1: "internal", 2: "server", 3: "client"}


@dataclass(frozen=True)
class Span:
    """One span as it came."""

    name: str
    kind: str
    trace: str
    id: str
    parent: str
    failed: bool
    seconds: float
    attributes: dict[str, Any]


@dataclass
class Collected:
    """What a collector got."""

    hook: Hook

    @property
    def url(self) -> str:
        """Where it is."""
        return self.hook.url

    @property
    def raw(self) -> str:
        """Everything that was posted."""
        return "\n".join(one.body.decode() for one in self.hook.posts)

    def spans(self, name: str = "") -> list[Span]:
        """The spans so far, or those of a name."""
        found = [_span(one) for post in self.hook.posts for one in _of(json.loads(post.body))]
        return [one for one in found if not name or one.name == name]


@contextmanager
def collecting() -> Iterator[Collected]:
    """Collect while the context lasts."""
    with hook() as found:
        yield Collected(found)


def _of(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [span for part in body["resourceSpans"] for scope in part["scopeSpans"] for span in scope["spans"]]


def _span(one: dict[str, Any]) -> Span:
    values = {given["key"]: given["value"] for given in one["attributes"]}
    return Span(
        one["name"],
        KINDS[one["kind"]],
        one["traceId"],
        one["spanId"],
        one.get("parentSpanId", ""),
        one["status"]["code"] == 2,
        (int(one["endTimeUnixNano"]) - int(one["startTimeUnixNano"])) / 1e9,
        {key: _value(value) for key, value in values.items()},
    )


def _value(value: dict[str, Any]) -> Any:
    ((kind, found),) = value.items()
    return int(found) if kind == "intValue" else found
