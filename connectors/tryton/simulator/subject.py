"""What the conformance suite needs to judge the Tryton connector."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal

import msgspec

from connectors.base import JSON, Connector, Effect, Environment, WriteRow
from connectors.conformance import EffectCase, Subject, WriteCase
from connectors.simulation import CatalogItem, Simulator, Ticker
from connectors.tryton.connector import connect
from connectors.tryton.simulator.simulator import TrytonSimulator

_PAGE = 50
_PRODUCTS = ("id", "code", "active", "template.id", "template.name", "template.list_price", "version")
_STOCK = ("id", "code", "levels[].location", "levels[].quantity", "levels[].forecast_quantity")

_SALES = ("id", "web_id", "state", "progress", "shipments[].state", "shipments[].lines[].quantity")
_UNITS = 2
_ADDRESS: dict[str, JSON] = {"street": "1 Main St", "city": "Berlin", "postal_code": "10115", "country": "DE"}
_PEOPLE = (("parties",), ("addresses",), ("mechanisms",))


class _Id(msgspec.Struct):
    id: int


def subject() -> Subject:
    """A company with two warehouses, its prices and its counts, and a web shop with its sales."""
    return Subject(
        name="tryton",
        page_size=_PAGE,
        resources={"products": _PRODUCTS, "stock": _STOCK, "sales": _SALES},
        simulator=_simulator,
        connect=_connect,
        external_ids=_ids,
        id_of=lambda resource, record: str(msgspec.json.decode(record, type=_Id).id),
        absent_id=lambda resource: "999999",
        snapshot=lambda simulator: _tryton(simulator).snapshot(),
        bookkeeping=frozenset({"_timestamp"}),
        writes=(
            WriteCase("product.write", _price_row, _held_price, _price_touches, _bad_price_row),
            WriteCase("stock.inventory", _count_row, _held_count, _count_touches, _bad_count_row),
        ),
        effects=(
            EffectCase("sale.create", _order, _made, _bad_order, _of_sale),
            EffectCase("sale.cancel", _cancellation, _canceled, _bad_cancellation, _of_cancellation),
            EffectCase("sale.ship", _notice, _shipped, _bad_notice, _of_notice),
        ),
        documents={"sales": _place},
        expire_token=lambda simulator: _tryton(simulator).expire_sessions(),
        touch=_touch,
    )


def _simulator(clock: Ticker, items: Sequence[CatalogItem]) -> Simulator:
    simulator = TrytonSimulator(clock=clock, warehouses={"WH1": "Main", "WH2": "Second"})
    simulator.load(items)
    simulator.clerk.open_shop()
    clock.advance(3600)
    return simulator


def _connect(simulator: Simulator, environment: Environment) -> Connector:
    erp = _tryton(simulator)
    settings: dict[str, str | int] = {"url": "http://tryton.example", "database": erp.database, "page_size": _PAGE}
    settings |= {"web_shop": 1, "warehouse": int(erp.location_id("WH1"))}
    return connect({**settings, "username": erp.username, "password": erp.password}, environment)


def _ids(simulator: Simulator, resource: str) -> list[str]:
    erp = _tryton(simulator)
    return [str(one) for one in (erp.desk.trade.sales if resource == "sales" else erp.state.variants)]


def _touch(simulator: Simulator, resource: str, index: int) -> None:
    if resource == "sales":
        _touch_sale(simulator, index)
    elif resource == "products":
        _tryton(simulator).admin.set_price(_sku(index), Decimal("77.7"))
    else:
        _tryton(simulator).admin.book_sale(_sku(index), "WH1", 1)


def _price_row(simulator: Simulator, number: int, index: int, value: int) -> WriteRow:
    return _template_row(simulator, number, index, str(value))


def _bad_price_row(simulator: Simulator, number: int) -> WriteRow:
    return _template_row(simulator, number, 3, "1.23456")


def _template_row(simulator: Simulator, number: int, index: int, price: str) -> WriteRow:
    erp, sku = _tryton(simulator), _sku(index)
    template = erp.template_id(sku)
    version = f"product.template,{template}={erp.state.templates[int(template)].token}"
    return WriteRow(number, "products", erp.product_id(sku), {"list_price": price}, parent_id=template, version=version)


def _held_price(simulator: Simulator, index: int) -> int:
    return int(_tryton(simulator).price(_sku(index)))


def _price_touches(simulator: Simulator, index: int) -> Collection[tuple[str, ...]]:
    return [("products", _tryton(simulator).product_id(_sku(index)), "list_price")]


def _count_row(simulator: Simulator, number: int, index: int, value: int) -> WriteRow:
    erp, sku = _tryton(simulator), _sku(index)
    held = {"quantity": str(erp.quantity(sku, "WH1"))}
    return WriteRow(number, "stock", erp.product_id(sku), {"quantity": value}, held, scope_id=erp.location_id("WH1"))


def _bad_count_row(simulator: Simulator, number: int) -> WriteRow:
    place = _tryton(simulator).location_id("WH1")
    return WriteRow(number, "stock", "999999", {"quantity": 1}, scope_id=place)


def _held_count(simulator: Simulator, index: int) -> int:
    return int(_tryton(simulator).quantity(_sku(index), "WH1"))


def _count_touches(simulator: Simulator, index: int) -> Collection[tuple[str, ...]]:
    """The figure, and the papers behind it."""
    product = _tryton(simulator).product_id(_sku(index))
    return [("products", product, "stock", "WH1"), ("documents",), ("moves",), ("notes",)]


def _place(simulator: Simulator, count: int) -> None:
    """People enter sales, one for each item."""
    for index in range(count):
        _tryton(simulator).clerk.sell(f"by-hand-{index}", {_sku(index): 1}, "WH1")


def _touch_sale(simulator: Simulator, index: int) -> None:
    """The shipment of a sale leaves."""
    clerk = _tryton(simulator).clerk
    number = list(_tryton(simulator).desk.trade.sales)[index]
    clerk.ship(clerk.shipments(number)[0].id)


def _order(simulator: Simulator, index: int, reference: str) -> Effect:
    return Effect("sale.create", reference, _document(_tryton(simulator).product_id(_sku(index)), reference))


def _bad_order(simulator: Simulator, reference: str) -> Effect:
    return Effect("sale.create", reference, _document("999999", reference))


def _document(product: str, reference: str) -> dict[str, JSON]:
    line: dict[str, JSON] = {"product": product, "sku": "any", "quantity": _UNITS, "amount": "20.01"}
    return {
        "web_id": reference,
        "channel": "shop",
        "currency": "EUR",
        "total": "24.91",
        "buyer": {"name": "Ada Lovelace", "email": f"{reference}@example.com"},
        "delivery": _ADDRESS,
        "lines": [line],
        "charges": [{"kind": "shipping", "amount": "4.90"}],
    }


def _made(simulator: Simulator, index: int, reference: str) -> int:
    """How often the goods of the order are promised."""
    clerk = _tryton(simulator).clerk
    return sum(len(clerk.shipments(sale.id)) for sale in clerk.sales(reference))


def _of_sale(simulator: Simulator, index: int, reference: str) -> Collection[tuple[str, ...]]:
    return [("sales", reference), ("shipments",), ("invoices",), ("moves",), *_PEOPLE]


def _cancellation(simulator: Simulator, index: int, reference: str) -> Effect:
    sale = str(_tryton(simulator).clerk.sell(reference, {_sku(index): _UNITS}, "WH1"))
    return Effect("sale.cancel", reference, {"web_id": reference, "sale": sale}, sale)


def _bad_cancellation(simulator: Simulator, reference: str) -> Effect:
    return Effect("sale.cancel", reference, {"web_id": "no-such-sale"}, "999999")


def _canceled(simulator: Simulator, index: int, reference: str) -> int:
    """Whether the goods of the sale are promised to nobody, and nobody is asked what shall become of them."""
    clerk = _tryton(simulator).clerk
    states = {one.state for sale in clerk.sales(reference) for one in clerk.shipments(sale.id)}
    handled = all(sale.shipment_state == sale.invoice_state == "none" for sale in clerk.sales(reference))
    return int(states == {"cancelled"} and handled)


def _of_cancellation(simulator: Simulator, index: int, reference: str) -> Collection[tuple[str, ...]]:
    sale = _tryton(simulator).clerk.sale(reference).id
    clerk = _tryton(simulator).clerk
    shipments = [("shipments", str(one.id)) for one in clerk.shipments(sale)]
    invoices = [("invoices", str(one.id)) for one in clerk.invoices(sale)]
    return [("sales", reference), *shipments, *invoices, ("moves",)]


def _notice(simulator: Simulator, index: int, reference: str) -> Effect:
    sale = str(_tryton(simulator).clerk.sell(f"sold-{reference}", {_sku(index): _UNITS}, "WH1"))
    document: dict[str, JSON] = {
        "sale": sale,
        "lines": [{"sku": _sku(index), "quantity": 1}],
        "tracking": [{"carrier": "DHL", "number": f"T-{reference}"}],
    }
    return Effect("sale.ship", reference, document, sale)


def _bad_notice(simulator: Simulator, reference: str) -> Effect:
    sale = str(_tryton(simulator).clerk.sell(f"sold-{reference}", {_sku(0): 1}, "WH1"))
    return Effect("sale.ship", reference, {"sale": sale, "lines": [{"sku": _sku(0), "quantity": 5}]}, sale)


def _shipped(simulator: Simulator, index: int, reference: str) -> int:
    """Units of the sale that have left."""
    erp = _tryton(simulator)
    shipments = erp.clerk.shipments(erp.clerk.sale(f"sold-{reference}").id)
    moves = [erp.state.moves[number] for one in shipments if one.state == "done" for number in one.outgoing]
    return int(sum(move.quantity for move in moves))


def _of_notice(simulator: Simulator, index: int, reference: str) -> Collection[tuple[str, ...]]:
    product = _tryton(simulator).product_id(_sku(index))
    return [("sales", f"sold-{reference}"), ("products", product, "stock"), ("shipments",), ("moves",), ("notes",)]


def _sku(index: int) -> str:
    return f"SKU-{index:05d}"


def _tryton(simulator: Simulator) -> TrytonSimulator:
    if not isinstance(simulator, TrytonSimulator):
        raise TypeError(f"not a Tryton simulator: {simulator!r}")
    return simulator
