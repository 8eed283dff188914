"""Webhook subscriptions: one for all topics, signed with the secret that we give; ShipBob changes none that is made."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from canonical.errors import FatalError
from connectors.base import JSON
from connectors.paging import CursorGuard
from connectors.shipbob.client import Client, Params
from connectors.shipbob.verdict import RefusedError
from connectors.subscriptions import Subscription

_PATH, _MOST, _GONE = "webhook", 250, 404
_SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{32}")


class _Webhook(msgspec.Struct, frozen=True):
    id: str | int
    url: str = ""
    topics: list[str] = []
    enabled: bool = True


class ShipBobSubscriptions:
    """What ShipBob was asked to tell; the token needs the rights to read and write webhooks."""

    def __init__(self, client: Client, connection: str) -> None:
        self._client = client
        self._connection = connection

    def listed(self) -> list[Subscription]:
        """Every subscription of the account."""
        found: list[Subscription] = []
        guard = CursorGuard(self._connection, _PATH)
        params: Params = (("RecordsPerPage", str(_MOST)),)
        while True:
            page = self._client.paged(_PATH, params)
            found += [_shown(msgspec.json.decode(raw, type=_Webhook)) for raw in page.records]
            if page.following is None:
                return found
            params = page.following
            guard.advance(str(params))

    def create(self, address: str, topics: Sequence[str], secret: str) -> str:
        """Make a subscription for all topics, with our secret."""
        _check(secret)
        body: JSON = {"url": address, "topics": list(topics), "secret": secret, "description": "Crossdock"}
        self._client.add(_PATH, msgspec.json.encode(body), "webhook.create")
        return ""

    def change(self, one: Subscription, topics: Sequence[str], secret: str) -> None:
        """Make one for exactly these topics and then end the other: what comes twice meanwhile does no harm."""
        self.create(one.address, topics, secret)
        self.remove(one)

    def remove(self, one: Subscription) -> None:
        """Delete a subscription."""
        try:
            self._client.remove(f"{_PATH}/{one.id}", "webhook.delete")
        except RefusedError as error:
            if error.status != _GONE:
                raise


def _shown(one: _Webhook) -> Subscription:
    return Subscription(str(one.id), one.url, tuple(one.topics), one.enabled)


def _check(secret: str) -> None:
    if not _SECRET.fullmatch(secret):
        raise FatalError(
            "a secret of ShipBob webhooks must be whsec_ and 32 letters, digits, + or /",
            hint='make one as with `echo "whsec_$(openssl rand -base64 24)"`, and put it first in webhook_secrets',
        )
