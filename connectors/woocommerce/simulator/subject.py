"""What the conformance suite needs to judge the WooCommerce connector."""

from __future__ import annotations

import html
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from connectors.base import JSON, Connector, Effect, Environment, WriteRow
from connectors.conformance import EffectCase, Posted, Subject, WebhookCase, WriteCase
from connectors.simulation import CatalogItem, Simulator, Ticker
from connectors.woocommerce import webhooks
from connectors.woocommerce.connector import connect
from connectors.woocommerce.simulator.simulator import WooSimulator
from connectors.woocommerce.simulator.switches import Switches

_KEY, _SECRET = "ck_conformance", "cs_conformance"
_PRODUCT = ("id", "type", "parent_id", "sku", "regular_price", "stock_quantity", "manage_stock", "name")
_ORDER = ("id", "status", "total", "line_items[].quantity", "refunds[].total")
_META = "_crossdock_shipments"


class _Id(msgspec.Struct):
    id: int


def subject() -> Subject:
    """A shop of simple products, read and written over plain HTTP with OAuth 1.0a."""
    return _subject("products/batch", Switches, as_variations=False)


def variations_subject(switches: Callable[[], Switches] = Switches) -> Subject:
    """The same shop with every item a variation, five to a product."""
    return _subject("variations/batch", switches, as_variations=True)


def _subject(operation: str, switches: Callable[[], Switches], *, as_variations: bool) -> Subject:
    def simulator(clock: Ticker, items: Sequence[CatalogItem]) -> Simulator:
        shop = WooSimulator(clock=clock, consumer_key=_KEY, consumer_secret=_SECRET, switches=switches())
        groups = (f"P{at // 5}" if as_variations else "" for at in range(len(items)))
        shop.load(replace(item, product=group) for item, group in zip(items, groups, strict=True))
        return shop

    return Subject(
        name="woocommerce",
        page_size=100,
        resources={"products": _PRODUCT, "orders": _ORDER},
        simulator=simulator,
        connect=_connect,
        external_ids=_ids,
        id_of=lambda resource, record: str(msgspec.json.decode(record, type=_Id).id),
        absent_id=lambda resource: "999999",
        snapshot=lambda simulator: {"products": _woo(simulator).snapshot(), "orders": _woo(simulator).orders()},
        bookkeeping=frozenset({"date_modified", "date_modified_gmt"}),
        writes=(WriteCase(operation, _row, _held, _touches, _bad_row),),
        effects=(
            EffectCase("orders/shipments", _shipment, _noted, _bad_shipment, _shipped_order),
            EffectCase("orders/refunds", _refund, _refunded, _bad_refund, _refunded_order),
        ),
        webhooks=WebhookCase(webhooks, "wc&lt;hook", "another wc hook", _post, _stranger),
        documents={"orders": _place},
        touch=_touch,
    )


def _connect(simulator: Simulator, environment: Environment) -> Connector:
    settings = {"url": "http://shop.example", "consumer_key": _KEY, "consumer_secret": _SECRET}
    return connect(settings, environment)


def _post(simulator: Simulator, index: int, secret: str) -> Posted:
    """A shopper buys; all that is told of it but the order is left aside."""
    shop = _woo(simulator)
    shop.webhooks.subscribe("order.created", "https://hub.example/webhooks/shop", html.unescape(secret))
    order = shop.checkout.place({_sku(index): 1})
    shop.webhooks.run_queue()
    sent = shop.webhooks.outbox[-1]
    return Posted(sent.headers, sent.body, frozenset({("orders", str(order))}))


def _stranger(simulator: Simulator, secret: str) -> Posted:
    shop = _woo(simulator)
    hook = shop.webhooks.subscribe("coupon.created", "https://hub.example/webhooks/shop", html.unescape(secret))
    shop.webhooks.send(hook, {"id": 7, "code": "SPRING"})
    sent = shop.webhooks.outbox[-1]
    return Posted(sent.headers, sent.body, frozenset())


def _row(simulator: Simulator, number: int, index: int, value: int) -> WriteRow:
    held = {"stock_quantity": _held(simulator, index)}
    shop, sku = _woo(simulator), _sku(index)
    return WriteRow(number, "products", shop.id_of(sku), {"stock_quantity": value}, held, shop.parent_of(sku))


def _held(simulator: Simulator, index: int) -> int:
    return _woo(simulator).quantity(_sku(index)) or 0


def _touches(simulator: Simulator, index: int) -> Collection[tuple[str, ...]]:
    """Its own figure and what follows from it, at the product of a variation too."""
    shop, sku = _woo(simulator), _sku(index)
    ids = {shop.id_of(sku), shop.parent_of(sku)} - {"0"}
    return [("products", each, name) for each in ids for name in ("stock_quantity", "stock_status")]


def _bad_row(simulator: Simulator, number: int) -> WriteRow:
    return WriteRow(number, "products", "999999", {"stock_quantity": 1}, parent_id=_woo(simulator).parent_of(_sku(0)))


def _ids(simulator: Simulator, resource: str) -> list[str]:
    shop = _woo(simulator)
    return (
        [number for number, order in shop.orders().items() if order["status"] != "trash"]
        if resource == "orders"
        else list(shop.snapshot())
    )


def _touch(simulator: Simulator, resource: str, index: int) -> None:
    shop = _woo(simulator)
    if resource == "orders":
        shop.checkout.enter(int(list(shop.orders())[index]), "on-hold")
    else:
        shop.admin.set_stock(_sku(index), 77)


def _place(simulator: Simulator, count: int) -> None:
    """Shoppers buy, one order for each item."""
    for index in range(count):
        _woo(simulator).checkout.place({_sku(index): 1})


def _shipment(simulator: Simulator, index: int, reference: str) -> Effect:
    """A shopper buys two, and both leave in one parcel."""
    shop = _woo(simulator)
    order = shop.checkout.get(shop.checkout.place({_sku(index): 2}))
    lines: list[JSON] = [{"line_id": order.lines[0].id, "quantity": 2}]
    return Effect("orders/shipments", reference, {"order_id": str(order.id), "lines": lines})


def _bad_shipment(simulator: Simulator, reference: str) -> Effect:
    lines: list[JSON] = [{"line_id": 1, "quantity": 1}]
    return Effect("orders/shipments", reference, {"order_id": "999999", "lines": lines})


def _noted(simulator: Simulator, index: int, reference: str) -> int:
    """How often the orders of an item tell of the shipment."""
    orders = _woo(simulator).orders().values()
    return sum(_tells(order, reference) for order in orders if order["line_items"][0]["sku"] == _sku(index))


def _shipped_order(simulator: Simulator, index: int, reference: str) -> Collection[tuple[str, ...]]:
    told = [number for number, order in _woo(simulator).orders().items() if _tells(order, reference)]
    names = ("meta_data", "status", "date_completed", "date_completed_gmt")
    return [("orders", number, name) for number in told for name in names]


def _refund(simulator: Simulator, index: int, reference: str) -> Effect:
    """A shopper buys two, and 3.00 for one of them were paid back elsewhere."""
    shop = _woo(simulator)
    order = shop.checkout.get(shop.checkout.place({_sku(index): 2}, transaction_id="ch_1"))
    lines: list[JSON] = [{"id": order.lines[0].id, "quantity": 1}]
    return Effect("orders/refunds", reference, {"amount": "3.00", "line_items": lines}, str(order.id))


def _bad_refund(simulator: Simulator, reference: str) -> Effect:
    """More is paid back than was paid."""
    order = _woo(simulator).checkout.place({_sku(1): 2})
    return Effect("orders/refunds", reference, {"amount": "3000.00"}, str(order))


def _refunded(simulator: Simulator, index: int, reference: str) -> int:
    """How many refunds of the orders of an item end their reason with the reference; one paid out counts twice."""
    orders = [one for one in _woo(simulator).orders().values() if one["line_items"][0]["sku"] == _sku(index)]
    found = [one for order in orders for one in order["refunds"] if one["reason"].endswith(f"crossdock {reference}]")]
    return len(found) + sum(bool(one["refunded_payment"]) for one in found)


def _refunded_order(simulator: Simulator, index: int, reference: str) -> Collection[tuple[str, ...]]:
    """The order's refunds; neither its lines nor any stock."""
    orders = _woo(simulator).orders().items()
    reasons = {number: [one["reason"] for one in order["refunds"]] for number, order in orders}
    return [("orders", number, "refunds") for number, told in reasons.items() if any(reference in one for one in told)]


def _tells(order: Mapping[str, Any], reference: str) -> int:
    entries = [entry["value"] for entry in order["meta_data"] if entry["key"] == _META]
    return sum(one.get("reference") == reference for value in entries for one in value)


def _sku(index: int) -> str:
    return f"SKU-{index:05d}"


def _woo(simulator: Simulator) -> WooSimulator:
    if not isinstance(simulator, WooSimulator):
        raise TypeError(f"not a WooCommerce simulator: {simulator!r}")
    return simulator
