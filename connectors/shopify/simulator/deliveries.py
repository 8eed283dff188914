"""Webhooks as they leave the shop: signed, to everyone who subscribed to the topic."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from connectors.shopify.simulator.context import instant
from connectors.shopify.simulator.order_records import Fulfillment, Order, Refund
from connectors.shopify.simulator.records import Record
from connectors.shopify.simulator.webhooks import WebhookSubscription

_LONG_NAMES = ("inventory_items", "inventory_levels", "order_transactions")
"""What topics begin with that have more than one word before the slash."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request to a subscriber: its address, headers and exact body."""

    uri: str
    headers: dict[str, str]
    body: bytes


class Outbox:
    """Deliveries that wait to be sent; each event has an id that all its deliveries share."""

    def __init__(self, secret: str, domain: str, version: str) -> None:
        self._secret = secret
        self._domain = domain
        self._version = version
        self._events = 0
        self.waiting: list[Delivery] = []

    def tell(self, topic: str, record: Record, subscriptions: Iterable[WebhookSubscription], at: datetime) -> None:
        """Something happened: one delivery for each subscription to it."""
        self._events += 1
        body = msgspec.json.encode(_payload(record))
        digest = hmac.new(self._secret.encode(), body, hashlib.sha256).digest()
        for one in subscriptions:
            if one.topic != topic:
                continue
            self.waiting.append(
                Delivery(
                    one.uri,
                    {
                        "content-type": "application/json",
                        "x-shopify-topic": _path(topic),
                        "x-shopify-hmac-sha256": base64.b64encode(digest).decode("ascii"),
                        "x-shopify-shop-domain": self._domain,
                        "x-shopify-api-version": self._version,
                        "x-shopify-webhook-id": f"{self._events}-{one.number}",
                        "x-shopify-event-id": f"event-{self._events}",
                        "x-shopify-triggered-at": instant(at) or "",
                    },
                    body,
                )
            )

    def take(self) -> list[Delivery]:
        """What waits, which then counts as sent."""
        found, self.waiting = self.waiting, []
        return found


def _path(topic: str) -> str:
    """``ORDERS_CREATE`` as it stands in the header: ``orders/create``."""
    found = topic.lower()
    head = next((one for one in _LONG_NAMES if found.startswith(f"{one}_")), found.partition("_")[0])
    return f"{head}/{found[len(head) + 1 :]}"


def _payload(record: Record) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": record.number,
        "admin_graphql_api_id": record.gid,
        "created_at": instant(record.created_at),
        "updated_at": instant(record.updated_at),
    }
    if isinstance(record, Fulfillment | Refund):
        found["order_id"] = record.order.number
    if isinstance(record, Order):
        found["currency"] = record.terms.currency
        found["cancelled_at"] = instant(record.canceled_at)
    return found
