"""The one place that touches the ``stripe`` package: its services, over our own transport.

The package knows every path, encodes nested parameters and pins the API version. It retries nothing here, keeps no
telemetry and never sees the key: what it would send goes through the transport, whose answer is read as it came.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeAlias, cast
from urllib.parse import urlsplit

import stripe

from connectors.http import Answer, Outgoing

Params: TypeAlias = Mapping[str, Any]

API_VERSION = stripe.api_version or ""
"""The dated version this SDK was made for; it goes out with every request."""
_SENT_ALONG = frozenset({"stripe-version", "stripe-account", "idempotency-key", "content-type"})
_HELD_ELSEWHERE = "sk_held_by_the_transport"
_NOTHING = "{}"
"""What the SDK is told was answered: it would make objects of it that nobody looks at."""

stripe.enable_telemetry = False
# Its own log shows whole bodies, with what buyers wrote.
logging.getLogger("stripe").setLevel(logging.WARNING)


class _Service(Protocol):
    def list(self, params: Any = None, options: Any = None) -> Any: ...
    def retrieve(self, id: str, params: Any = None, options: Any = None) -> Any: ...  # noqa: A002 - as the SDK has it


class _Carried(Mapping[str, str]):
    """The headers of an answer as the SDK wants them, with the answer itself.

    ``Stripe-Notice`` is left out: the SDK would turn it into a warning of the process.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self._headers = {name: value for name, value in answer.headers.items() if name.lower() != "stripe-notice"}

    def __getitem__(self, name: str) -> str:
        return self._headers[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers)

    def __len__(self) -> int:
        return len(self._headers)


class _OverTransport(stripe.HTTPClient):
    """What the SDK takes for its HTTP client."""

    name = "crossdock"

    def __init__(self, send: Callable[[Outgoing], Answer]) -> None:
        super().__init__()
        self._send = send

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Send one request by the transport, which raises what a bad answer means."""
        kept = {name: value for name, value in (headers or {}).items() if name.lower() in _SENT_ALONG}
        content = str(post_data or "").encode()
        answer = self._send(Outgoing(method.upper(), url, content, kept, operation=operation_of(method, url)))
        return _NOTHING, answer.status, _Carried(answer)

    def close(self) -> None:
        """Nothing to give back: the transport is the connector's."""


class Sdk:
    """The calls of one account, each answered with the transport's own answer."""

    def __init__(self, send: Callable[[Outgoing], Answer], *, base_url: str, account: str = "") -> None:
        client = stripe.StripeClient(
            _HELD_ELSEWHERE,
            stripe_account=account or None,
            max_network_retries=0,
            http_client=_OverTransport(send),
            base_addresses={"api": base_url},
        )
        self._v1 = client.v1
        self._services: Mapping[str, _Service] = {
            "charges": cast("_Service", self._v1.charges),
            "refunds": cast("_Service", self._v1.refunds),
            "disputes": cast("_Service", self._v1.disputes),
            "balance_transactions": cast("_Service", self._v1.balance_transactions),
            "payouts": cast("_Service", self._v1.payouts),
            "events": cast("_Service", self._v1.events),
            "payment_intents": cast("_Service", self._v1.payment_intents),
            "webhook_endpoints": cast("_Service", self._v1.webhook_endpoints),
        }

    def list(self, resource: str, params: Params) -> Answer:
        """One page of a list, newest first."""
        return _answer_of(self._services[resource].list(dict(params)))

    def retrieve(self, resource: str, external_id: str, params: Params) -> Answer:
        """One object."""
        return _answer_of(self._services[resource].retrieve(external_id, dict(params)))

    def create_refund(self, params: Params, key: str) -> Answer:
        """Pay money back, under an idempotency key."""
        return _answer_of(self._v1.refunds.create(cast("Any", dict(params)), {"idempotency_key": key}))

    def create_endpoint(self, params: Params) -> Answer:
        """Make a webhook endpoint."""
        return _answer_of(self._v1.webhook_endpoints.create(cast("Any", dict(params))))

    def update_endpoint(self, external_id: str, params: Params) -> Answer:
        """Change a webhook endpoint."""
        return _answer_of(self._v1.webhook_endpoints.update(external_id, cast("Any", dict(params))))

    def delete_endpoint(self, external_id: str) -> Answer:
        """Delete a webhook endpoint."""
        return _answer_of(self._v1.webhook_endpoints.delete(external_id))

    def account(self) -> Answer:
        """The account that the key belongs to."""
        return _answer_of(self._v1.accounts.retrieve_current())


def operation_of(method: str, url: str) -> str:
    """The word for logs and errors: the collection, and what is done to it when it is not read."""
    name = urlsplit(url).path.strip("/").split("/")[1:2]
    collection = name[0] if name else "api"
    return collection if method.upper() == "GET" else f"{collection}.create"


def _answer_of(made: Any) -> Answer:
    carried = made.last_response.headers
    return cast("_Carried", carried).answer
