"""Webhook subscriptions: kept and listed, nothing is delivered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.shopify.simulator.context import Args, Context, user_error
from connectors.shopify.simulator.reads import Resolver
from connectors.shopify.simulator.records import Record


class WebhookSubscription(Record):
    """One topic sent to one address."""

    __slots__ = ("filter", "format", "include_fields", "metafield_namespaces", "name", "topic", "uri")
    TYPENAME = "WebhookSubscription"

    def __init__(self, number: int, at: datetime, topic: str, given: Args) -> None:
        super().__init__(number, at)
        self.topic = topic
        self.uri: str = given["uri"]
        self.format: str = given.get("format") or "JSON"
        self.filter: str | None = given.get("filter")
        self.include_fields: list[str] = given.get("includeFields") or []
        self.metafield_namespaces: list[str] = given.get("metafieldNamespaces") or []
        self.name: str | None = given.get("name")


def create(_: Any, context: Context, args: Args) -> dict[str, Any]:
    """Subscribe an address to a topic."""
    given, topic = args["webhookSubscription"], args["topic"]
    table = context.platform.webhooks
    error = _address_error(given.get("uri") or "", topic, context)
    effects = [] if error else [f"webhook {topic} created"]
    context.platform.log.write("webhookSubscriptionCreate", rows=1, effect=effects)
    if error is not None:
        return {"webhookSubscription": None, "userErrors": [error]}
    number = (table.numbers[-1] if table.numbers else 1_000) + 1
    subscription = WebhookSubscription(number, context.now, topic, given)
    table.add(subscription)
    return {"webhookSubscription": subscription, "userErrors": []}


def delete(_: Any, context: Context, args: Args) -> dict[str, Any]:
    """End a subscription."""
    found = context.platform.find("WebhookSubscription", args["id"])
    effects = [] if found is None else [f"webhook {found.topic} deleted"]
    context.platform.log.write("webhookSubscriptionDelete", rows=1, effect=effects)
    if found is None:
        return {"deletedWebhookSubscriptionId": None, "userErrors": [user_error(["id"], "Webhook does not exist")]}
    context.platform.webhooks.remove(found.number)
    return {"deletedWebhookSubscriptionId": args["id"], "userErrors": []}


def _address_error(uri: str, topic: str, context: Context) -> dict[str, Any] | None:
    path = ["webhookSubscription", "uri"]
    if not uri.startswith(("https://", "arn:aws:events:", "pubsub://")):
        return user_error(path, "Address is invalid")
    if any(row.topic == topic and row.uri == uri for row in context.platform.webhooks):
        return user_error(path, "Address for this topic has already been taken")
    return None


MUTATIONS: Mapping[str, Resolver] = {"webhookSubscriptionCreate": create, "webhookSubscriptionDelete": delete}
