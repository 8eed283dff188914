"""Orders as the API takes them: made once for each reference, canceled as long as nobody has touched them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.shipbob.simulator.errors import ShipBobError, invalid, unprocessable
from connectors.shipbob.simulator.fulfillment import Fulfillment
from connectors.shipbob.simulator.state import Account, Json, Order, Shipment, Variant
from connectors.shipbob.simulator.switches import Switches
from connectors.shipbob.simulator.views import Views

_FIELDS = frozenset(
    "financials gift_message location_id order_number origin_platform_program products purchase_date recipient"
    " reference_id requested_delivery_date retailer_program_data sales_channel shipping_method shipping_terms tags"
    " type".split()
)
_REQUIRED = ("products", "recipient", "reference_id", "shipping_method", "type")
_TYPES = frozenset({"DTC", "DropShip", "B2B"})
_LONGEST = {"reference_id": 300, "order_number": 400, "gift_message": 500}


class Orders:
    """Makes and cancels orders."""

    def __init__(self, account: Account, floor: Fulfillment, views: Views, switches: Switches) -> None:
        self._account = account
        self._floor = floor
        self._views = views
        self._switches = switches

    def create(self, body: Any, channel_id: int) -> Order:
        """A new order of a channel."""
        checked = _checked(body)
        if (asked := checked.get("location_id")) is not None and asked not in self._account.centers:
            raise unprocessable({"location_id": [f"There is no location {asked}."]})
        if self._is_taken(checked["reference_id"], channel_id):
            raise unprocessable({"reference_id": [self._switches.duplicate_words]})
        lines = [(self._variant(line, channel_id).id, line) for line in checked["products"]]
        now = self._account.now()
        order = Order(
            self._account.number("order"), channel_id, checked["reference_id"], checked, lines, created=now, updated=now
        )
        self._account.orders[order.id] = order
        self._floor.open(order)
        return order

    def cancel(self, number: str, channel_id: int) -> Json:
        """Cancel what can be canceled of an order, and tell what became of each shipment."""
        order = self.find(number)
        if order.channel_id != channel_id:
            raise ShipBobError(403)
        shipments = [one for one in self._account.shipments_of(order) if one.status != "Cancelled"]
        if not shipments or not any(one.open for one in shipments):
            raise unprocessable({"order": ["The order is not in a cancellable state."]})
        results = [self._canceled(one) for one in shipments]
        done = sum(one["is_success"] for one in results)
        return {
            "order_id": order.id,
            "status": "Success" if done == len(results) else "PartialSuccess",
            "canceled_shipment_results": results,
            "order": self._views.order(order),
        }

    def find(self, number: str) -> Order:
        """The order of an id; refused when there is none."""
        order = self._account.orders.get(int(number)) if number.isascii() and number.isdigit() else None
        if order is None:
            raise ShipBobError(404)
        return order

    def _canceled(self, shipment: Shipment) -> Json:
        done = self._floor.cancel(shipment)
        return {
            "action": "Cancel",
            "shipment_id": shipment.id,
            "is_success": done,
            "reason": None if done else "The shipment has been picked, packed or shipped.",
        }

    def _is_taken(self, reference: str, channel_id: int) -> bool:
        """Whether a reference was used before; a canceled order keeps its own for ever."""
        anywhere = self._switches.reference_scope == "account"
        return any(
            order.reference == reference and (anywhere or order.channel_id == channel_id)
            for order in self._account.orders.values()
        )

    def _variant(self, line: Json, channel_id: int) -> Variant:
        """What a line orders; under a name that nobody knows, a new product."""
        if "id" in line:
            found = self._account.variants.get(line["id"])
            if found is None:
                raise unprocessable({"products": [f"There is no product {line['id']}."]})
            return found
        reference = str(line["reference_id"])
        known = self._account.ordered_as(reference, channel_id)
        if known is not None:
            return known
        if not line.get("name"):
            raise unprocessable({"products": [f"The product {reference} is not known and has no name."]})
        product = self._account.add_product(str(line["name"]))
        return self._account.add_variant(product, product.name, reference, references={channel_id: reference})


def _checked(body: Any) -> Json:
    if not isinstance(body, dict):
        raise invalid("body", "A non-empty request body is required.")
    for name in _REQUIRED:
        if not body.get(name):
            raise invalid(name, f"The {name} field is required.")
    for name in sorted(set(body) - _FIELDS):
        raise invalid(name, f"Could not find member '{name}' on object of type 'CreateOrderModel'.")
    for name, longest in _LONGEST.items():
        if len(body.get(name) or "") > longest:
            raise invalid(name, f"The field {name} must be a string with a maximum length of {longest}.")
    if body["type"] not in _TYPES:
        raise invalid("type", f"Error converting value \"{body['type']}\" to type 'OrderType'.")
    _check_recipient(body["recipient"])
    _check_lines(body["products"])
    return body


def _check_recipient(recipient: Mapping[str, Any]) -> None:
    address = recipient.get("address") or {}
    for name, holder in (("name", recipient), ("address1", address), ("city", address), ("country", address)):
        if not holder.get(name):
            raise invalid(f"recipient.{name}", f"The {name} field is required.")
    if len(recipient["name"]) > 300 or len(recipient.get("phone_number") or "") > 50:
        raise invalid("recipient", "A field of the recipient is too long.")


def _check_lines(lines: Sequence[Any]) -> None:
    for at, line in enumerate(lines):
        quantity = line.get("quantity") if isinstance(line, dict) else None
        if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 1:
            raise invalid(f"products[{at}].quantity", "The field quantity must be between 1 and 2147483647.")
        if not line.get("reference_id") and "id" not in line:
            raise invalid(f"products[{at}].reference_id", "The reference_id field is required.")
