"""What happens to a shipment inside ShipBob: goods committed, spread over centers, held, picked, sent, canceled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from connectors.shipbob.simulator.state import Account, Detail, Order, Packed, Shipment, Tracking
from connectors.shipbob.simulator.stock import Stock
from connectors.shipbob.simulator.switches import Switches
from connectors.shipbob.simulator.webhooks import Webhooks

_DETAILS = {
    100: ("Picked", "Picking Completed"),
    101: ("Packed", "Packing Completed"),
    102: ("Labeled", "Label Generated"),
    200: ("Processing", "Waiting For Carrier Pickup"),
    203: ("Delivered", "Shipment Delivered"),
    303: ("OutOfStock", "No Stock On Hand For Sku"),
    308: ("InventoryPartiallyCommitted", "Shipment is partially allocated"),
    401: ("InvalidAddress", "Invalid Address"),
    402: ("ReserveDateNotMet", "Wait For Pick Date"),
}


class Fulfillment:
    """The floor of all centers together."""

    def __init__(self, account: Account, stock: Stock, switches: Switches, webhooks: Webhooks) -> None:
        self._account = account
        self._stock = stock
        self._switches = switches
        self._webhooks = webhooks

    def open(self, order: Order) -> None:
        """A new order gets its first shipment; its goods are looked for a little later."""
        lines = [Packed(variant, self._reference(variant, body), body["quantity"]) for variant, body in order.lines]
        self._shipment(order, lines)

    def catch_up(self) -> None:
        """Look for the goods of every shipment whose time has come."""
        wait = timedelta(seconds=self._switches.allocation_seconds)
        now = self._account.now()
        for shipment in list(self._account.shipments.values()):
            waits = shipment.status == "Processing" and not shipment.allocated
            if waits and now - shipment.created >= wait:
                with self._account.moment(shipment.created + wait):
                    self._allocate(shipment)

    def retry(self) -> None:
        """Goods came: shipments that lacked some are looked at again, oldest first."""
        for shipment in list(self._account.shipments.values()):
            if shipment.status == "Exception":
                self._release(shipment)
                self._allocate(shipment)

    def hold(self, shipment: Shipment, detail: int = 401, *, keeps: bool | None = None) -> None:
        """A shipment is held, with its goods or without them."""
        if not shipment.open:
            raise ValueError(f"shipment {shipment.id} is {shipment.status} and cannot be held")
        if not (self._switches.hold_keeps_inventory if keeps is None else keeps):
            self._release(shipment)
            shipment.allocated = False
        self._enter(shipment, "OnHold", detail)
        self._webhooks.tell("order.shipment.on_hold", shipment)

    def release_hold(self, shipment: Shipment) -> None:
        """A held shipment goes on."""
        self._enter(shipment, "Processing")
        if not shipment.allocated:
            self._allocate(shipment)

    def pick(self, shipment: Shipment) -> None:
        """Someone took the goods off their shelf: too late to cancel."""
        self._allocate_now(shipment)
        shipment.picked = True
        self._enter(shipment, "Processing", 100)

    def label(self, shipment: Shipment, tracking: Tracking) -> None:
        """A label is printed: the number is known before the parcel leaves."""
        if not shipment.picked:
            self.pick(shipment)
        shipment.tracking, shipment.tracked_at = tracking, self._account.now()
        self._enter(shipment, "LabeledCreated", 102)
        self._webhooks.tell("order.shipped", shipment)

    def ship(self, shipment: Shipment, tracking: Tracking | None) -> None:
        """A parcel leaves."""
        if shipment.tracking is None and tracking is not None:
            self.label(shipment, tracking)
        elif not shipment.picked:
            self.pick(shipment)
        for inventory, units in self._needs(shipment, committed=True):
            self._stock.move(inventory, self._center(shipment), on_hand=-units, committed=-units)
        shipment.fulfilled_at = self._account.now()
        self._enter(shipment, "Completed", 200)

    def deliver(self, shipment: Shipment) -> None:
        """A parcel arrives."""
        if shipment.status != "Completed":
            raise ValueError(f"shipment {shipment.id} has not left")
        shipment.delivered_at = shipment.tracked_at = self._account.now()
        self._enter(shipment, "Completed", 203)
        self._webhooks.tell("order.shipment.delivered", shipment)

    def cancel(self, shipment: Shipment) -> bool:
        """Cancel a shipment that nobody has touched; false where it is too late."""
        if not shipment.open:
            return False
        self._release(shipment)
        self._enter(shipment, "Cancelled")
        self._webhooks.tell("order.shipment.cancelled", shipment)
        return True

    def review(self, shipment: Shipment) -> None:
        """Someone at ShipBob wants to look at a shipment before it goes on."""
        if not shipment.open:
            raise ValueError(f"shipment {shipment.id} is {shipment.status} and cannot be reviewed")
        self._enter(shipment, "ImportReview")

    def miss(self, shipment: Shipment) -> None:
        """The goods of a shipment are not where they should be."""
        self._release(shipment)
        self._enter(shipment, "Exception", 303)
        self._webhooks.tell("order.shipment.exception", shipment)

    def _allocate_now(self, shipment: Shipment) -> None:
        if not shipment.allocated:
            self._allocate(shipment)
        if not shipment.allocated:
            raise ValueError(f"shipment {shipment.id} has no goods: {shipment.status}")

    def _allocate(self, shipment: Shipment) -> None:
        order = self._account.orders[shipment.order_id]
        asked = order.body.get("location_id")
        centers = [one.id for one in self._account.centers.values() if one.active and asked in (None, one.id)]
        for center in centers:
            if all(self._units_at(center, line) >= line.units for line in shipment.lines):
                self._commit(shipment, center, shipment.lines)
                self._enter(shipment, "Processing")
                return
        if self._switches.splits and asked is None:
            self._split(order, shipment, centers)
        else:
            self._commit_in_part(shipment, centers)

    def _split(self, order: Order, shipment: Shipment, centers: Sequence[int]) -> None:
        """Send from several centers what they have; the rest waits."""
        for center in centers:
            found = [self._taken(line, self._units_at(center, line)) for line in shipment.lines]
            lines = [line for line in found if line.units]
            if not lines:
                continue
            left = [line for line in shipment.lines if line.units]
            part = self._shipment(order, lines) if left else shipment
            part.lines = lines
            self._commit(part, center, lines)
            self._enter(part, "Processing")
            if not left:
                return
            shipment.lines = left
        self._enter(shipment, "Exception", 303)
        self._webhooks.tell("order.shipment.exception", shipment)

    @staticmethod
    def _taken(line: Packed, units: int) -> Packed:
        taken = Packed(line.variant_id, line.reference, max(0, min(units, line.units)))
        line.units -= taken.units
        return taken

    def _commit_in_part(self, shipment: Shipment, centers: Sequence[int]) -> None:
        center = centers[0] if centers else None
        if center is not None:
            shipment.center_id = center
            for line in shipment.lines:
                line.committed = max(0, min(line.units, self._units_at(center, line)))
                self._move_committed(line, center, line.committed)
        some = any(line.committed for line in shipment.lines)
        self._enter(shipment, "Exception", 308 if some else 303)
        self._webhooks.tell("order.shipment.exception", shipment)

    def _commit(self, shipment: Shipment, center: int, lines: Sequence[Packed]) -> None:
        shipment.center_id, shipment.allocated = center, True
        for line in lines:
            line.committed = line.units
            self._move_committed(line, center, line.units)

    def _release(self, shipment: Shipment) -> None:
        for line in shipment.lines:
            if line.committed:
                self._move_committed(line, self._center(shipment), -line.committed)
                line.committed = 0
        shipment.allocated = False

    def _move_committed(self, line: Packed, center: int, units: int) -> None:
        for inventory, each in self._account.components(line.variant_id).items():
            self._stock.move(inventory, center, committed=each * units)

    def _units_at(self, center: int, line: Packed) -> int:
        """How many units of a line a center can send."""
        parts = self._account.components(line.variant_id).items()
        return min(self._stock.level(inventory, center).free // each for inventory, each in parts)

    def _needs(self, shipment: Shipment, *, committed: bool) -> list[tuple[int, int]]:
        return [
            (inventory, each * (line.committed if committed else line.units))
            for line in shipment.lines
            for inventory, each in self._account.components(line.variant_id).items()
        ]

    @staticmethod
    def _center(shipment: Shipment) -> int:
        if shipment.center_id is None:
            raise ValueError(f"shipment {shipment.id} has no center")
        return shipment.center_id

    def _shipment(self, order: Order, lines: list[Packed]) -> Shipment:
        now = self._account.now()
        shipment = Shipment(self._account.number("shipment"), order.id, now, now, lines)
        self._account.shipments[shipment.id] = shipment
        order.shipments.append(shipment.id)
        return shipment

    def _enter(self, shipment: Shipment, status: str, detail: int | None = None) -> None:
        shipment.status = status
        shipment.details = [] if detail is None else [Detail(detail, *_DETAILS[detail])]
        now = self._account.now()
        shipment.updated = self._account.orders[shipment.order_id].updated = now

    def _reference(self, variant_id: int, body: dict[str, object]) -> str:
        given = body.get("reference_id")
        return str(given) if given else self._account.variants[variant_id].sku
