"""The account's data: plain rows by kind and global id, in the names of the schema."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TypeAlias

from canonical.clock import Clock
from connectors.shiphero.simulator.switches import Switches

Row: TypeAlias = dict[str, Any]

KINDS = ("Warehouse", "Product", "WarehouseProduct", "Order", "LineItem", "Shipment", "ShippingLabel", "Webhook")


class State:
    """Everything an account holds; a row's own parts are rows of the same tables."""

    def __init__(self, clock: Clock, switches: Switches, *, is_3pl: bool) -> None:
        self.clock = clock
        self.switches = switches
        self.tables: dict[str, dict[str, Row]] = {kind: {} for kind in KINDS}
        self.account = {
            "id": global_id("Account", 100),
            "legacy_id": 100,
            "email": "owner@example.com",
            "username": "owner@example.com",
            "status": "active",
            "is_3pl": is_3pl,
            "is_multi_warehouse": True,
        }
        self.late: datetime | None = None
        self._numbers = dict.fromkeys(KINDS, 1000)

    @property
    def at(self) -> datetime:
        """The instant it is; that of a late effect while it happens."""
        return self.late or self.clock.now()

    def now(self) -> str:
        """The instant it is, as the platform writes it."""
        text = self.at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
        return f"{text}+00:00" if self.switches.zone else text

    def add(self, kind: str, **values: Any) -> Row:
        """A new row with ids of its own."""
        self._numbers[kind] += 1
        number = self._numbers[kind]
        row = {"id": global_id(kind, number), "legacy_id": number, **values}
        self.tables[kind][row["id"]] = row
        return row

    def all(self, kind: str) -> list[Row]:
        """Every row of a kind, oldest first."""
        return list(self.tables[kind].values())

    def find(self, kind: str, external_id: str) -> Row | None:
        """A row by its global id."""
        return self.tables[kind].get(external_id)

    def products_of(self, sku: str, account_id: str) -> Iterator[Row]:
        """The products of a customer with a SKU."""
        return (row for row in self.all("Product") if row["sku"] == sku and row["account_id"] == account_id)

    def stock_of(self, product: Row, warehouse_id: str) -> Row | None:
        """The stock of a product in a warehouse."""
        return next((row for row in product["warehouse_products"] if row["warehouse_id"] == warehouse_id), None)

    def touch(self, order: Row) -> None:
        """An order was changed."""
        order["updated_at"] = self.now()


def global_id(kind: str, number: int) -> str:
    """A global id: kind and number in base64."""
    return base64.b64encode(f"{kind}:{number}".encode()).decode()


def moment(text: Any) -> datetime | None:
    """An instant from a text, UTC where it has no zone; None when it is none."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
