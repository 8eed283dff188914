"""The ShipBob account as a pure core: requests in, answers out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec

from canonical.clock import Clock
from connectors.shipbob.simulator.access import Access, Token
from connectors.shipbob.simulator.admin import Admin
from connectors.shipbob.simulator.errors import ShipBobError, invalid
from connectors.shipbob.simulator.fulfillment import Fulfillment
from connectors.shipbob.simulator.listing import Lists
from connectors.shipbob.simulator.orders import Orders
from connectors.shipbob.simulator.state import Account, Center, Channel, Json
from connectors.shipbob.simulator.stock import Stock
from connectors.shipbob.simulator.switches import Switches
from connectors.shipbob.simulator.views import Views
from connectors.shipbob.simulator.webhooks import Subscription, Webhooks
from connectors.simulation import SimRequest, SimResponse, Simulator, json_response

VERSION = "2026-01"
TOKEN = "pat-simulated"
CHANNEL, DEFAULT_CHANNEL, OTHER_CHANNEL = 128944, 128943, 118811
_AREAS = "orders products inventory locations channels returns webhooks receiving billing".split()
_ALL_SCOPES = tuple(f"{area}_{right}" for area in _AREAS for right in ("read", "write"))
_READ_SCOPES = tuple(f"{area}_read" for area in _AREAS)
_READS = frozenset({"GET", "HEAD"})
_ITEM = re.compile(r"(order|product|inventory-level|return|shipment)/([^/:]+)(?:/(locations))?")


class ShipBobSimulator(Simulator):
    """One merchant with a token of its own application, two centers, and a channel of another application."""

    name = "shipbob"

    def __init__(self, *, clock: Clock, switches: Switches | None = None, version: str = VERSION) -> None:
        super().__init__(clock=clock)
        self.switches = switches or Switches()
        self.version = version
        self.account = Account(clock)
        self.webhooks = Webhooks(self.account)
        self.access = Access(self.account, self.switches)
        self._stock = Stock(self.account, self.switches)
        self._views = Views(self.account, self._stock, self.switches)
        self._floor = Fulfillment(self.account, self._stock, self.switches, self.webhooks)
        self._orders = Orders(self.account, self._floor, self._views, self.switches)
        self._lists = Lists(self.account, self.switches)
        self.admin = Admin(self.account, self._stock, self._floor, self._orders, self.webhooks, self.turn)
        self.webhooks.show_shipment, self.webhooks.show_return = self._views.shipment, self._views.returned
        self._furnish()

    def _furnish(self) -> None:
        for center in (Center(8, "Cicero (IL)"), Center(20, "Moreno Valley (CA)"), Center(31, "Bethlehem (PA)", False)):
            self.account.centers[center.id] = center
        own = Channel(CHANNEL, "Crossdock", "SMA", _ALL_SCOPES)
        default = Channel(DEFAULT_CHANNEL, "ShipBob Default", "ShipBob", _READ_SCOPES)
        other = Channel(OTHER_CHANNEL, "Store 133432", "Shopify", _READ_SCOPES)
        self.account.channels.update({one.id: one for one in (own, default, other)})
        self.access.tokens[TOKEN] = Token(CHANNEL, frozenset(_ALL_SCOPES))

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the account for one action, after everything that is due there."""
        with super().turn():
            self._floor.catch_up()
            yield

    def throttle(self, times: int) -> None:
        """Let the next requests be answered with 429."""
        self.access.refuse_next(times)

    def is_write(self, request: SimRequest) -> bool:
        """Whether a request writes."""
        return request.method not in _READS

    def snapshot(self) -> Json:
        """The whole state by kind and id."""
        with self.turn():
            account = self.account
            kinds = {"products": account.products, "variants": account.variants, "orders": account.orders}
            kinds |= {"shipments": account.shipments, "returns": account.returns}
            found: Json = {name: msgspec.to_builtins(things, str_keys=True) for name, things in kinds.items()}
            return {**found, "levels": self._stock.snapshot()}

    def shown(self, order: int) -> Json:
        """An order as the API shows it."""
        with self.turn():
            return self._views.order(self.account.orders[order])

    def answer(self, request: SimRequest) -> SimResponse:
        """Do what ShipBob does with a request."""
        headers: dict[str, str] = {}
        try:
            headers = self.access.count()
            response = self._admitted(request)
        except ShipBobError as error:
            response = error.response()
        shown = {**headers, **response.headers}
        return replace(response, headers=shown if self.switches.date_header else {**shown, "date": ""})

    def _admitted(self, request: SimRequest) -> SimResponse:
        version, _, path = request.path.strip("/").partition("/")
        if version != self.version or not path:
            raise ShipBobError(404, {"statusCode": 404, "message": "Resource not found"})
        write = self.is_write(request)
        token = self.access.admit(request, path, write=write)
        if write:
            return self._write(request, path, token)
        if path == "return":
            self.log.read(path)
            return self._lists.numbered(request, self._lists.returns(request), self._views.returned)
        return json_response(self._read(request, path))

    def _read(self, request: SimRequest, path: str) -> Any:
        answers: dict[str, Callable[[SimRequest], Any]] = {
            "channel": self._channels,
            "location": self._locations,
            "order": lambda asked: [self._views.order(one) for one in self._lists.orders(asked)],
            "product": lambda asked: self._lists.paged(
                asked, self._lists.products(asked), lambda one: one.id, self._views.product
            ),
            "inventory-level/locations": lambda asked: self._lists.paged(
                asked, self._lists.levels(asked), lambda one: one.inventory_id, self._views.level
            ),
            "webhook": self._subscriptions,
        }
        if path in answers:
            found = answers[path](request)
            self.log.read(path, len(found["items"]) if isinstance(found, dict) else len(found))
            return found
        return self._one(path)

    def _one(self, path: str) -> Json:
        match = _ITEM.fullmatch(path)
        if match is None or (match[3] is not None) is not (match[1] == "inventory-level"):
            raise ShipBobError(404, {"statusCode": 404, "message": "Resource not found"})
        self.log.read(match[1], 1)
        if match[1] == "order":
            return self._views.order(self._orders.find(match[2]))
        number = int(match[2]) if match[2].isdigit() else 0
        if match[1] == "product" and number in self.account.products:
            return self._views.product(self.account.products[number])
        if match[1] == "return" and number in self.account.returns:
            return self._views.returned(self.account.returns[number])
        if match[1] == "shipment" and number in self.account.shipments:
            return self._views.shipment(self.account.shipments[number])
        inventory = {one.inventory_id: one for one in self.account.variants.values()}
        if match[1] == "inventory-level" and number in inventory:
            return self._views.level(inventory[number])
        raise ShipBobError(404)

    def _write(self, request: SimRequest, path: str, token: Token) -> SimResponse:
        if path == "order":
            self.log.write("order.create")
            order = self._orders.create(_body(request), token.channel_id)
            self.log.write("order.create", 1, [f"order {order.id} {order.reference}"])
            return json_response(self._views.order(order), 201)
        if path.startswith("order/") and path.endswith(":cancel"):
            number = path.removeprefix("order/").removesuffix(":cancel")
            self.log.write("order.cancel")
            result = self._orders.cancel(number, token.channel_id)
            self.log.write("order.cancel", 1, [f"canceled {number}"])
            return json_response(result)
        if path == "webhook":
            made = self.webhooks.subscribe(_body(request))
            self.log.write("webhook.create", 1, [f"webhook {made.id}"])
            return json_response({**_subscription(made), "secret": made.secret})
        if path.startswith("webhook/") and request.method == "DELETE":
            number = path.removeprefix("webhook/")
            self.webhooks.unsubscribe(number)
            self.log.write("webhook.delete", 1, [f"webhook {number} ended"])
            return SimResponse(204)
        raise ShipBobError(404, {"statusCode": 404, "message": "Resource not found"})

    def _channels(self, request: SimRequest) -> Json:
        shown = [self._views.channel(one) for one in self.account.channels.values()]
        return {"items": shown, "next": None, "prev": None}

    def _locations(self, request: SimRequest) -> list[Json]:
        wanted = {name.lower(): value.lower() for name, value in request.query}
        every = wanted.get("includeinactive") == "true"
        return [self._views.location(one) for one in self.account.centers.values() if one.active or every]

    def _subscriptions(self, request: SimRequest) -> Json:
        every = list(self.webhooks.subscriptions.values())
        page = self._lists.paged(request, every, lambda one: int(one.id), _listed, size="RecordsPerPage")
        return {name: page[name] for name in ("items", "next", "prev")}


def _subscription(one: Subscription) -> Json:
    return {
        "id": one.id,
        "url": one.url,
        "topics": list(one.topics),
        "created_at": one.created,
        "description": one.description,
    }


def _listed(one: Subscription) -> Json:
    return {**_subscription(one), "enabled": one.enabled}


def _body(request: SimRequest) -> Any:
    try:
        return request.json()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid("body", "The JSON value could not be read.") from error
