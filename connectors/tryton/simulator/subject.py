"""What the conformance suite needs to judge the Tryton connector."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal

import msgspec

from connectors.base import Connector, Environment, WriteRow
from connectors.conformance import Subject, WriteCase
from connectors.simulation import CatalogItem, Simulator, Ticker
from connectors.tryton.connector import connect
from connectors.tryton.simulator import salecases
from connectors.tryton.simulator.simulator import TrytonSimulator

_PAGE = 50
_PRODUCTS = ("id", "code", "active", "template.id", "template.name", "template.list_price", "version")
_STOCK = ("id", "code", "levels[].location", "levels[].quantity", "levels[].forecast_quantity")

_SALES = ("id", "web_id", "state", "progress", "shipments[].state", "shipments[].lines[].quantity")


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
        effects=salecases.CASES,
        documents={"sales": salecases.place},
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
        salecases.touch(simulator, index)
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


def _sku(index: int) -> str:
    return f"SKU-{index:05d}"


def _tryton(simulator: Simulator) -> TrytonSimulator:
    if not isinstance(simulator, TrytonSimulator):
        raise TypeError(f"not a Tryton simulator: {simulator!r}")
    return simulator
