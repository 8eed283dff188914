"""What the conformance suite needs to judge the ShipHero connector."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from connectors.base import Connector, Effect, Environment
from connectors.conformance import EffectCase, Posted, Subject, WebhookCase
from connectors.shiphero import webhooks
from connectors.shiphero.connector import connect
from connectors.shiphero.simulator.access import REFRESH_TOKEN
from connectors.shiphero.simulator.loading import load
from connectors.shiphero.simulator.simulator import ShipHeroSimulator
from connectors.shiphero.simulator.state import global_id
from connectors.simulation import CatalogItem, Simulator, Ticker

PAGE = 10
_KINDS = {"products": "Product", "inventory": "Product", "orders": "Order"}
_FIELDS: dict[str, Sequence[str]] = {
    "products": ("id", "sku", "barcode", "name", "price", "active"),
    "inventory": ("id", "sku", "warehouse_products[].warehouse_id", "warehouse_products[].available"),
    "orders": (
        "id",
        "partner_order_id",
        "order_number",
        "state",
        "line_items.edges[].node.sku",
        "line_items.edges[].node.quantity",
        "shipments[].line_items.edges[].node.quantity",
        "shipments[].shipping_labels[].tracking_number",
    ),
}


class _Id(msgspec.Struct):
    id: str


def subject() -> Subject:
    """An account that keeps every item of the catalog in two warehouses."""
    return Subject(
        name="shiphero",
        page_size=PAGE,
        resources=_FIELDS,
        simulator=_simulator,
        connect=_connect,
        external_ids=lambda simulator, resource: list(_hero(simulator).state.tables[_KINDS[resource]]),
        id_of=lambda resource, record: msgspec.json.decode(record, type=_Id).id,
        absent_id=lambda resource: global_id(_KINDS[resource], 999_999),
        snapshot=lambda simulator: _hero(simulator).snapshot(),
        bookkeeping=frozenset({"updated_at"}),
        effects=(
            EffectCase("order_create", _order, _made, _bad_order, _orders_under),
            EffectCase("order_cancel", _cancellation, _canceled, _bad_cancellation, _order_of),
        ),
        webhooks=WebhookCase(webhooks, "5d41402abc4b2a76", "7d793037a0760186", _post, _stranger),
        documents={"orders": _place_orders},
        expire_token=lambda simulator: _hero(simulator).access.expire(),
        touch=_touch,
        throttle=lambda simulator, times: _hero(simulator).throttle(times),
    )


def _simulator(clock: Ticker, items: Sequence[CatalogItem]) -> Simulator:
    hero = ShipHeroSimulator(clock=clock)
    load(hero, items)
    return hero


def _connect(simulator: Simulator, environment: Environment) -> Connector:
    sizes = {"page_size": PAGE, "order_page_size": PAGE, "line_page_size": 2, "lookup_batch": PAGE}
    return connect({"refresh_token": REFRESH_TOKEN, **sizes}, environment)


def _post(simulator: Simulator, index: int, secret: str) -> Posted:
    """A parcel leaves."""
    hero = _hero(simulator)
    order = hero.admin.order(f"told-{index}", {hero.state.all("Product")[index]["sku"]: 1})
    _subscribe(hero, "Shipment Update", secret)
    hero.admin.ship(order)
    return Posted(hero.webhooks.sent[-1].headers, hero.webhooks.sent[-1].body, frozenset({("orders", order)}))


def _stranger(simulator: Simulator, secret: str) -> Posted:
    hero = _hero(simulator)
    _subscribe(hero, "PO Update", secret)
    with hero.turn():
        hero.webhooks.send("PO Update", {"purchase_order": {"po_id": 7, "status": "pending"}})
    return Posted(hero.webhooks.sent[-1].headers, hero.webhooks.sent[-1].body, frozenset())


def _subscribe(hero: ShipHeroSimulator, name: str, secret: str) -> None:
    with hero.turn():
        shop = f"shop-{len(hero.state.tables['Webhook'])}"
        made = hero.webhooks.create({"name": name, "url": "https://hub.example/webhooks/hero", "shop_name": shop})
        hero.state.tables["Webhook"][made["id"]]["secret"] = secret


def _place_orders(simulator: Simulator, count: int) -> None:
    """Orders of three lines, more than come along with an order; of every second one a part has left."""
    hero = _hero(simulator)
    skus = [row["sku"] for row in hero.state.all("Product")]
    for at in range(count):
        chosen = {skus[(at + step) % len(skus)]: 1 + step for step in range(3)}
        order = hero.admin.order(f"counter-{at}", chosen)
        if at % 2:
            hero.admin.ship(order, dict.fromkeys(list(chosen)[:1], 1))


def _touch(simulator: Simulator, resource: str, index: int) -> None:
    hero = _hero(simulator)
    if resource == "orders":
        hero.admin.note(hero.state.all("Order")[index]["id"], "fragile")
    else:
        hero.admin.rename(hero.state.all("Product")[index]["sku"], "Renamed")


def _order(simulator: Simulator, index: int, reference: str) -> Effect:
    sku = _hero(simulator).state.all("Product")[index]["sku"]
    return Effect("order_create", reference, _document(reference, sku))


def _document(reference: str, sku: str) -> dict[str, Any]:
    address = {"first_name": "Grace", "last_name": "Hopper", "address1": "2 Main St", "city": "Reno", "country": "US"}
    lines = [{"partner_line_item_id": "1", "sku": sku, "quantity": 2, "price": "5.00"}]
    return {"order_number": reference, "shop_name": "shop", "shipping_address": address, "line_items": lines}


def _bad_order(simulator: Simulator, reference: str) -> Effect:
    return Effect("order_create", reference, {**_document(reference, "SKU-00001"), "shipping_address": {}})


def _made(simulator: Simulator, index: int, reference: str) -> int:
    return len(_under(simulator, reference))


def _orders_under(simulator: Simulator, index: int, reference: str) -> Collection[tuple[str, ...]]:
    return [("Order", str(order["id"])) for order in _under(simulator, reference)]


def _under(simulator: Simulator, reference: str) -> list[dict[str, Any]]:
    return [order for order in _hero(simulator).state.all("Order") if order["partner_order_id"] == reference]


def _cancellation(simulator: Simulator, index: int, reference: str) -> Effect:
    hero = _hero(simulator)
    known = _under(simulator, reference)
    sku = hero.state.all("Product")[index]["sku"]
    order = str(known[0]["id"]) if known else hero.admin.order(reference, {sku: 2})
    return Effect("order_cancel", reference, {"order_id": order, "reason": "edited"}, order)


def _canceled(simulator: Simulator, index: int, reference: str) -> int:
    return sum(int(order["cancellations"]) for order in _under(simulator, reference))


def _bad_cancellation(simulator: Simulator, reference: str) -> Effect:
    missing = global_id("Order", 999_999)
    return Effect("order_cancel", reference, {"order_id": missing}, missing)


def _order_of(simulator: Simulator, index: int, reference: str) -> Collection[tuple[str, ...]]:
    return _orders_under(simulator, index, reference)


def _hero(simulator: Simulator) -> ShipHeroSimulator:
    assert isinstance(simulator, ShipHeroSimulator)
    return simulator
