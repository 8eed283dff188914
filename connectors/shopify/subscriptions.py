"""Webhook subscriptions of the app that the token belongs to: one for each topic and address.

Others than the app's own are not shown by the API, nor are those of its toml file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from canonical.errors import FatalError
from connectors.base import JSON
from connectors.manifest import topics_of
from connectors.paging import CursorGuard
from connectors.shopify.client import ShopifyClient
from connectors.shopify.documents import MUTATION_COST, PAGE_CAP
from connectors.shopify.shapes import Counted, Data, UserError
from connectors.subscriptions import Subscription

_LIST = (
    "query webhooks($first: Int!, $after: String) { records: webhookSubscriptions(first: $first, after: $after) "
    "{ nodes { id topic uri format } pageInfo { hasNextPage endCursor } } }"
)
_CREATE = (
    "mutation webhookCreate($topic: WebhookSubscriptionTopic!, $given: WebhookSubscriptionInput!) { "
    "written: webhookSubscriptionCreate(topic: $topic, webhookSubscription: $given) "
    "{ webhookSubscription { id } userErrors { field message } } }"
)
_DELETE = (
    "mutation webhookDelete($id: ID!) { written: webhookSubscriptionDelete(id: $id) "
    "{ deletedWebhookSubscriptionId userErrors { field message } } }"
)
_GONE = "does not exist"


class _Node(msgspec.Struct, frozen=True):
    id: str
    topic: str
    uri: str
    format: str = "JSON"


class _Payload(msgspec.Struct, frozen=True, rename="camel"):
    user_errors: list[UserError]


class _Written(msgspec.Struct, frozen=True):
    written: _Payload | None


class ShopifySubscriptions:
    """What Shopify was asked to tell; a subscription it gave up is deleted there, so that it is simply not listed."""

    def __init__(self, client: ShopifyClient) -> None:
        self._client = client
        self._names = {_constant(topic): topic for topic in topics_of("connectors.shopify")}

    def listed(self) -> list[Subscription]:
        """Every subscription of the app; one that would send XML is switched off for our purposes."""
        found: list[Subscription] = []
        guard = CursorGuard(self._client.connection, "webhooks")
        after: str | None = None
        while True:
            variables: dict[str, JSON] = {"first": PAGE_CAP, "after": after}
            answer = self._client.query("webhooks", _LIST, variables, 3 + PAGE_CAP)
            page = answer.decode(Data[Counted[_Node]]).data.records
            found += [self._shown(node) for node in page.nodes]
            if not page.page_info.has_next_page:
                return found
            after = guard.advance(page.page_info.end_cursor or "")

    def create(self, address: str, topics: Sequence[str], secret: str) -> str:
        """Subscribe an address to each topic; the app's own secret signs."""
        for topic in topics:
            given: JSON = {"uri": address, "format": "JSON"}
            self._write("webhooks.create", _CREATE, {"topic": _constant(topic), "given": given})
        return ""

    def change(self, one: Subscription, topics: Sequence[str], secret: str) -> None:
        """Put a subscription that sends what we cannot read right: it is made anew."""
        self.remove(one)
        self.create(one.address, topics, secret)

    def remove(self, one: Subscription) -> None:
        """End a subscription."""
        self._write("webhooks.delete", _DELETE, {"id": one.id}, ignore=_GONE)

    def _shown(self, node: _Node) -> Subscription:
        topic = self._names.get(node.topic, node.topic)
        return Subscription(node.id, node.uri, (topic,), active=node.format == "JSON")

    def _write(self, operation: str, document: str, variables: Mapping[str, JSON], ignore: str = "") -> None:
        answer = self._client.query(operation, document, variables, MUTATION_COST)
        payload = answer.decode(Data[_Written]).data.written
        said = [answer.redact(one.message) for one in payload.user_errors] if payload else []
        errors = [message for message in said if not ignore or ignore not in message]
        if errors:
            hint = "Shopify only calls https addresses that can be reached from outside; see webhooks.public_url"
            raise FatalError(f"{answer.place}: {'; '.join(errors)}", hint=hint)


def _constant(topic: str) -> str:
    """``orders/partially_fulfilled`` as the API writes it: ``ORDERS_PARTIALLY_FULFILLED``."""
    return topic.replace("/", "_").upper()
