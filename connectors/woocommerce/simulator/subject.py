"""What the conformance suite needs to judge the WooCommerce connector."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, cast

import msgspec

from connectors.base import Connector, Environment, WriteRow
from connectors.conformance import Subject, WriteCase
from connectors.simulation import CatalogItem, Simulator, Ticker
from connectors.woocommerce.simulator.simulator import WooSimulator

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEY, _SECRET = "ck_conformance", "cs_conformance"
_FIELDS = ("id", "type", "parent_id", "sku", "regular_price", "stock_quantity", "manage_stock", "name")


class _Id(msgspec.Struct):
    id: int


def subject() -> Subject:
    """One shop with simple products; both operations write stock."""
    return Subject(
        name="woocommerce",
        page_size=100,
        resources={"products": _FIELDS},
        simulator=_simulator,
        connect=_connect,
        external_ids=_external_ids,
        id_of=lambda resource, record: str(msgspec.json.decode(record, type=_Id).id),
        absent_id=lambda resource: "999999",
        snapshot=lambda simulator: _woo(simulator).snapshot(),
        bookkeeping=frozenset({"date_modified", "date_modified_gmt"}),
        writes=(WriteCase("products/batch", _row, _held, _touches, _bad_row),),
        touch=lambda simulator, resource, index: _woo(simulator).admin.set_stock(_sku(index), 77),
    )


def _simulator(clock: Ticker, items: Sequence[CatalogItem]) -> Simulator:
    simulator = WooSimulator(clock=clock, consumer_key=_KEY, consumer_secret=_SECRET)
    simulator.load(items)
    return simulator


def _connect(simulator: Simulator, environment: Environment) -> Connector:
    settings: Mapping[str, object] = {
        "url": "http://shop.example",
        "consumer_key": _KEY,
        "consumer_secret": _SECRET,
    }
    # by name, since a simulator knows nothing of the connector it examines
    return cast("Connector", import_module("connectors.woocommerce.connector").connect(settings, environment))


def _external_ids(simulator: Simulator, resource: str) -> Collection[str]:
    return list(_woo(simulator).snapshot())


def _row(simulator: Simulator, number: int, index: int, value: int) -> WriteRow:
    held = {"stock_quantity": _held(simulator, index)}
    return WriteRow(number, "products", _woo(simulator).id_of(_sku(index)), {"stock_quantity": value}, held)


def _held(simulator: Simulator, index: int) -> int:
    return _woo(simulator).quantity(_sku(index)) or 0


def _touches(simulator: Simulator, index: int) -> Collection[tuple[str, ...]]:
    product_id = _woo(simulator).id_of(_sku(index))
    return [(product_id, name) for name in ("stock_quantity", "stock_status", "purchasable")]


def _bad_row(simulator: Simulator, number: int) -> WriteRow:
    return WriteRow(number, "products", "999999", {"stock_quantity": 1})


def _sku(index: int) -> str:
    return f"SKU-{index:05d}"


def _woo(simulator: Simulator) -> WooSimulator:
    if not isinstance(simulator, WooSimulator):
        raise TypeError(f"not a WooCommerce simulator: {simulator!r}")
    return simulator
