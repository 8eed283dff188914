"""What reaches a simulator and what it answers: plain values, no sockets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class SimRequest:
    """One HTTP request: header names in lower case, ``path`` decoded, ``host`` with its port if not the default."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    scheme: str = "http"
    host: str = "localhost"

    def param(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        found = [value for key, value in self.query if key == name]
        return found[-1] if found else default

    def json(self) -> Any:
        """The body as plain Python values; msgspec.DecodeError when it is not JSON."""
        return msgspec.json.decode(self.body)


@dataclass(frozen=True, slots=True)
class SimResponse:
    """One HTTP answer."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> SimResponse:
    """An answer with a JSON body."""
    found = {"content-type": "application/json; charset=utf-8", **(headers or {})}
    return SimResponse(status, found, msgspec.json.encode(value))


def html_response(text: str, status: int = 200) -> SimResponse:
    """An answer with a web page."""
    return SimResponse(status, {"content-type": "text/html; charset=utf-8"}, text.encode())
