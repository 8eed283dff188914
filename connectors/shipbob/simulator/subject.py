"""What the conformance suite needs to judge the ShipBob connector."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from connectors.base import JSON, Connector, Effect, Environment
from connectors.conformance import EffectCase, Posted, Subject, WebhookCase
from connectors.shipbob import webhooks
from connectors.shipbob.connector import connect
from connectors.shipbob.simulator.loading import load
from connectors.shipbob.simulator.simulator import CHANNEL, TOKEN, ShipBobSimulator
from connectors.simulation import CatalogItem, Simulator, Ticker

_PAGE = 10
_FIELDS = {
    "products": ("id", "sku", "name", "product.id"),
    "inventory": ("inventory_id", "sku", "locations[].location_id", "locations[].fulfillable_quantity"),
    "orders": ("id", "reference_id", "status", "shipments[].status", "shipments[].tracking.tracking_number"),
    "returns": ("id", "status", "original_shipment_id", "inventory[].sku", "inventory[].quantity"),
}
_ADDRESS: dict[str, JSON] = {"address1": "1 Main St", "city": "Chicago", "country": "US", "zip_code": "60607"}


class _Id(msgspec.Struct):
    id: int = 0
    inventory_id: int = 0


def subject() -> Subject:
    """An account whose catalog lies in two centers."""
    return Subject(
        name="shipbob",
        page_size=_PAGE,
        resources=_FIELDS,
        simulator=_simulator,
        connect=_connect,
        external_ids=_ids,
        id_of=_id_of,
        absent_id=lambda resource: "999999",
        snapshot=lambda simulator: _shipbob(simulator).snapshot(),
        bookkeeping=frozenset({"updated"}),
        effects=(
            EffectCase("order.create", _order, _made, _bad_order, _of_order),
            EffectCase("order.cancel", _cancellation, _canceled, _bad_cancellation, _of_canceled),
        ),
        webhooks=WebhookCase(webhooks, f"whsec_{'Y29uZm9y' * 4}", f"whsec_{'YW5vdGhl' * 4}", _post, _stranger),
        documents={"orders": _place, "returns": _send_back},
        touch=_touch,
        throttle=lambda simulator, times: _shipbob(simulator).throttle(times),
    )


def _post(simulator: Simulator, index: int, secret: str) -> Posted:
    """A shipment is held."""
    bob = _shipbob(simulator)
    _subscribe(bob, "order.shipment.on_hold", secret)
    order = bob.admin.order(f"told-{index}", {_sku(index): 1}, CHANNEL)
    bob.admin.hold(bob.admin.shipments(order)[0])
    sent = bob.admin.messages()[-1]
    return Posted(sent.headers, sent.body, frozenset({("orders", str(order))}))


def _stranger(simulator: Simulator, secret: str) -> Posted:
    """ShipBob charges for something, of which nothing is read."""
    bob = _shipbob(simulator)
    _subscribe(bob, "billing.charge.created", secret)
    order = bob.admin.order("charged", {_sku(3): 1}, CHANNEL)
    bob.admin.bill(bob.admin.shipments(order)[0], 7.25)
    sent = bob.admin.messages()[-1]
    return Posted(sent.headers, sent.body, frozenset())


def _subscribe(bob: ShipBobSimulator, topic: str, secret: str) -> None:
    bob.webhooks.subscribe({"topics": [topic], "url": "https://hub.example/webhooks/bob", "secret": secret})


def _simulator(clock: Ticker, items: Sequence[CatalogItem]) -> Simulator:
    account = ShipBobSimulator(clock=clock)
    load(account, items)
    clock.advance(3600)
    return account


def _connect(simulator: Simulator, environment: Environment) -> Connector:
    return connect({"token": TOKEN, "page_size": _PAGE}, environment)


def _ids(simulator: Simulator, resource: str) -> list[str]:
    account = _shipbob(simulator).account
    if resource == "orders":
        return [str(number) for number in account.orders]
    if resource == "returns":
        return [str(number) for number in account.returns]
    if resource == "products":
        return [str(number) for number in account.variants]
    return [str(one.inventory_id) for one in account.variants.values()]


def _id_of(resource: str, record: bytes | memoryview) -> str:
    found = msgspec.json.decode(record, type=_Id)
    return str(found.inventory_id if resource == "inventory" else found.id)


def _place(simulator: Simulator, count: int) -> None:
    """Another application sends orders, one for each item."""
    shop = _shipbob(simulator)
    for index in range(count):
        shop.admin.order(f"shop-{index}", {_sku(index): 1}, CHANNEL)


def _send_back(simulator: Simulator, count: int) -> None:
    """One unit of each item was sent out and comes back."""
    shop = _shipbob(simulator)
    for index in range(count):
        order = shop.admin.order(f"back-{index}", {_sku(index): 1}, CHANNEL)
        shop.admin.ship_all(order)
        shop.admin.send_back(shop.admin.shipments(order)[0], {_sku(index): 1})


def _touch(simulator: Simulator, resource: str, index: int) -> None:
    shop = _shipbob(simulator)
    if resource == "orders":
        shop.admin.pick(shop.admin.shipments(list(shop.account.orders)[index])[0])
    elif resource == "returns":
        while shop.admin.process_return(list(shop.account.returns)[index]) != "Completed":
            pass
    else:
        shop.admin.rename(_sku(index), "Another name")


def _order(simulator: Simulator, index: int, reference: str) -> Effect:
    """Two of an item for someone in Chicago."""
    return Effect("order.create", reference, _document(_sku(index), reference))


def _bad_order(simulator: Simulator, reference: str) -> Effect:
    return Effect("order.create", reference, _document("no such thing", reference))


def _document(sku: str, reference: str) -> dict[str, JSON]:
    return {
        "reference_id": reference,
        "type": "DTC",
        "shipping_method": "Standard",
        "recipient": {"name": "Ada Lovelace", "address": _ADDRESS},
        "products": [{"reference_id": sku, "name": "Thing", "quantity": 2}],
    }


def _made(simulator: Simulator, index: int, reference: str) -> int:
    return len(_orders(simulator, reference))


def _of_order(simulator: Simulator, index: int, reference: str) -> Collection[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for order in _orders(simulator, reference):
        found.append(("orders", str(order["id"])))
        found += [("shipments", str(number)) for number in order["shipments"]]
    return found


def _cancellation(simulator: Simulator, index: int, reference: str) -> Effect:
    """An order that was made there is to be stopped."""
    number = _shipbob(simulator).admin.order(reference, {_sku(index): 1}, CHANNEL)
    return Effect("order.cancel", reference, {"order_id": str(number), "reference_id": reference}, str(number))


def _bad_cancellation(simulator: Simulator, reference: str) -> Effect:
    return Effect("order.cancel", reference, {"order_id": "999999", "reference_id": reference}, "999999")


def _canceled(simulator: Simulator, index: int, reference: str) -> int:
    """How often the shipments of the order were canceled: once each, since a canceled one cannot be canceled."""
    shipments = _shipbob(simulator).snapshot()["shipments"]
    numbers = [number for order in _orders(simulator, reference) for number in order["shipments"]]
    return int(bool(numbers) and all(shipments[str(number)]["status"] == "Cancelled" for number in numbers))


def _of_canceled(simulator: Simulator, index: int, reference: str) -> Collection[tuple[str, ...]]:
    """Its shipments, and the goods that they no longer hold."""
    inventory = _shipbob(simulator).admin.variant(_sku(index)).inventory_id
    places = [("levels", f"{inventory}@{center}") for center in _shipbob(simulator).account.centers]
    numbers = [number for order in _orders(simulator, reference) for number in order["shipments"]]
    return [*places, *(("shipments", str(number)) for number in numbers)]


def _orders(simulator: Simulator, reference: str) -> list[dict[str, Any]]:
    every = _shipbob(simulator).snapshot()["orders"].values()
    return [order for order in every if order["reference"] == reference]


def _sku(index: int) -> str:
    return f"SKU-{index:05d}"


def _shipbob(simulator: Simulator) -> ShipBobSimulator:
    if not isinstance(simulator, ShipBobSimulator):
        raise TypeError(f"not a ShipBob simulator: {simulator!r}")
    return simulator
