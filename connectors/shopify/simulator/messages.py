"""Messages to subscribers, signed over the body with the app's secret; what they say of levels of stock."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from connectors.shopify.simulator.records import Level


def headers_of(topic: str, body: bytes, secret: str, *, shop: str, at: datetime, number: int) -> dict[str, str]:
    """The headers of a message; neither the topic nor the shop is covered by the signature."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
        "X-Shopify-Shop-Domain": shop,
        "X-Shopify-API-Version": "2026-10",
        "X-Shopify-Webhook-Id": f"b54557e4-bdd9-4b37-8a5f-{number:012d}",
        "X-Shopify-Event-Id": f"98880550-7158-44d4-b7cd-{number:012d}",
        "X-Shopify-Triggered-At": at.isoformat(),
    }


def encoded(payload: Mapping[str, Any]) -> bytes:
    """A message's body."""
    return msgspec.json.encode(payload)


def level_payload(level: Level) -> dict[str, Any]:
    """What ``inventory_levels/update`` says: the item and the location by their numbers."""
    return {
        "inventory_item_id": level.item.number,
        "location_id": level.location.number,
        "available": level.available,
        "updated_at": level.updated_at.isoformat(),
        "admin_graphql_api_id": level.gid,
    }
