"""What the conformance suite needs to judge the Shopify connector."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal

import msgspec

from connectors.base import JSON, Connector, Effect, Environment, RawRecord, WriteRow
from connectors.conformance import EffectCase, Posted, Subject, WebhookCase, WriteCase
from connectors.shopify import webhooks
from connectors.shopify.connector import connect
from connectors.shopify.simulator.messages import encoded, headers_of, level_payload
from connectors.shopify.simulator.order_records import Order
from connectors.shopify.simulator.records import Item, Variant
from connectors.shopify.simulator.simulator import ShopifySimulator
from connectors.shopify.simulator.switches import Switches
from connectors.simulation import CatalogItem, Simulator, Ticker

_CLIENT, _SECRET = "conformance", "shpss_conformance"
_PLACES = {"WH1": "First warehouse", "WH2": "Second warehouse"}
_TYPES: Mapping[str, str] = {"productVariants": "ProductVariant", "inventoryItems": "InventoryItem", "orders": "Order"}
_OLDER_THAN_ANY_OVERLAP = 3600.0
_LEVEL = "inventoryLevels.nodes[]"
_FIELDS = {
    "productVariants": ("sku", "barcode", "price", "compareAtPrice", "product.id", "product.title", "inventoryItem.id"),
    "inventoryItems": (
        "sku",
        "tracked",
        f"{_LEVEL}.location.id",
        *(f"{_LEVEL}.quantities[name={name}].quantity" for name in ("available", "on_hand", "committed")),
    ),
    "orders": ("id", "name", "updatedAt", "made", "transactions", "refunds", "fulfillments", "returns"),
}


class _Id(msgspec.Struct):
    id: str


def subject() -> Subject:
    """A shop with two warehouses, its app authorized by the client-credentials grant."""
    return subject_with(Switches)


def subject_with(
    switches: Callable[[], Switches], *, api_version: str = "2026-10", bulk_from: int = 2000, page_size: int = 250
) -> Subject:
    """The same shop where the platform reads what is unproven the other way, or in another version."""

    def simulator(clock: Ticker, items: Sequence[CatalogItem]) -> Simulator:
        shop = ShopifySimulator(
            clock=clock, client_id=_CLIENT, client_secret=_SECRET, locations=_PLACES, switches=switches()
        )
        shop.load(items)
        clock.advance(_OLDER_THAN_ANY_OVERLAP)
        return shop

    def connected(simulator: Simulator, environment: Environment) -> Connector:
        settings: dict[str, str | int] = {
            "shop": _shop(simulator).platform.domain,
            "client_id": _CLIENT,
            "client_secret": _SECRET,
            "api_version": api_version,
            "bulk_from": bulk_from,
            "refunds": "note",
        }
        return connect(settings, environment)

    return Subject(
        name="shopify",
        page_size=page_size,
        resources=_FIELDS,
        simulator=simulator,
        connect=connected,
        external_ids=lambda simulator, resource: [row.gid for row in _table(simulator, resource)],
        id_of=_id_of,
        absent_id=lambda resource: f"gid://shopify/{_type(resource)}/999999999",
        snapshot=lambda simulator: _shop(simulator).snapshot(),
        writes=(
            WriteCase("inventorySetQuantities", _stock_row, _stock_held, _stock_touches, _bad_stock_row),
            WriteCase("productVariantsBulkUpdate", _price_row, _price_held, _price_touches, _bad_price_row),
        ),
        webhooks=WebhookCase(webhooks, "shpss_hooks", "shpss_another", _post, _stranger),
        effects=(
            EffectCase("fulfillmentCreate", _shipment, _shipped, _bad_shipment, _moved),
            EffectCase("refundCreate", _refund, _refunded, _bad_refund, _moved),
        ),
        documents={"orders": _place},
        expire_token=lambda simulator: _shop(simulator).expire_tokens(),
        touch=_touch,
    )


def _post(simulator: Simulator, index: int, secret: str) -> Posted:
    """The merchant counts an item."""
    shop = _shop(simulator)
    shop.admin.set_available(_sku(index), "WH1", 70 + index)
    item = _item(shop, index)
    body = encoded(level_payload(next(iter(item.levels.values()))))
    return _posted(shop, "inventory_levels/update", body, secret, frozenset({("inventoryItems", item.gid)}))


def _stranger(simulator: Simulator, secret: str) -> Posted:
    return _posted(_shop(simulator), "themes/publish", encoded({"id": 1, "name": "Dawn"}), secret, frozenset())


def _posted(shop: ShopifySimulator, topic: str, body: bytes, secret: str, about: frozenset[tuple[str, str]]) -> Posted:
    headers = headers_of(topic, body, secret, shop=shop.platform.domain, at=shop.platform.now(), number=1)
    return Posted(headers, body, about)


def _stock_row(simulator: Simulator, number: int, index: int, value: int) -> WriteRow:
    shop = _shop(simulator)
    return WriteRow(
        number,
        "inventoryItems",
        _item(shop, index).gid,
        {"quantity": value},
        {"quantity": shop.quantity(_sku(index), "WH1")},
        scope_id=shop.location_id("WH1"),
    )


def _stock_held(simulator: Simulator, index: int) -> int:
    return _shop(simulator).quantity(_sku(index), "WH1")


def _stock_touches(simulator: Simulator, index: int) -> Collection[tuple[str, ...]]:
    """The figure itself and the one that follows from it."""
    gid = _item(_shop(simulator), index).gid
    return [("items", gid, "levels", "WH1", name) for name in ("available", "on_hand")]


def _bad_stock_row(simulator: Simulator, number: int) -> WriteRow:
    place = _shop(simulator).location_id("WH1")
    absent = "gid://shopify/InventoryItem/999999999"
    return WriteRow(number, "inventoryItems", absent, {"quantity": 1}, {"quantity": 0}, scope_id=place)


def _price_row(simulator: Simulator, number: int, index: int, value: int) -> WriteRow:
    variant = _variant(_shop(simulator), index)
    return WriteRow(number, "productVariants", variant.gid, {"price": f"{value}.00"}, parent_id=variant.product.gid)


def _price_held(simulator: Simulator, index: int) -> int:
    return int(_shop(simulator).price(_sku(index)))


def _price_touches(simulator: Simulator, index: int) -> Collection[tuple[str, ...]]:
    return [("variants", _variant(_shop(simulator), index).gid, "price")]


def _bad_price_row(simulator: Simulator, number: int) -> WriteRow:
    """A variant that is not there, in the same product as a good one."""
    parent = _variant(_shop(simulator), 0).product.gid
    absent = "gid://shopify/ProductVariant/999999999"
    return WriteRow(number, "productVariants", absent, {"price": "1.00"}, parent_id=parent)


def _touch(simulator: Simulator, resource: str, index: int) -> None:
    shop = _shop(simulator)
    if resource == "orders":
        shop.checkout.set_note(_orders(shop)[index].gid, "ring twice")
    elif resource == "productVariants":
        shop.admin.set_price(_sku(index), Decimal("77.00"))
    else:
        shop.admin.set_tracked(_sku(index), tracked=False)


def _place(simulator: Simulator, count: int) -> None:
    """Shoppers buy, one order for each item."""
    for index in range(count):
        _shop(simulator).checkout.place({_sku(index): 1}, tax="0.19")


def _shipment(simulator: Simulator, index: int, reference: str) -> Effect:
    """A shopper buys two, and both leave in one parcel."""
    order = _bought(simulator, index)
    lines: list[JSON] = [{"lineItemId": order.lines[0].gid, "quantity": 2}]
    tracking: list[JSON] = [{"company": "DHL", "number": f"T-{reference}"}]
    return Effect("fulfillmentCreate", reference, {"orderId": order.gid, "lines": lines, "tracking": tracking})


def _bad_shipment(simulator: Simulator, reference: str) -> Effect:
    """More leaves than was bought."""
    order = _bought(simulator, 1)
    lines: list[JSON] = [{"lineItemId": order.lines[0].gid, "quantity": 3}]
    return Effect("fulfillmentCreate", reference, {"orderId": order.gid, "lines": lines})


def _shipped(simulator: Simulator, index: int, reference: str) -> int:
    """How many parcels of the item bear the number."""
    sent = [one for order in _of_item(simulator, index) for one in order.fulfillments]
    return sum(one.numbers.count(f"T-{reference}") for one in sent)


def _refund(simulator: Simulator, index: int, reference: str) -> Effect:
    """A shopper buys two, and 3.00 for one of them were paid back elsewhere."""
    order = _bought(simulator, index)
    lines: list[JSON] = [{"lineItemId": order.lines[0].gid, "quantity": 1}]
    document: dict[str, JSON] = {"orderId": order.gid, "amount": "3.00", "currency": "EUR", "lines": lines}
    return Effect("refundCreate", reference, document)


def _bad_refund(simulator: Simulator, reference: str) -> Effect:
    """More is paid back than was paid."""
    order = _bought(simulator, 1)
    return Effect("refundCreate", reference, {"orderId": order.gid, "amount": "3000.00", "currency": "EUR"})


def _refunded(simulator: Simulator, index: int, reference: str) -> int:
    """How many refunds of the item's orders end their note with the reference; one that is paid out counts twice."""
    refunds = [one for order in _of_item(simulator, index) for one in order.refunds]
    found = [one for one in refunds if (one.note or "").endswith(f" {reference}]")]
    return len(found) + sum(money.gateway != "manual" for one in found for money in one.transactions)


def _moved(simulator: Simulator, index: int, reference: str) -> Collection[tuple[str, ...]]:
    """The item's orders, and units that are promised no more; what is on sale stays."""
    gid = _item(_shop(simulator), index).gid
    levels = [("items", gid, "levels", place, name) for place in _PLACES for name in ("committed", "on_hand")]
    return [*(("orders", order.gid) for order in _of_item(simulator, index)), *levels]


def _bought(simulator: Simulator, index: int) -> Order:
    shop = _shop(simulator)
    return shop.checkout.get(shop.checkout.place({_sku(index): 2}))


def _orders(shop: ShopifySimulator) -> list[Order]:
    return list(shop.platform.book.orders)


def _of_item(simulator: Simulator, index: int) -> list[Order]:
    return [order for order in _orders(_shop(simulator)) if order.lines[0].sku == _sku(index)]


def _table(simulator: Simulator, resource: str) -> Sequence[Item | Variant | Order]:
    if resource == "orders":
        return _orders(_shop(simulator))
    store = _shop(simulator).platform.store
    return list(store.variants if resource == "productVariants" else store.items)


def _id_of(resource: str, record: RawRecord) -> str:
    return msgspec.json.decode(record, type=_Id).id


def _type(resource: str) -> str:
    return _TYPES[resource]


def _item(shop: ShopifySimulator, index: int) -> Item:
    return shop.platform.store.items_by_sku[_sku(index)][0]


def _variant(shop: ShopifySimulator, index: int) -> Variant:
    return _item(shop, index).variants[0]


def _sku(index: int) -> str:
    return f"SKU-{index:05d}"


def _shop(simulator: Simulator) -> ShopifySimulator:
    if not isinstance(simulator, ShopifySimulator):
        raise TypeError(f"not a Shopify simulator: {simulator!r}")
    return simulator
