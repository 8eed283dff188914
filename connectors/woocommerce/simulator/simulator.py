"""A WooCommerce shop in memory: the routes of wc/v3, who may use them, and what the log keeps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import msgspec

from canonical.clock import Clock
from connectors.simulation import CatalogItem, SimRequest, SimResponse, Simulator, html_response, json_response
from connectors.woocommerce.simulator import loading, stock, view
from connectors.woocommerce.simulator.admin import Admin, Shoppers
from connectors.woocommerce.simulator.auth import READS, Gate
from connectors.woocommerce.simulator.checkout import Checkout
from connectors.woocommerce.simulator.errors import WooError, cannot, no_route
from connectors.woocommerce.simulator.fields import Tree, is_flat, parse_fields, select
from connectors.woocommerce.simulator.hookdesk import HookDesk
from connectors.woocommerce.simulator.listing import Listing, Slice
from connectors.woocommerce.simulator.orderdesk import OrderDesk, OrderSlice
from connectors.woocommerce.simulator.orders import Orders
from connectors.woocommerce.simulator.ordersteps import OrderSteps
from connectors.woocommerce.simulator.orderview import OrderView
from connectors.woocommerce.simulator.params import parse_params
from connectors.woocommerce.simulator.resources import Resources, Written
from connectors.woocommerce.simulator.shop import Shop
from connectors.woocommerce.simulator.store import Store
from connectors.woocommerce.simulator.switches import Switches
from connectors.woocommerce.simulator.webhooks import Webhooks

_API = "/wp-json/wc/v3"
_AGE = timedelta(days=1)
_KEY, _SECRET = "ck_simulated", "cs_simulated"
_ROUTES = (
    ("products", re.compile(r"/products")),
    ("product", re.compile(r"/products/(?P<id>\d+)")),
    ("products/batch", re.compile(r"/products/batch")),
    ("product variations", re.compile(r"/products/(?P<parent>\d+)/variations")),
    ("variation", re.compile(r"/products/(?P<parent>\d+)/variations/(?P<id>\d+)")),
    ("variations/batch", re.compile(r"/products/(?P<parent>\d+)/variations/batch")),
    ("variations", re.compile(r"/variations")),
    ("orders", re.compile(r"/orders")),
    ("order", re.compile(r"/orders/(?P<order>\d+)")),
    ("order refunds", re.compile(r"/orders/(?P<order>\d+)/refunds")),
    ("order refund", re.compile(r"/orders/(?P<order>\d+)/refunds/(?P<refund>\d+)")),
    ("settings", re.compile(r"/settings/general(?:/(?P<setting>\w+))?")),
    ("system_status", re.compile(r"/system_status")),
    ("webhooks", re.compile(r"/webhooks")),
    ("webhook", re.compile(r"/webhooks/(?P<id>\d+)")),
    ("currency", re.compile(r"/data/currencies/current")),
)
_VERBS = {"POST": "create", "PUT": "edit", "PATCH": "edit", "DELETE": "delete"}
_SAVES = frozenset({"POST", "PUT", "PATCH"})


class WooSimulator(Simulator):
    """One shop: ``admin`` is the merchant, ``shop`` and ``checkout`` the shoppers, ``switches`` what differs."""

    name = "woocommerce"

    def __init__(
        self,
        *,
        clock: Clock,
        currency: str = "EUR",
        consumer_key: str = _KEY,
        consumer_secret: str = _SECRET,
        site: str = "https://shop.example",
        switches: Switches | None = None,
    ) -> None:
        super().__init__(clock=clock)
        self.switches = switches or Switches()
        self.store = Store()
        self._view = view.View(self.store, self.switches, site)
        self._listing = Listing(self.store, self.switches)
        self._resources = Resources(self.store, self.switches, self._view, clock)
        self._gate = Gate(self.switches)
        self._facts = Shop(site, currency, self.switches)
        self.admin = Admin(self.store, self._gate, clock, self.turn)
        self.shop = Shoppers(self.store, self.switches, clock, self.turn)
        self._orders = Orders()
        steps = OrderSteps(self._orders, self.store, self.switches)
        self._order_view = OrderView(self.store, self.switches, site)
        self._desk = OrderDesk(self._orders, steps, self._order_view, self.switches, clock)
        self.checkout = Checkout(self._orders, steps, self.store, self.switches, clock, currency, self.turn)
        self.admin.add_key(consumer_key, consumer_secret)
        self.webhooks = Webhooks(clock, site, {"order": self.orders, "product": self.snapshot})
        self._hook_desk = HookDesk(self.webhooks, self.switches, site)

    def load(self, items: Iterable[CatalogItem]) -> None:
        """Fill the shop; everything was last changed a day ago."""
        with self.turn():
            loading.load(self.store, items, (self.clock.now() - _AGE).replace(microsecond=0))

    def snapshot(self) -> dict[str, dict[str, Any]]:
        """Everything the shop holds, by id, but for the date of change, which every save moves."""
        with self.turn():
            shown = {str(product.id): self._view.show(product) for product in self.store.products.values()}
        for record in shown.values():
            for stamp in ("date_modified", "date_modified_gmt"):
                record.pop(stamp, None)
        return shown

    def orders(self) -> dict[str, dict[str, Any]]:
        """Every order with its refunds, by id, but for the date of change, which every save moves."""
        with self.turn():
            shown = {}
            for order in self._orders.all.values():
                refunds = [self._order_view.refund(order, one) for one in order.refunds]
                shown[str(order.id)] = {**self._order_view.show(order), "refunds": refunds}
        for record in shown.values():
            for stamp in ("date_modified", "date_modified_gmt"):
                record.pop(stamp, None)
        return shown

    def quantity(self, sku: str) -> int | None:
        """The stock figure that counts for a SKU; None when nobody counts."""
        with self.turn():
            return stock.quantity(self.store, self.store.by_sku(sku))

    def price(self, sku: str) -> Decimal | None:
        """The regular price of a SKU; None when it is empty."""
        with self.turn():
            return view.amount(self.store.by_sku(sku).get("regular_price"))

    def id_of(self, sku: str) -> str:
        """The id of the record that carries a SKU."""
        with self.turn():
            return str(self.store.by_sku(sku).id)

    def parent_of(self, sku: str) -> str:
        """The id of the product whose variation carries a SKU, "0" for a product."""
        with self.turn():
            return str(self.store.by_sku(sku).parent_id)

    def is_write(self, request: SimRequest) -> bool:
        """Whether the verb writes; WordPress also takes the verb from a parameter or header."""
        return _verb(request) not in READS

    def operation_of(self, request: SimRequest) -> str:
        """The route's name."""
        found = _route(_path(request))
        return found[0] if found else super().operation_of(request)

    def answer(self, request: SimRequest) -> SimResponse:
        """Answer as WordPress with WooCommerce does."""
        path = _path(request)
        if not self.switches.pretty_permalinks and not request.param("rest_route"):
            return html_response("<!DOCTYPE html><html><body>Page not found</body></html>", 404)
        if not path.startswith("/wp-json"):
            return html_response("<!DOCTYPE html><html><body>Simulated shop</body></html>", 200 if path == "/" else 404)
        try:
            response = self._api(request, path)
        except WooError as error:
            response = json_response(error.body(), error.status)
        headers = dict(response.headers) | ({} if self.switches.date_header else {"date": ""})
        return SimResponse(response.status, headers, b"" if request.method == "HEAD" else response.body)

    def _api(self, request: SimRequest, path: str) -> SimResponse:
        if path.rstrip("/") == "/wp-json":
            self.log.read("index")
            return json_response(_selected(self._facts.index(), _fields(request)))
        found = _route(path)
        if found is None or (found[0] == "variations" and not self.switches.has_variations_route):
            raise no_route()
        route, match = found
        key = self._gate.admit(request, self.clock.now())
        verb = _verb(request)
        if key is None:
            raise cannot("batch" if route.endswith("/batch") else "view" if verb in READS else _VERBS.get(verb, "edit"))
        parent_id = int(match.groupdict().get("parent") or 0)
        record_id = int(match.groupdict().get("id") or 0)
        if route.startswith("order"):
            return self._order(request, verb, route, match)
        if route.startswith("webhook"):
            return self._hook(request, verb, record_id)
        if verb in READS:
            return self._read(request, route, parent_id, record_id, match)
        return self._write(request, verb, route, parent_id, record_id)

    def _hook(self, request: SimRequest, verb: str, number: int) -> SimResponse:
        done = self._hook_desk.answer(verb, number, request.query, _body(request))
        if verb in READS:
            self.log.read("webhooks", len(done.body) if isinstance(done.body, list) else 1)
        else:
            self.log.write("webhooks", done.rows, done.effect)
        return json_response(_selected(done.body, _fields(request)), done.status)

    def _order(self, request: SimRequest, verb: str, route: str, match: re.Match[str]) -> SimResponse:
        order_id, refund_id = (int(match.groupdict().get(name) or 0) for name in ("order", "refund"))
        if verb not in READS:
            force = request.param("force") in ("true", "1")
            written = self._desk.writer(verb, route, (order_id, refund_id), lambda: _body(request), force=force)()
            self.log.write(route, written.rows, written.effect)
            return json_response(written.body, written.status)
        tree = _fields(request)
        if route in ("orders", "order refunds"):
            params = self._desk.params(request.query)
            found = self._desk.list(params) if route == "orders" else self._desk.refunds(order_id, params)
            self.log.read(route, len(found.records))
            return json_response(_selected(found.records, tree), headers=self._headers(request, found))
        shown = self._desk.one(order_id) if route == "order" else self._desk.refund_of(order_id, refund_id)
        self.log.read(route, 1)
        return json_response(_selected(shown, tree))

    def _read(
        self, request: SimRequest, route: str, parent_id: int, record_id: int, match: re.Match[str]
    ) -> SimResponse:
        tree = _fields(request)
        if route in ("products", "variations", "product variations"):
            return self._list(request, route, parent_id or route, tree)
        if route in ("product", "variation"):
            shown = self._view.show(self._resources.find(record_id, parent_id, 404), tree)
        else:
            shown = self._facts_of(route, match)
        self.log.read(route, 1)
        return json_response(_selected(shown, tree))

    def _facts_of(self, route: str, match: re.Match[str]) -> Any:
        if route == "system_status":
            return self._facts.system_status()
        if route == "currency":
            return self._facts.currency()
        if route != "settings":
            raise no_route()
        name = match.groupdict().get("setting")
        settings = self._facts.settings()
        found = [setting for setting in settings if name in (None, setting["id"])]
        if not found:
            raise WooError("rest_setting_setting_invalid", "Invalid setting.", 404)
        return settings if name is None else found[0]

    def _list(self, request: SimRequest, route: str, scope: str | int, tree: Tree | None) -> SimResponse:
        if isinstance(scope, int):
            self._resources.find(scope, 0, 404)
        switches = self.switches
        params = parse_params(
            request.query, ignored=switches.ignored_params, orderby_modified=switches.orderby_modified
        )
        found = self._listing.page(scope, params)
        self.log.read(route, len(found.products))
        inside = None if tree is None or is_flat(tree) else tree
        records = [_selected(self._view.show(product, tree), inside) for product in found.products]
        return json_response(records, headers=self._headers(request, found))

    def _headers(self, request: SimRequest, found: Slice | OrderSlice) -> dict[str, str]:
        if not self.switches.total_headers:
            return {}
        links = []
        for rel, page in (("prev", found.page - 1), ("next", found.page + 1)):
            if 1 <= page <= found.pages:
                query = urlencode([*((k, v) for k, v in request.query if k != "page"), ("page", str(page))])
                links.append(f'<{request.scheme}://{request.host}{request.path}?{query}>; rel="{rel}"')
        headers = {"x-wp-total": str(found.total), "x-wp-totalpages": str(found.pages)}
        return headers | ({"link": ", ".join(links)} if links else {})

    def _write(self, request: SimRequest, verb: str, route: str, parent_id: int, record_id: int) -> SimResponse:
        def note(written: Written) -> None:
            self.log.write(route, written.rows, written.effect)

        written = self._writer(request, verb, route, parent_id, record_id, note)()
        note(written)
        return json_response(written.body, written.status)

    def _writer(
        self,
        request: SimRequest,
        verb: str,
        route: str,
        parent_id: int,
        record_id: int,
        note: Callable[[Written], None],
    ) -> Callable[[], Written]:
        resources = self._resources
        if parent_id:
            resources.find(parent_id, 0, 404)
        if route.endswith("/batch") and verb in _SAVES:
            return lambda: resources.batch(_body(request), parent_id, note)
        if record_id and verb in _SAVES:
            return lambda: resources.update(record_id, _body(request), parent_id)
        if record_id and verb == "DELETE":
            return lambda: resources.remove(record_id, parent_id, force=request.param("force") in ("true", "1"))
        if route in ("products", "product variations") and verb == "POST":
            return lambda: resources.create(_body(request), parent_id)
        raise no_route()


def _verb(request: SimRequest) -> str:
    override = request.param("_method") or request.headers.get("x-http-method-override", "")
    return (override or request.method).upper()


def _path(request: SimRequest) -> str:
    route = request.param("rest_route")
    return f"/wp-json{route}" if route and request.path in ("/", "/index.php") else request.path


def _route(path: str) -> tuple[str, re.Match[str]] | None:
    if not path.startswith(_API):
        return None
    rest = path[len(_API) :].rstrip("/")
    for name, pattern in _ROUTES:
        match = pattern.fullmatch(rest)
        if match is not None:
            return name, match
    return None


def _fields(request: SimRequest) -> Tree | None:
    return parse_fields([value for name, value in request.query if name.partition("[")[0] == "_fields"])


def _selected(value: Any, tree: Tree | None) -> Any:
    if tree is None:
        return value
    return [select(item, tree) for item in value] if isinstance(value, list) else select(value, tree)


def _body(request: SimRequest) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(request.body or b"{}")
    except msgspec.DecodeError as error:
        raise WooError("rest_invalid_json", "Invalid JSON body passed.", 400) from error
    return body if isinstance(body, dict) else {}
