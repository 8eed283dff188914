"""Messages about shipments and returns, signed as the Standard Webhooks say."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import msgspec

from connectors.shipbob.simulator.errors import ShipBobError, unprocessable
from connectors.shipbob.simulator.state import Account, Json, ReturnOrder, Shipment

TOPICS = frozenset(
    "order.shipped order.shipment.delivered order.shipment.exception order.shipment.on_hold order.shipment.cancelled"
    " return.created return.updated return.completed"
    " billing.charge.created billing.refund.created billing.credit.created".split()
)
_PREFIX = "whsec_"
_SECRET = re.compile(r"whsec_[a-zA-Z0-9+/]{32}")
_MADE_UP = f"{_PREFIX}c2hpcGJvYi1zaW11bGF0b3Itc2VjcmV0"


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who wants to hear of what."""

    id: str
    url: str
    topics: tuple[str, ...]
    secret: str = field(repr=False)
    created: str = ""
    description: str | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message that waits to be posted."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Webhooks:
    """The subscriptions of an account, and what waits to be delivered."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._sent = 0
        self._made = 0
        self.subscriptions: dict[str, Subscription] = {}
        self.outbox: list[Delivery] = []
        self.show_shipment: Callable[[Shipment], Json] = lambda shipment: {"id": shipment.id}
        self.show_return: Callable[[ReturnOrder], Json] = lambda one: {"id": one.id}

    def subscribe(self, body: Mapping[str, object]) -> Subscription:
        """A receiver is set up."""
        topics = body.get("topics")
        url = body.get("url")
        if not isinstance(topics, list) or not topics or not set(topics) <= TOPICS:
            raise unprocessable({"topics": ["The field topics is invalid."]})
        if not isinstance(url, str) or not url.startswith("https://"):
            raise unprocessable({"url": ["The url must use HTTPS."]})
        secret, described = body.get("secret"), body.get("description")
        if secret is not None and not (isinstance(secret, str) and _SECRET.fullmatch(secret)):
            raise unprocessable({"secret": ["The field secret must match the regular expression '^whsec_...$'."]})
        self._made += 1
        number = str(self._made)
        self.subscriptions[number] = Subscription(
            number,
            url,
            tuple(str(topic) for topic in topics),
            secret if isinstance(secret, str) else _MADE_UP,
            self._account.now().isoformat(),
            described if isinstance(described, str) else None,
        )
        return self.subscriptions[number]

    def unsubscribe(self, number: str) -> None:
        """A receiver is taken away."""
        if self.subscriptions.pop(number, None) is None:
            raise ShipBobError(404)

    def disable(self, number: str) -> None:
        """ShipBob gives a receiver up after failures."""
        self.subscriptions[number] = replace(self.subscriptions[number], enabled=False)

    def tell(self, topic: str, about: Shipment | ReturnOrder | Json) -> None:
        """Put a message in the outbox for everyone who wants it."""
        body = msgspec.json.encode(self._shown(about))
        for one in self.subscriptions.values():
            if topic in one.topics and one.enabled:
                self._sent += 1
                self.outbox.append(Delivery(one.url, self._headers(one, topic, body), body))

    def _shown(self, about: Shipment | ReturnOrder | Json) -> Json:
        if isinstance(about, Shipment):
            return self.show_shipment(about)
        return self.show_return(about) if isinstance(about, ReturnOrder) else about

    def _headers(self, to: Subscription, topic: str, body: bytes) -> Mapping[str, str]:
        number = f"msg_{self._sent:020d}"
        at = str(int(self._account.now().timestamp()))
        key = base64.b64decode(to.secret.removeprefix(_PREFIX))
        digest = hmac.new(key, f"{number}.{at}.".encode() + body, hashlib.sha256).digest()
        return {
            "content-type": "application/json",
            "webhook-id": number,
            "webhook-timestamp": at,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
            "x-webhook-topic": topic,
        }
