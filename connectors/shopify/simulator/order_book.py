"""Every record around orders by type, and what subscribers are told of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from connectors.shopify.simulator.order_records import Order
from connectors.shopify.simulator.records import Record
from connectors.shopify.simulator.store import Table

R = TypeVar("R", bound=Record)
_FIRST = {"Order": 5_100_000, "LineItem": 12_400_000, "FulfillmentOrder": 6_300_000, "Refund": 8_800_000}
_OTHERS = 3_000_000

Tell = Callable[[str, Record], None]


class OrderBook:
    """The orders of a shop; ``tell`` is called for each event a webhook may be sent for."""

    def __init__(self) -> None:
        self._tables: dict[str, Table[Any]] = {}
        self.tell: Tell = lambda topic, record: None

    @property
    def orders(self) -> Table[Order]:
        """All orders."""
        return self.table("Order")

    def table(self, typename: str) -> Table[Any]:
        """All records of a type."""
        return self._tables.setdefault(typename, Table())

    def make(self, kind: Callable[..., R], at: datetime, *given: Any) -> R:
        """A new record with the next number of its type."""
        typename: str = kind.TYPENAME  # type: ignore[attr-defined]
        table = self.table(typename)
        number = (table.numbers[-1] if table.numbers else _FIRST.get(typename, _OTHERS)) + 1
        record = kind(number, at, *given)
        table.add(record)
        return record

    def touch(self, order: Order, at: datetime, *topics: str, record: Record | None = None) -> None:
        """An order changed: its stamp moves, and whoever subscribed is told."""
        order.updated_at = at
        for topic in topics:
            self.tell(topic, record or order)
        self.tell("ORDERS_UPDATED", order)


def name_of(order: Order) -> str:
    """The order's name as people read it."""
    return f"#{number_of(order)}"


def number_of(order: Order) -> int:
    """Its running number."""
    return 1000 + order.number - _FIRST["Order"]
