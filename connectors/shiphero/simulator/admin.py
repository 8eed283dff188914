"""The people of the warehouse: they put stock on shelves, hold, allocate, pack, ship and take back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from connectors.shiphero.simulator import orders
from connectors.shiphero.simulator.state import Row, State
from connectors.shiphero.simulator.webhooks import Webhooks

Turn = Callable[[], AbstractContextManager[None]]


class Admin:
    """What is done in the warehouse, not over the API."""

    def __init__(self, state: State, webhooks: Webhooks, turn: Turn) -> None:
        self._state = state
        self._webhooks = webhooks
        self._turn = turn

    def warehouse(self, identifier: str) -> str:
        """Open a warehouse; gives its global id."""
        with self._turn():
            address = {"name": identifier, "city": "Reno", "country": "US"}
            own = {"account_id": self._state.account["id"], "profile": "default", "company_name": "Example"}
            return str(self._state.add("Warehouse", identifier=identifier, address=address, **own)["id"])

    def warehouse_id(self, identifier: str) -> str:
        """The global id of a warehouse."""
        return next(str(row["id"]) for row in self._state.all("Warehouse") if row["identifier"] == identifier)

    def product(self, sku: str, name: str, price: str, *, barcode: str = "", customer: str = "") -> Row:
        """Make a product without stock."""
        with self._turn():
            now = self._state.now()
            return self._state.add(
                "Product",
                account_id=customer or self._state.account["id"],
                sku=sku,
                name=name,
                price=price,
                barcode=barcode or None,
                value="0.00",
                value_currency="USD",
                active=True,
                kit=False,
                tags=[],
                created_at=now,
                updated_at=now,
                warehouse_products=[],
            )

    def count(self, sku: str, warehouse: str, units: int) -> None:
        """A count: so many units lie there."""
        with self._turn():
            place = self.warehouse_id(warehouse)
            product = self._product(sku)
            stock = self._state.stock_of(product, place)
            if stock is None:
                stock = self._new_stock(product, place)
            stock["on_hand"] = units
            stock["available"] = units - stock["allocated"]
            self._webhooks.send("Inventory Update", {"inventory": [{"sku": sku, "inventory": stock["available"]}]})

    def stock(self, sku: str, warehouse: str) -> dict[str, int]:
        """What there is of a product."""
        with self._turn():
            stock = self._state.stock_of(self._product(sku), self.warehouse_id(warehouse)) or {}
            return {name: int(stock.get(name, 0)) for name in ("on_hand", "allocated", "available")}

    def rename(self, sku: str, name: str) -> None:
        """Give a product another name."""
        with self._turn():
            self._product(sku).update(name=name, updated_at=self._state.now())

    def remove_product(self, sku: str) -> None:
        """Delete a product."""
        with self._turn():
            self._state.tables["Product"].pop(self._product(sku)["id"])

    def order(self, number: str, lines: Mapping[str, int], *, customer: str = "", **more: Any) -> str:
        """An order that someone keys in, its lines by SKU; gives its global id."""
        with self._turn():
            items = [
                {"sku": sku, "quantity": units, "partner_line_item_id": f"{number}-{at}", "price": "5.00"}
                for at, (sku, units) in enumerate(lines.items())
            ]
            address = {"first_name": "Ada", "last_name": "Lovelace", "address1": "1 Main St", "city": "Reno"}
            data = {
                "order_number": number,
                "partner_order_id": number,
                "shop_name": "Counter",
                "customer_account_id": customer or None,
                "shipping_address": {**address, "country": "US", "zip": "89501"},
                "line_items": items,
                **more,
            }
            return str(orders.create(self._state, data, by_api=False)["id"])

    def allocate(self, order_id: str) -> None:
        """Give an order its stock."""
        with self._turn():
            order = self._order(order_id)
            orders.allocate(self._state, order)
            self._webhooks.send("Order Allocated", {"order_id": order["legacy_id"]})

    def hold(self, order_id: str, hold: str = "operator_hold", *, on: bool = True) -> None:
        """Hold an order, or let it go."""
        with self._turn():
            order = self._order(order_id)
            order["holds"][hold] = on
            self._state.touch(order)

    def note(self, order_id: str, text: str) -> None:
        """Write something on an order."""
        with self._turn():
            order = self._order(order_id)
            order["packing_note"] = text
            self._state.touch(order)

    def status(self, order_id: str, word: str) -> None:
        """Give an order a status of the warehouse's own."""
        with self._turn():
            order = self._order(order_id)
            order["fulfillment_status"] = word
            self._state.touch(order)

    def cancel(self, order_id: str) -> None:
        """Cancel an order by hand."""
        with self._turn():
            order = orders.cancel(self._state, {"order_id": order_id})
            self._webhooks.send("Order Canceled", {"order_id": order["legacy_id"]})

    def ship(
        self,
        order_id: str,
        units: Mapping[str, int] | None = None,
        *,
        carrier: str | None = "ups",
        tracking: str | None = "1Z0001",
        warehouse: str = "",
        parcels: int = 1,
    ) -> str:
        """Ship all that is left of an order, or so many units by SKU; gives the shipment's global id."""
        with self._turn():
            order = self._order(order_id)
            place = self.warehouse_id(warehouse) if warehouse else self._state.all("Warehouse")[0]["id"]
            shipment = self._state.add(
                "Shipment",
                order_id=order["id"],
                account_id=order["account_id"],
                warehouse_id=place,
                created_date=self._state.now(),
                completed=True,
                delivered=False,
                refunded=False,
                needs_refund=False,
                profile="default",
                total_packages=parcels,
                line_items=[],
                shipping_labels=[],
            )
            for line in order["line_items"]:
                left = line["quantity"] - line["quantity_shipped"]
                sent = left if units is None else min(left, units.get(line["sku"], 0))
                if sent > 0:
                    self._send(order, shipment, line, sent, place)
            for at in range(parcels):
                self._label(order, shipment, carrier, f"{tracking}-{at}" if tracking and at else tracking)
            order["shipments"].append(shipment)
            self._close(order)
            self._webhooks.send("Shipment Update", {"fulfillment": {"order_id": order["legacy_id"]}})
            return str(shipment["id"])

    def take_back(self, shipment_id: str) -> None:
        """Take the labels of a shipment back: its units stay in the building."""
        with self._turn():
            shipment = self._state.tables["Shipment"][shipment_id]
            order = self._order(shipment["order_id"])
            shipment["refunded"] = True
            for label in shipment["shipping_labels"]:
                label |= {"refunded": True, "status": "void"}
            for part in shipment["line_items"]:
                part["line_item"]["quantity_shipped"] -= part["quantity"]
                part["line_item"]["quantity_pending_fulfillment"] += part["quantity"]
            order["fulfillment_status"] = "pending"
            self._state.touch(order)

    def _send(self, order: Row, shipment: Row, line: Row, units: int, place: str) -> None:
        row = self._state.add("LineItem", line_item_id=line["id"], line_item=line, quantity=units)
        self._state.tables["LineItem"].pop(row["id"])
        shipment["line_items"].append({**row, "shipment_id": shipment["id"]})
        line["quantity_shipped"] += units
        line["quantity_pending_fulfillment"] -= units
        product = next(self._state.products_of(line["sku"], order["account_id"]), None)
        stock = self._state.stock_of(product, place) if product else None
        if stock is not None:
            freed = min(units, line["quantity_allocated"])
            stock["on_hand"] -= units
            stock["allocated"] -= freed
            stock["available"] = stock["on_hand"] - stock["allocated"]
            line["quantity_allocated"] -= freed

    def _label(self, order: Row, shipment: Row, carrier: str | None, tracking: str | None) -> None:
        label = self._state.add(
            "ShippingLabel",
            order_id=order["id"],
            shipment_id=shipment["id"],
            carrier=carrier,
            shipping_method="ground",
            tracking_number=tracking,
            tracking_url=f"https://track.example/{tracking}" if tracking else None,
            created_date=self._state.now(),
            refunded=False,
            status="valid",
        )
        shipment["shipping_labels"].append(label)

    def _close(self, order: Row) -> None:
        if all(line["quantity_shipped"] >= line["quantity"] for line in order["line_items"]):
            order["fulfillment_status"] = "fulfilled"
        if self._state.switches.shipping_moves_order:
            self._state.touch(order)

    def _new_stock(self, product: Row, place: str) -> Row:
        now = self._state.now()
        stock = self._state.add(
            "WarehouseProduct",
            account_id=product["account_id"],
            sku=product["sku"],
            warehouse_id=place,
            on_hand=0,
            allocated=0,
            available=0,
            backorder=0,
            non_sellable_quantity=0,
            active=True,
            created_at=now,
            updated_at=now,
        )
        product["warehouse_products"].append(stock)
        return stock

    def _product(self, sku: str) -> Row:
        return next(row for row in self._state.all("Product") if row["sku"] == sku)

    def _order(self, order_id: str) -> Row:
        return self._state.tables["Order"][order_id]
