"""Webhooks of an account: one for each type, each signed with a secret that ShipHero makes and tells once.

A webhook is ended by its type and the name of a shop, so ours bear a name of their own, which follows from the address.
Whether ShipHero still sends to one is not shown by the API that the documents follow.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from canonical.errors import FatalError, ProtocolError
from connectors.base import JSON
from connectors.paging import CursorGuard
from connectors.shiphero.client import Client
from connectors.shiphero.documents import CREATE_WEBHOOK, DELETE_WEBHOOK, WEBHOOKS, webhooks_page
from connectors.shiphero.shapes import Listed
from connectors.subscriptions import Subscription

_PAGE = 50
_CREATE, _DELETE = "webhook_create", "webhook_delete"


class _Webhook(msgspec.Struct, frozen=True):
    id: str = ""
    name: str = ""
    url: str = ""
    shop_name: str | None = None
    shared_signature_secret: str | None = None


class _Made(msgspec.Struct, frozen=True):
    webhook: _Webhook | None = None


class _ListAnswer(msgspec.Struct, frozen=True):
    data: dict[str, Listed | None]


class _MadeAnswer(msgspec.Struct, frozen=True):
    data: dict[str, _Made | None]


class ShipHeroSubscriptions:
    """What ShipHero was asked to tell."""

    def __init__(self, client: Client, customer_account_id: str) -> None:
        self._client = client
        self._account: dict[str, JSON] = {"customer_account_id": customer_account_id} if customer_account_id else {}

    def listed(self) -> list[Subscription]:
        """Every webhook of the account; none of them is known to be switched off."""
        return [Subscription(one.id, one.url, (one.name,)) for one in self._every()]

    def create(self, address: str, topics: Sequence[str], secret: str) -> str:
        """Make a webhook for one type; gives its secret, which nobody can ask for again."""
        if len(topics) != 1:
            raise FatalError("a webhook of ShipHero is for one type", hint="make one after the other")
        data: dict[str, JSON] = {"name": topics[0], "url": address, "shop_name": shop_of(address), **self._account}
        answer = self._client.query(_CREATE, CREATE_WEBHOOK, {"data": data})
        made = answer.decode(_MadeAnswer).data.get(_CREATE)
        told = made.webhook.shared_signature_secret if made is not None and made.webhook is not None else None
        if not told:
            raise ProtocolError(f"{answer.place}: the answer tells no secret", hint="register once more")
        self._client.keep_quiet(told)
        return told

    def change(self, one: Subscription, topics: Sequence[str], secret: str) -> None:
        """Nothing can be changed; the engine ends such a webhook and makes it anew."""
        raise FatalError("ShipHero changes no webhook", hint="end it and make it anew")

    def remove(self, one: Subscription) -> None:
        """End a webhook, unless that would end another one as well."""
        every = self._every()
        ours = next((webhook for webhook in every if webhook.id == one.id), None)
        if ours is None:
            return
        alike = [webhook for webhook in every if (webhook.name, webhook.shop_name) == (ours.name, ours.shop_name)]
        if any(webhook.url != ours.url for webhook in alike):
            message = f"another webhook for {ours.name} has the same shop_name, {ours.shop_name!r}, and would end too"
            raise FatalError(message, hint="end the one to this hub by hand at ShipHero")
        data: dict[str, JSON] = {"name": ours.name, **self._account}
        if ours.shop_name is not None:
            data["shop_name"] = ours.shop_name
        self._client.query(_DELETE, DELETE_WEBHOOK, {"data": data})

    def _every(self) -> list[_Webhook]:
        found: list[_Webhook] = []
        guard = CursorGuard(self._client.connection, WEBHOOKS)
        variables: Mapping[str, JSON] = {"first": _PAGE, **self._account}
        document = webhooks_page(list(self._account))
        while True:
            answer = self._client.query(WEBHOOKS, document, variables, _PAGE)
            listed = answer.decode(_ListAnswer).data.get(WEBHOOKS)
            if listed is None:
                raise ProtocolError(f"{answer.place}: the answer holds no list", hint="read again")
            found += [msgspec.json.decode(edge.node, type=_Webhook) for edge in listed.data.edges]
            if not listed.data.page_info.has_next_page:
                return found
            after = listed.data.page_info.end_cursor or ""
            guard.advance(after)
            variables = {**variables, "after": after}


def shop_of(address: str) -> str:
    """What tells the webhooks to one address from those of the same type to another."""
    return f"crossdock-{hashlib.sha256(address.encode()).hexdigest()[:8]}"
