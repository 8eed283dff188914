"""What the conformance suite needs to judge the WooCommerce connector."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import msgspec

from connectors.base import Connector, Environment, WriteRow
from connectors.conformance import Subject, WriteCase
from connectors.simulation import CatalogItem, Simulator, Ticker
from connectors.woocommerce.connector import connect
from connectors.woocommerce.simulator.simulator import WooSimulator
from connectors.woocommerce.simulator.switches import Switches

_KEY, _SECRET = "ck_conformance", "cs_conformance"
_FIELDS = ("id", "type", "parent_id", "sku", "regular_price", "stock_quantity", "manage_stock", "name")


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
        resources={"products": _FIELDS},
        simulator=simulator,
        connect=_connect,
        external_ids=lambda simulator, resource: list(_woo(simulator).snapshot()),
        id_of=lambda resource, record: str(msgspec.json.decode(record, type=_Id).id),
        absent_id=lambda resource: "999999",
        snapshot=lambda simulator: _woo(simulator).snapshot(),
        bookkeeping=frozenset({"date_modified", "date_modified_gmt"}),
        writes=(WriteCase(operation, _row, _held, _touches, _bad_row),),
        touch=lambda simulator, resource, index: _woo(simulator).admin.set_stock(_sku(index), 77),
    )


def _connect(simulator: Simulator, environment: Environment) -> Connector:
    settings = {"url": "http://shop.example", "consumer_key": _KEY, "consumer_secret": _SECRET}
    return connect(settings, environment)


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
    return [(each, name) for each in ids for name in ("stock_quantity", "stock_status")]


def _bad_row(simulator: Simulator, number: int) -> WriteRow:
    return WriteRow(number, "products", "999999", {"stock_quantity": 1}, parent_id=_woo(simulator).parent_of(_sku(0)))


def _sku(index: int) -> str:
    return f"SKU-{index:05d}"


def _woo(simulator: Simulator) -> WooSimulator:
    if not isinstance(simulator, WooSimulator):
        raise TypeError(f"not a WooCommerce simulator: {simulator!r}")
    return simulator
