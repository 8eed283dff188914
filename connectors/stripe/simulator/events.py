"""The list of events and the signed messages they cause."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import msgspec

from connectors.stripe.simulator.shapes import Obj
from connectors.stripe.simulator.switches import Switches

API_VERSION = "2026-10-28.endive"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where messages go: ``enabled`` are event types, or an asterisk for all of them."""

    url: str
    secret: str
    enabled: Collection[str] = ("*",)
    id: str = ""

    def takes(self, event: str) -> bool:
        """Whether it is told of such an event."""
        return event in self.enabled or "*" in self.enabled


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message, ready to be posted."""

    url: str
    headers: dict[str, str]
    body: bytes


class Events:
    """What happened, oldest first; each keeps the object as it was."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self.kept: list[Obj] = []
        self.endpoints: list[Endpoint] = []
        self.outbox: list[Delivery] = []
        self.request: dict[str, str | None] = {"id": None, "idempotency_key": None}

    def add(self, event: str, obj: Obj, now: int) -> None:
        """Something happened."""
        kept = {
            "id": f"evt_{len(self.kept) + 1:016d}",
            "object": "event",
            "api_version": API_VERSION,
            "created": now,
            "data": {"object": msgspec.json.decode(msgspec.json.encode(obj))},
            "livemode": False,
            "pending_webhooks": sum(endpoint.takes(event) for endpoint in self.endpoints),
            "request": dict(self.request),
            "type": event,
        }
        self.kept.append(kept)
        for endpoint in self.endpoints:
            if endpoint.takes(event):
                self.outbox.append(_delivery(endpoint, kept, now))

    def remembered(self, now: int) -> list[Obj]:
        """What can still be asked for."""
        oldest = now - self._switches.event_days * 86_400
        return [event for event in self.kept if event["created"] >= oldest]


def signature(secret: str, body: bytes, at: int) -> str:
    """The header over a body: the time, and the HMAC-SHA256 of time and body in hexadecimal."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def _delivery(endpoint: Endpoint, event: dict[str, Any], now: int) -> Delivery:
    body = msgspec.json.format(msgspec.json.encode(event), indent=2)
    headers = {
        "content-type": "application/json; charset=utf-8",
        "stripe-signature": signature(endpoint.secret, body, now),
        "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    }
    return Delivery(endpoint.url, headers, body)
