"""Webhook endpoints: one for all topics, signed with a secret that Stripe makes and tells once, when it is created."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from connectors.stripe.client import PAGE_SIZE, Client
from connectors.stripe.sdk import API_VERSION
from connectors.subscriptions import Subscription

_RESOURCE = "webhook_endpoints"


class _Endpoint(msgspec.Struct, frozen=True):
    id: str
    url: str = ""
    enabled_events: list[str] = []
    status: str = "enabled"
    secret: str = ""


class StripeSubscriptions:
    """What Stripe was asked to tell."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def listed(self) -> list[Subscription]:
        """Every endpoint of the account."""
        found: list[Subscription] = []
        params: dict[str, str | int | list[str]] = {"limit": PAGE_SIZE}
        while True:
            page = self._client.list(_RESOURCE, params)
            endpoints = [msgspec.json.decode(raw, type=_Endpoint) for raw in page.records]
            found += [_shown(one) for one in endpoints]
            if not page.has_more or not endpoints:
                return found
            params["starting_after"] = endpoints[-1].id

    def create(self, address: str, topics: Sequence[str], secret: str) -> str:
        """Make an endpoint, its messages in the API version that this connector reads; gives its secret."""
        params = {
            "url": address,
            "enabled_events": list(topics),
            "api_version": API_VERSION,
            "description": "Crossdock",
        }
        return self._client.create_endpoint(params).decode(_Endpoint).secret

    def change(self, one: Subscription, topics: Sequence[str], secret: str) -> None:
        """Enable an endpoint for exactly these topics; it keeps its secret."""
        self._client.update_endpoint(one.id, {"enabled_events": list(topics), "disabled": False})

    def remove(self, one: Subscription) -> None:
        """Delete an endpoint, and its secret with it."""
        self._client.delete_endpoint(one.id)


def _shown(one: _Endpoint) -> Subscription:
    return Subscription(one.id, one.url, tuple(one.enabled_events), active=one.status == "enabled")
