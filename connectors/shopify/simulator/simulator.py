"""The simulator: the shop's HTTP surface in front of its data, and the merchant and shopper of the tests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from canonical.clock import Clock
from connectors.shopify.simulator import endpoint
from connectors.shopify.simulator.access import ALL_SCOPES
from connectors.shopify.simulator.actors import Admin, Shopper, only_item, snapshot
from connectors.shopify.simulator.auth import HEADER, TOKEN_PATH, tokens_of
from connectors.shopify.simulator.bulk import RESULT_PATH
from connectors.shopify.simulator.checkout import Checkout
from connectors.shopify.simulator.context import Context
from connectors.shopify.simulator.cost import Bucket
from connectors.shopify.simulator.deliveries import Delivery
from connectors.shopify.simulator.order_state import orders_state
from connectors.shopify.simulator.platform import Platform
from connectors.shopify.simulator.schemas import schema_of
from connectors.shopify.simulator.staged import UPLOAD_PATH
from connectors.shopify.simulator.switches import Switches
from connectors.shopify.simulator.versions import VERSIONS, served_version
from connectors.simulation import CatalogItem, SimRequest, SimResponse, Simulator, json_response

_GRAPHQL = re.compile(r"/admin/api/(?:([^/]+)/)?graphql\.json")
_DEFAULT_DOMAIN = "demo-shop.myshopify.com"


class ShopifySimulator(Simulator):
    """A shop on the Admin API, in memory, with its bucket of points and its access tokens."""

    name = "shopify"

    def __init__(
        self,
        *,
        clock: Clock,
        currency: str = "EUR",
        domain: str = _DEFAULT_DOMAIN,
        client_id: str = "",
        client_secret: str = "",
        tokens: tuple[str, ...] = (),
        scopes: tuple[str, ...] = ALL_SCOPES,
        locations: Mapping[str, str] | None = None,
        switches: Switches | None = None,
        bucket: Bucket | None = None,
    ) -> None:
        super().__init__(clock=clock)
        self.switches = switches or Switches()
        self.platform = Platform(clock, self.log, currency, domain, self.switches, client_secret)
        self.bucket = bucket or Bucket()
        self.tokens = tokens_of(client_id, client_secret, tokens, scopes)
        for code, name in (locations or {"MAIN": "Main warehouse"}).items():
            self.platform.store.add_location(code, name, self.platform.now())
        self.admin = Admin(self, self.platform)
        self.shop = Shopper(self, self.platform)
        self.checkout = Checkout(self, self.platform)

    def load(self, items: Iterable[CatalogItem], handle_prefix: str = "") -> None:
        """Fill the shop with a catalog; stock is by location code."""
        with self.turn():
            self.platform.store.load(items, self.platform.now(), handle_prefix)

    def location_id(self, code: str) -> str:
        """The global id of a location."""
        return self.platform.store.location_by_code[code].gid

    def quantity(self, sku: str, location_code: str, name: str = "available") -> int:
        """The units of a SKU in one state at a location."""
        with self.turn():
            level = only_item(self.platform.store, sku).levels.get(self._location(location_code))
            return 0 if level is None else level.get(name)

    def price(self, sku: str) -> Decimal:
        """The price of a SKU's variant."""
        with self.turn():
            return only_item(self.platform.store, sku).variants[0].price

    def snapshot(self, *, stamps: bool = False) -> dict[str, Any]:
        """Everything the shop holds, comparable; ``stamps`` adds the platform's own timestamps."""
        with self.turn():
            found = snapshot(self.platform.store, stamps=stamps)
            return {**found, "orders": orders_state(self.platform.book, stamps=stamps)}

    def deliveries(self) -> list[Delivery]:
        """The webhooks that wait to be sent, which then count as sent."""
        with self.turn():
            return self.platform.outbox.take()

    def expire_tokens(self) -> None:
        """End every issued token at once."""
        with self.turn():
            self.tokens.expire()

    def is_write(self, request: SimRequest) -> bool:
        """Whether a request changes the merchant's data."""
        if request.path.startswith(UPLOAD_PATH):
            return True
        call = self._call(request)
        return call is not None and endpoint.writes(endpoint.operation_of(call, VERSIONS[-1]))

    def operation_of(self, request: SimRequest) -> str:
        """The root fields of a GraphQL request, else method and path."""
        call = self._call(request)
        names = () if call is None else endpoint.root_fields(endpoint.operation_of(call, VERSIONS[-1]))
        return "+".join(dict.fromkeys(names)) or super().operation_of(request)

    def answer(self, request: SimRequest) -> SimResponse:
        """Answer a request."""
        graphql = _GRAPHQL.fullmatch(request.path)
        if graphql is not None and request.method == "POST":
            return self._graphql(request, graphql[1] or VERSIONS[0])
        if request.path == TOKEN_PATH and request.method == "POST":
            return self.tokens.grant(request, self.clock.now())
        if request.path.startswith(f"{RESULT_PATH}/") and request.method == "GET":
            return self._download(request)
        if request.path.startswith(UPLOAD_PATH) and request.method in ("PUT", "POST"):
            return self.platform.staged.receive(request)
        return json_response({"errors": "Not Found"}, 404)

    def _graphql(self, request: SimRequest, asked: str) -> SimResponse:
        version = served_version(asked)
        if version is None:
            return json_response({"errors": "Not Found"}, 404)
        headers = {"content-type": "application/json; charset=utf-8", "x-shopify-api-version": version}
        if not self.tokens.accepts(request.headers.get(HEADER, ""), self.clock.now()):
            refused = self.tokens.refused()
            return SimResponse(refused.status, {**refused.headers, **headers}, refused.body)
        call = endpoint.read_call(request)
        if call is None:
            return json_response({"errors": {"query": "Required parameter missing or invalid"}}, 400, headers)
        context = Context(
            self.platform,
            schema_of(version),
            version,
            self.tokens.scopes,
            self.platform.now(),
            base_url=f"{request.scheme}://{request.host}",
        )
        response = endpoint.answer(call, context, self.bucket)
        return SimResponse(response.status, {**response.headers, **headers}, response.body)

    def _download(self, request: SimRequest) -> SimResponse:
        text = self.platform.bulk.download(request.path, self.platform.now())
        if text is None:
            return SimResponse(403, {"content-type": "application/xml"}, b"<Error><Code>AccessDenied</Code></Error>")
        return SimResponse(200, {"content-type": "application/jsonl"}, text)

    def _call(self, request: SimRequest) -> endpoint.Call | None:
        graphql = request.method == "POST" and _GRAPHQL.fullmatch(request.path) is not None
        return endpoint.read_call(request) if graphql else None

    def _location(self, code: str) -> int:
        return self.platform.store.location_by_code[code].number
