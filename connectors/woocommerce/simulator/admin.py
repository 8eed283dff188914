"""The people in front of the screens: the merchant in the shop's admin, and the shoppers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal

from canonical.clock import Clock
from connectors.woocommerce.simulator import stock, writing
from connectors.woocommerce.simulator.auth import Gate, Key
from connectors.woocommerce.simulator.store import Product, Store
from connectors.woocommerce.simulator.switches import Switches

Turn = Callable[[], AbstractContextManager[None]]


class Admin:
    """What a merchant does by hand; products are named by SKU."""

    def __init__(self, store: Store, gate: Gate, clock: Clock, turn: Turn) -> None:
        self._store = store
        self._gate = gate
        self._clock = clock
        self._turn = turn

    def set_price(self, sku: str, price: Decimal) -> None:
        """Type a regular price."""
        self.set_field(sku, "regular_price", format(price, "f"))

    def set_sale_price(self, sku: str, price: Decimal | None) -> None:
        """Type a sale price, or clear it."""
        self.set_field(sku, "sale_price", "" if price is None else format(price, "f"))

    def set_stock(self, sku: str, units: int) -> None:
        """Type a stock figure, at the record that counts for this SKU."""
        with self._turn():
            product = self._store.by_sku(sku)
            kept = stock.keeper(self._store, product) or product
            self._save(kept, {"manage_stock": True, "stock_quantity": units})

    def untrack(self, sku: str) -> None:
        """Switch stock management off; the figure is forgotten."""
        self.set_field(sku, "manage_stock", False)

    def count_at_parent(self, sku: str, units: int) -> None:
        """Let the parent of a variation count for all its variations that do not count themselves."""
        with self._turn():
            product = self._store.by_sku(sku)
            parent = self._store.parent(product)
            if parent is None:
                raise KeyError(f"{sku} is not a variation")
            self._save(product, {"manage_stock": False})
            self._save(parent, {"manage_stock": True, "stock_quantity": units})

    def set_sku(self, sku: str, new: str) -> None:
        """Rename a SKU."""
        self.set_field(sku, "sku", new)

    def set_field(self, sku: str, name: str, value: object) -> None:
        """Change any writable field."""
        with self._turn():
            self._save(self._store.by_sku(sku), {name: value})

    def trash(self, sku: str) -> None:
        """Put a product into the trash."""
        with self._turn():
            self._store.trash(self._store.by_sku(sku))

    def restore(self, sku: str) -> None:
        """Take a product out of the trash."""
        with self._turn():
            self._store.restore(self._store.by_sku(sku))

    def delete(self, sku: str) -> None:
        """Delete a product or variation for good."""
        with self._turn():
            self._store.delete(self._store.by_sku(sku))

    def add_key(self, consumer_key: str, consumer_secret: str, permissions: str = "read_write") -> None:
        """Issue a key pair: read, write or read_write."""
        self._gate.keys[consumer_key] = Key(consumer_key, consumer_secret, permissions)

    def revoke_key(self, consumer_key: str) -> None:
        """Take a key back."""
        del self._gate.keys[consumer_key]

    def _save(self, product: Product, body: dict[str, object]) -> None:
        writing.save(self._store, product, body, self._clock.now())


class Shoppers:
    """What shoppers do: they buy, and sometimes cancel."""

    def __init__(self, store: Store, switches: Switches, clock: Clock, turn: Turn) -> None:
        self._store = store
        self._switches = switches
        self._clock = clock
        self._turn = turn

    def sell(self, sku: str, units: int = 1) -> None:
        """An order is placed: the figure that counts falls, also below zero."""
        self._move(sku, -units)

    def cancel(self, sku: str, units: int = 1) -> None:
        """An order is cancelled: its units come back."""
        self._move(sku, units)

    def _move(self, sku: str, units: int) -> None:
        with self._turn():
            product = self._store.by_sku(sku)
            kept = stock.keeper(self._store, product)
            if kept is None:
                return
            stock.set_quantity(kept, (kept.get("stock_quantity") or 0) + units)
            if self._switches.sale_moves_modified:
                self._store.touch(kept, self._clock.now())
            self._store.revision += 1
