"""What Shopify tells by itself: signed over the body alone, so that the topic and the shop in the headers are hints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from connectors.manifest import topics_of
from connectors.payloads import decoded
from connectors.signatures import from_base64, keys, lowered, signed
from connectors.webhooks import Accepted, Contents, PrivacyDemand, RecordRef, Refused, Verdict

_GID = "gid://shopify"
_TYPES = {"orders": "Order", "productVariants": "ProductVariant", "inventoryItems": "InventoryItem"}
_DEMANDS: Mapping[str, Literal["tell", "erase"]] = {
    "customers/data_request": "tell",
    "customers/redact": "erase",
    "shop/redact": "erase",
}
_PROOF = {"customers/data_request": "orders_requested", "customers/redact": "orders_to_redact"}
_OF_SHOP = frozenset({"shop_id", "shop_domain"})
_Id = int | str | None


class _Named(msgspec.Struct):
    id: _Id = None
    admin_graphql_api_id: str = ""
    order_id: _Id = None


class _Payload(_Named):
    inventory_item_id: _Id = None
    order: _Named = msgspec.field(default_factory=_Named)
    order_edit: _Named = msgspec.field(default_factory=_Named)
    variants: list[_Named] = []


class _Demand(msgspec.Struct):
    customer: _Named = msgspec.field(default_factory=_Named)
    orders_requested: list[int | str] = []
    orders_to_redact: list[int | str] = []


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> Verdict:
    """Judge a message by the app's client secret; its signature covers no time, so it stays good for ever."""
    found = lowered(headers)
    known = keys(secrets)
    if not known:
        return Refused("no_secret")
    given = _header(found, "hmac-sha256")
    if not given:
        return Refused("unsigned")
    if not signed(body, known, [from_base64(given)]):
        return Refused("bad_signature")
    topic = _header(found, "topic").lower()
    return Accepted(topic, _header(found, "webhook-id"), read(topic, body))


def read(topic: str, body: bytes) -> Contents:
    """The records a message names, by their global ids, or what a privacy law demands of us."""
    if topic in _DEMANDS:
        # A demand must not get lost because its details cannot be read; its body is kept.
        return Contents(demands=(_demand(topic, body),))
    resources = topics_of("connectors.shopify").get(topic, ())
    payload = (decoded(body, _Payload) if resources else None) or _Payload()
    named = {RecordRef(resource, gid): None for resource in resources for gid in _gids(resource, topic, payload)}
    return Contents(tuple(named))


def _header(headers: Mapping[str, str], name: str) -> str:
    """A header of Shopify's, by its old name or its new one."""
    return headers.get(f"x-shopify-{name}") or headers.get(f"shopify-{name}", "")


def _demand(topic: str, body: bytes) -> PrivacyDemand:
    """What is demanded, if the body is one of such a demand: the topic is not signed, and any message could bear it."""
    action = _DEMANDS[topic]
    shape = decoded(body, dict[str, msgspec.Raw]) or {}
    if topic == "shop/redact":
        return PrivacyDemand(action, everyone=bool(shape) and shape.keys() <= _OF_SHOP)
    given = decoded(body, _Demand)
    if given is None or _PROOF[topic] not in shape:
        return PrivacyDemand(action)
    orders = (*given.orders_requested, *given.orders_to_redact)
    customer = "" if given.customer.id is None else f"{_GID}/Customer/{given.customer.id}"
    return PrivacyDemand(action, customer, tuple(f"{_GID}/Order/{one}" for one in orders))


def _gids(resource: str, topic: str, payload: _Payload) -> Iterator[str]:
    kind = _TYPES[resource]
    if resource == "productVariants" and topic.startswith("products/"):
        found = [one.admin_graphql_api_id or one.id for one in payload.variants]
    elif resource == "inventoryItems" and topic.startswith("inventory_levels/"):
        found = [payload.inventory_item_id]
    elif resource == "orders" and not topic.startswith("orders/"):
        found = [payload.order_id or payload.order.admin_graphql_api_id or payload.order.id]
    elif topic == "orders/edited":
        found = [payload.order_edit.order_id]
    else:
        found = [payload.admin_graphql_api_id or payload.id]
    for one in found:
        number = str(one or "").removeprefix(f"{_GID}/{kind}/")
        if number.isascii() and number.isdigit():
            yield f"{_GID}/{kind}/{number}"
