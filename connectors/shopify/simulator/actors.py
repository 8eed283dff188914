"""The merchant in the admin and the shopper at the till: plain Python, for tests and the demo."""

from __future__ import annotations

from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any, Protocol

from connectors.shopify.simulator.context import instant
from connectors.shopify.simulator.html import clean_html
from connectors.shopify.simulator.platform import Platform
from connectors.shopify.simulator.records import Item, Level, Location, Variant
from connectors.shopify.simulator.store import Store, sorted_tags
from connectors.simulation import CatalogItem


class Turns(Protocol):
    """Whoever lets one actor act at a time."""

    def turn(self) -> AbstractContextManager[None]:
        """Hold the platform for one action."""
        ...


def only_item(store: Store, sku: str) -> Item:
    """The inventory item of a SKU; KeyError when none or several carry it."""
    found = store.items_by_sku.get(sku, [])
    if len(found) != 1:
        raise KeyError(f"{len(found)} items carry the SKU {sku!r}")
    return found[0]


class _Actor:
    def __init__(self, turns: Turns, platform: Platform) -> None:
        self._turns = turns
        self._platform = platform
        self._store = platform.store

    def _item(self, sku: str) -> Item:
        return only_item(self._store, sku)

    def _variant(self, sku: str) -> Variant:
        return self._item(sku).variants[0]

    def _level(self, sku: str, code: str) -> Level:
        item, location = self._item(sku), self._store.location_by_code[code]
        return item.levels.get(location.number) or self._store.add_level(item, location, self._platform.now())


class Shopper(_Actor):
    """Orders and their fulfillment, as far as stock is concerned."""

    def sell(self, sku: str, units: int, location_code: str) -> None:
        """An order: units move from available to committed."""
        with self._turns.turn():
            level, now = self._level(sku, location_code), self._platform.now()
            level.move("available", -units, now)
            level.move("committed", units, now)

    def cancel(self, sku: str, units: int, location_code: str) -> None:
        """An order is canceled: units move back to available."""
        self.sell(sku, -units, location_code)

    def fulfill(self, sku: str, units: int, location_code: str) -> None:
        """A parcel leaves: units go out of committed and on hand."""
        with self._turns.turn():
            self._level(sku, location_code).move("committed", -units, self._platform.now())


class Admin(_Actor):
    """What a merchant does by hand."""

    def set_price(self, sku: str, price: Decimal) -> None:
        """Change a price."""
        with self._turns.turn():
            variant = self._variant(sku)
            variant.price = self._store.rounded(price)
            self._touch(variant)

    def set_compare_at_price(self, sku: str, price: Decimal | None) -> None:
        """Change or clear the price before a reduction."""
        with self._turns.turn():
            variant = self._variant(sku)
            variant.compare_at = None if price is None else self._store.rounded(price)
            self._touch(variant)

    def set_available(self, sku: str, location_code: str, units: int) -> None:
        """Edit stock: available and on hand move together."""
        self.set_state(sku, location_code, "available", units)

    def set_state(self, sku: str, location_code: str, name: str, units: int) -> None:
        """Edit any state of a level, for example ``damaged`` or ``incoming``; on hand follows."""
        with self._turns.turn():
            level = self._level(sku, location_code)
            level.move(name, units - level.get(name), self._platform.now())

    def set_sku(self, sku: str, new_sku: str) -> None:
        """Give a variant another SKU."""
        with self._turns.turn():
            item = self._item(sku)
            self._store.set_sku(item, new_sku)
            item.updated_at = self._platform.now()
            self._touch(item.variants[0])

    def set_title(self, sku: str, title: str) -> None:
        """Rename the product of a SKU."""
        with self._turns.turn():
            product = self._variant(sku).product
            product.title, product.updated_at = title, self._platform.now()

    def set_description(self, sku: str, html: str) -> None:
        """Write the text of the product of a SKU."""
        with self._turns.turn():
            product = self._variant(sku).product
            product.description_html, product.updated_at = clean_html(html), self._platform.now()

    def set_tags(self, sku: str, tags: tuple[str, ...]) -> None:
        """Tag the product of a SKU."""
        with self._turns.turn():
            product = self._variant(sku).product
            product.tags, product.updated_at = sorted_tags(tags), self._platform.now()

    def set_tracked(self, sku: str, *, tracked: bool) -> None:
        """Turn stock keeping of an item on or off."""
        with self._turns.turn():
            item = self._item(sku)
            item.tracked, item.updated_at = tracked, self._platform.now()

    def make_bundle(self, sku: str) -> None:
        """Turn a variant into a bundle, whose stock nobody can set."""
        with self._turns.turn():
            item = self._item(sku)
            item.bundle, item.updated_at = True, self._platform.now()

    def add(self, item: CatalogItem) -> None:
        """Add one product to the shop."""
        with self._turns.turn():
            self._store.load([item], self._platform.now())

    def delete_variant(self, sku: str) -> None:
        """Delete a variant; a product without variants goes too."""
        with self._turns.turn():
            variant = self._variant(sku)
            self._store.remove_variant(variant)
            variant.product.updated_at = self._platform.now()
            if not variant.product.variants:
                self._store.remove_product(variant.product)

    def add_location(self, code: str, name: str) -> Location:
        """Open a location."""
        with self._turns.turn():
            return self._store.add_location(code, name, self._platform.now())

    def deactivate_location(self, code: str) -> None:
        """Close a location; its levels become inactive."""
        with self._turns.turn():
            location, now = self._store.location_by_code[code], self._platform.now()
            location.active, location.deactivated_at, location.updated_at = False, now, now
            for level in self._platform.levels():
                if level.location is location:
                    level.active = False

    def stop_stocking(self, sku: str, location_code: str) -> None:
        """Make a level inactive; its figures stay."""
        with self._turns.turn():
            level = self._level(sku, location_code)
            level.active, level.updated_at = False, self._platform.now()

    def fail_next_bulk(self, error_code: str = "INTERNAL_SERVER_ERROR") -> None:
        """Let the next bulk operation fail half way."""
        with self._turns.turn():
            self._platform.bulk.fail_next = error_code

    def _touch(self, variant: Variant) -> None:
        variant.updated_at = variant.product.updated_at = self._platform.now()


def snapshot(store: Store, *, stamps: bool) -> dict[str, Any]:
    """The shop's data by global id."""
    return {
        "products": {row.gid: _product(row, stamps=stamps) for row in store.products},
        "variants": {row.gid: _variant_state(row, stamps=stamps) for row in store.variants},
        "items": {row.gid: _item_state(row, stamps=stamps) for row in store.items},
        "locations": {row.gid: {"code": row.code, "name": row.name, "active": row.active} for row in store.locations},
    }


def _stamped(row: Any, state: dict[str, Any], *, stamps: bool) -> dict[str, Any]:
    return {**state, "updated_at": instant(row.updated_at)} if stamps else state


def _product(row: Any, *, stamps: bool) -> dict[str, Any]:
    names = ("title", "handle", "description_html", "vendor", "product_type", "tags", "status")
    state = {name: getattr(row, name) for name in names}
    return _stamped(
        row, {**state, "options": list(row.options), "variants": [v.gid for v in row.variants]}, stamps=stamps
    )


def _variant_state(row: Variant, *, stamps: bool) -> dict[str, Any]:
    state = {
        "sku": row.item.sku,
        "price": str(row.price),
        "compare_at": None if row.compare_at is None else str(row.compare_at),
        "barcode": row.barcode,
        "options": list(row.options),
        "policy": row.policy,
        "taxable": row.taxable,
        "position": row.position,
        "item": row.item.gid,
        "product": row.product.gid,
    }
    return _stamped(row, state, stamps=stamps)


def _item_state(row: Item, *, stamps: bool) -> dict[str, Any]:
    levels = {
        level.location.code: {
            "active": level.active,
            "available": level.available,
            "committed": level.committed,
            "incoming": level.incoming,
            "on_hand": level.on_hand,
            **level.other,
        }
        for level in row.levels.values()
    }
    state = {"sku": row.sku, "tracked": row.tracked, "bundle": row.bundle, "cost": row.cost, "levels": levels}
    return _stamped(row, state, stamps=stamps)
