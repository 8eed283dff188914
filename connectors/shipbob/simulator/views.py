"""The account's things in the shapes that the API shows them in."""

from __future__ import annotations

from datetime import datetime

from connectors.shipbob.simulator.state import (
    Account,
    Center,
    Channel,
    Json,
    Order,
    Packed,
    Product,
    ReturnOrder,
    Shipment,
    Variant,
)
from connectors.shipbob.simulator.stock import Stock
from connectors.shipbob.simulator.switches import Switches


class Views:
    """Shows what the account holds."""

    def __init__(self, account: Account, stock: Stock, switches: Switches) -> None:
        self._account = account
        self._stock = stock
        self._switches = switches

    def channel(self, channel: Channel) -> Json:
        """A channel with what a token may do in it."""
        return {
            "id": channel.id,
            "name": channel.name,
            "application_name": channel.application,
            "scopes": list(channel.scopes),
        }

    def location(self, center: Center) -> Json:
        """A place of the network."""
        return {
            "id": center.id,
            "name": center.name,
            "abbreviation": f"FC{center.id}",
            "is_active": center.active,
            "is_receiving_enabled": center.active,
            "is_shipping_enabled": center.active,
            "access_granted": True,
            "attributes": [],
            "region": {"id": 1, "name": "Midwest"},
            "timezone": "America/Chicago",
            "services": [],
        }

    def level(self, variant: Variant) -> Json:
        """An inventory item by center."""
        inventory = variant.inventory_id
        places = [self._place(inventory, center) for center in sorted(set(self._stock.centers_of(inventory)))]
        return {"inventory_id": inventory, "name": variant.name, "sku": variant.sku or None, "locations": places}

    def product(self, product: Product) -> Json:
        """A product with its variants."""
        own = [one for one in self._account.variants.values() if one.product_id == product.id]
        return {
            "id": product.id,
            "name": product.name,
            "type": "Bundle" if any(one.parts for one in own) else "Regular",
            "taxonomy": {"id": None, "name": None, "parent_id": None, "parent_name": None, "path": None},
            "user_id": 1,
            "created_on": _text(product.created),
            "updated_on": _text(product.updated),
            "variants": [self._variant(one) for one in own],
        }

    def order(self, order: Order) -> Json:
        """An order with its shipments."""
        body, channel = order.body, self._account.channels[order.channel_id]
        shown: Json = {
            "id": order.id,
            "reference_id": order.reference,
            "order_number": body.get("order_number") or order.reference,
            "status": self._account.status_of(order),
            "type": body["type"],
            "created_date": _text(order.created),
            "purchase_date": body.get("purchase_date"),
            "channel": {"id": channel.id, "name": channel.name},
            "recipient": body["recipient"],
            "shipping_method": body["shipping_method"],
            "gift_message": body.get("gift_message"),
            "tags": body.get("tags") or [],
            "products": [self._ordered(variant, line) for variant, line in order.lines],
            "shipments": [self.shipment(one) for one in self._account.shipments_of(order)],
        }
        return {**shown, **{name: body[name] for name in ("financials", "shipping_terms") if name in body}}

    def shipment(self, shipment: Shipment) -> Json:
        """What one center sends."""
        order = self._account.orders[shipment.order_id]
        recipient = order.body["recipient"]
        shown: Json = {
            "id": shipment.id,
            "order_id": order.id,
            "reference_id": order.reference,
            "status": shipment.status,
            "status_details": [self._detail(one) for one in shipment.details],
            "created_date": _text(shipment.created),
            "last_update_at": _text(shipment.updated),
            "last_tracking_update_at": _maybe(shipment.tracked_at),
            "actual_fulfillment_date": _maybe(shipment.fulfilled_at),
            "delivery_date": _maybe(shipment.delivered_at),
            "estimated_fulfillment_date": None,
            "estimated_fulfillment_date_status": self._promise(shipment),
            "products": [self._packed(line) for line in shipment.lines],
            "recipient": {**recipient, "full_name": recipient["name"]},
            "ship_option": order.body["shipping_method"],
            "gift_message": order.body.get("gift_message"),
            "is_tracking_uploaded": False,
            "require_signature": False,
            "insurance_value": None,
            "invoice_amount": None,
            "invoice_currency_code": None,
            "package_material_type": "Undefined",
            "parent_cartons": [],
            "measurements": {"depth_in": 0, "length_in": 0, "total_weight_oz": 0, "width_in": 0},
        }
        if shipment.center_id is not None:
            center = self._account.centers[shipment.center_id]
            shown["location"] = {"id": center.id, "name": center.name}
        if shipment.tracking is not None:
            shown["tracking"] = self._tracking(shipment)
        return shown

    def returned(self, one: ReturnOrder) -> Json:
        """Goods on their way back."""
        stamps = dict(one.history)
        center, channel = self._account.centers[one.center_id], self._account.channels[one.channel_id]
        return {
            "id": one.id,
            "reference_id": one.reference,
            "status": self._spaced(one.status),
            "return_type": "Regular",
            "insert_date": _text(one.created),
            "awaiting_arrival_date": _maybe(stamps.get("AwaitingArrival")),
            "arrived_date": _maybe(stamps.get("Arrived")),
            "processing_date": _maybe(stamps.get("Processing")),
            "completed_date": _maybe(stamps.get("Completed")),
            "cancelled_date": _maybe(stamps.get("Cancelled")),
            "channel": {"id": channel.id, "name": channel.name},
            "fulfillment_center": {"id": center.id, "name": center.name},
            "original_shipment_id": one.shipment_id,
            "inventory": [self._back(inventory, units) for inventory, units in one.items.items()],
            "status_history": [{"status": status, "timestamp": _text(at)} for status, at in one.history],
            "transactions": [],
        }

    def _spaced(self, status: str) -> str:
        return status.replace("AwaitingArrival", "Awaiting Arrival") if self._switches.return_status_spaced else status

    def _place(self, inventory: int, center: int) -> Json:
        told = self._stock.told(inventory, center)
        return {
            "location_id": center,
            "name": self._account.centers[center].name,
            "on_hand_quantity": told.on_hand,
            "committed_quantity": told.committed,
            "fulfillable_quantity": told.free,
            "awaiting_quantity": 0,
            "internal_transfer_quantity": 0,
        }

    def _variant(self, variant: Variant) -> Json:
        held = sum(
            self._stock.told(variant.inventory_id, center).on_hand
            for center in set(self._stock.centers_of(variant.inventory_id))
        )
        return {
            "id": variant.id,
            "name": variant.name,
            "sku": variant.sku or None,
            "gtin": variant.gtin or None,
            "upc": None,
            "status": "Active" if variant.active else "Inactive",
            "is_digital": False,
            "created_on": _text(variant.created),
            "updated_on": _text(variant.updated),
            "barcodes": [{"value": variant.gtin, "sticker_url": None}] if variant.gtin else [],
            "inventory": {"inventory_id": None if variant.parts else variant.inventory_id, "on_hand_qty": held},
            "bundle_definition": [self._part(*part) for part in variant.parts],
            "channel_metadata": [self._known_as(variant, channel) for channel in sorted(variant.references)],
        }

    def _part(self, variant_id: int, units: int) -> Json:
        part = self._account.variants[variant_id]
        return {
            "product_id": part.product_id,
            "variant_id": part.id,
            "variant_name": part.name,
            "variant_sku": part.sku,
            "quantity": units,
        }

    def _known_as(self, variant: Variant, channel_id: int) -> Json:
        return {
            "id": variant.id * 10 + channel_id % 10,
            "channel_id": channel_id,
            "channel_name": self._account.channels[channel_id].name,
            "seller_sku": variant.references[channel_id],
            "is_inventory_sync_enabled": False,
            "price": 0,
        }

    def _ordered(self, variant_id: int, line: Json) -> Json:
        variant = self._account.variants[variant_id]
        kept = ("external_line_id", "gtin", "unit_price", "upc", "quantity_unit_of_measure_code")
        return {
            "id": variant.id,
            "reference_id": line.get("reference_id") or variant.sku,
            "sku": variant.sku or None,
            "quantity": line["quantity"],
            **{name: line.get(name) for name in kept},
        }

    def _packed(self, line: Packed) -> Json:
        variant = self._account.variants[line.variant_id]
        parts = self._account.components(line.variant_id).items()
        return {
            "id": variant.id,
            "name": variant.name,
            "reference_id": line.reference,
            "sku": variant.sku or None,
            "inventory_items": [
                {
                    "id": inventory,
                    "name": self._account.by_inventory(inventory).name,
                    "quantity": each * line.units,
                    "quantity_committed": each * line.committed,
                    "is_dangerous_goods": False,
                    "lot": None,
                    "expiration_date": None,
                    "serial_numbers": [],
                }
                for inventory, each in parts
            ],
        }

    def _back(self, inventory: int, units: int) -> Json:
        variant = self._account.by_inventory(inventory)
        return {"id": inventory, "name": variant.name, "sku": variant.sku, "quantity": units, "action_taken": []}

    @staticmethod
    def _detail(detail: object) -> Json:
        names = ("id", "name", "description", "inventory_id")
        return {name: getattr(detail, name) for name in names}

    @staticmethod
    def _promise(shipment: Shipment) -> str:
        if shipment.status == "Completed":
            return "FulfilledOnTime"
        if shipment.status in ("OnHold", "Cancelled"):
            return "Unavailable"
        return "PendingOnTime" if shipment.allocated else "AwaitingInventoryAllocation"

    @staticmethod
    def _tracking(shipment: Shipment) -> Json:
        tracking = shipment.tracking
        if tracking is None:
            return {}
        return {
            "carrier": tracking.carrier,
            "carrier_service": tracking.service,
            "tracking_number": tracking.number,
            "tracking_url": tracking.url,
            "bol": None,
            "pro_number": None,
            "scac": None,
            "shipping_date": _maybe(shipment.fulfilled_at),
        }


def _text(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _maybe(at: datetime | None) -> str | None:
    return None if at is None else _text(at)
