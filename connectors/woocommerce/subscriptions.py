"""The webhooks of a shop: one for each topic, signed with the secret that we give; a shop switches off what fails."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from canonical.errors import FatalError
from connectors.base import JSON
from connectors.subscriptions import Subscription
from connectors.woocommerce.client import Client

_PAGE = 100
_ACTIVE = "active"
_UNSAFE = frozenset("&<>\"'")


class _Webhook(msgspec.Struct, frozen=True):
    id: int
    delivery_url: str = ""
    topic: str = ""
    status: str = _ACTIVE


class WooSubscriptions:
    """What the shop was asked to tell; its key needs the right to manage WooCommerce."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def listed(self) -> list[Subscription]:
        """Every webhook of the shop; those paused by hand or disabled by failures are not active."""
        found: list[Subscription] = []
        page = 1
        while True:
            params: dict[str, str | int] = {"per_page": _PAGE, "page": page, "orderby": "id", "order": "asc"}
            answer = self._client.get("webhooks", params, "webhooks")
            records = answer.decode(list[_Webhook])
            found += [
                Subscription(str(one.id), one.delivery_url, (one.topic,), one.status == _ACTIVE) for one in records
            ]
            if len(records) < _PAGE:
                return found
            page += 1

    def create(self, address: str, topics: Sequence[str], secret: str) -> str:
        """Make a webhook for each topic, all with our secret."""
        _check(secret)
        for topic in topics:
            body: JSON = {
                "name": f"Crossdock {topic}",
                "topic": topic,
                "delivery_url": address,
                "secret": secret,
                "status": _ACTIVE,
            }
            self._client.add("webhooks", msgspec.json.encode(body), "webhooks.create")
        return ""

    def change(self, one: Subscription, topics: Sequence[str], secret: str) -> None:
        """Switch a webhook on, its secret given anew: nobody can see which one it has."""
        _check(secret)
        body: JSON = {"status": _ACTIVE, "topic": topics[0], "secret": secret}
        self._client.save(f"webhooks/{one.id}", msgspec.json.encode(body), "webhooks.update")

    def remove(self, one: Subscription) -> None:
        """Delete a webhook for good; the shop has no trash for them."""
        self._client.remove(f"webhooks/{one.id}?force=true", "webhooks.delete")


def _check(secret: str) -> None:
    """WooCommerce reads HTML entities in a secret before it signs with it."""
    if not secret or not secret.isascii() or not _UNSAFE.isdisjoint(secret):
        raise FatalError(
            "a secret of WooCommerce webhooks must be plain ASCII without & < > \" and '",
            hint="make one of letters and digits, as with `openssl rand -hex 32`",
        )
