"""A shop that answers from a script, for tests that need no whole platform."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from connectors.base import Environment
from connectors.conformance.world import MemoryState
from connectors.http import RequestRecord
from connectors.shopify.connector import ShopifyConnector, connect
from connectors.simulation import Ticker

Reply = Callable[[httpx.Request], httpx.Response] | httpx.Response | dict[str, Any]
SETTINGS = {"shop": "example", "access_token": "shpat_static_token"}


def cost(requested: float = 10, available: float = 2000, maximum: float = 2000, rate: float = 100) -> dict[str, Any]:
    """The cost part of an answer."""
    throttle = {"maximumAvailable": maximum, "currentlyAvailable": available, "restoreRate": rate}
    return {"cost": {"requestedQueryCost": requested, "actualQueryCost": requested, "throttleStatus": throttle}}


def throttled(requested: float = 500, available: float = 100, status: int = 200) -> httpx.Response:
    """What Shopify answers when the bucket is empty."""
    error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
    body: dict[str, Any] = {"errors": [error], "extensions": cost(requested, available)}
    body["extensions"]["cost"]["actualQueryCost"] = None
    return httpx.Response(status, json=body)


@dataclass
class ScriptedShop:
    """Answers GraphQL requests one reply after the other and keeps what was asked."""

    clock: Ticker
    replies: list[Reply] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    records: list[RequestRecord] = field(default_factory=list)
    state: MemoryState = field(default_factory=MemoryState)

    def say(self, *replies: Reply) -> None:
        """Add replies, data or whole answers."""
        self.replies.extend(replies)

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Give the next reply."""
        self.requests.append(request)
        reply = self.replies.pop(0)
        if callable(reply):
            return reply(request)
        if isinstance(reply, httpx.Response):
            return reply
        return httpx.Response(200, json={"data": reply, "extensions": cost()})

    @property
    def sent(self) -> list[dict[str, Any]]:
        """The GraphQL requests so far."""
        return [json.loads(request.content) for request in self.requests if request.url.path.endswith("graphql.json")]

    def environment(self, *, read_only: bool = False) -> Environment:
        """What a connector needs to reach this shop."""
        return Environment(
            connection="shop_eu",
            clock=self.clock,
            state=self.state,
            read_only=read_only,
            http_transport=httpx.MockTransport(self.handle),
            on_request=self.records.append,
        )

    def connector(self, settings: Mapping[str, Any] | None = None, *, read_only: bool = False) -> ShopifyConnector:
        """A connector on this shop."""
        return connect({**SETTINGS, **(settings or {})}, self.environment(read_only=read_only))


@pytest.fixture
def shop(clock: Ticker) -> ScriptedShop:
    """A shop without replies yet."""
    return ScriptedShop(clock)
