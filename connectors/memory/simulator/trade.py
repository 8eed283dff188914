"""Orders and requests of the in-memory platform: what a shopper buys there, and what it was asked to ship.

Records are in the shape of canonical documents, so that they need no mapping worth the name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.memory.simulator.world import MemoryItem, MemoryWorld


@dataclass
class MemoryTrade:
    """The orders of one world; every change stamps the record with the world's tick."""

    world: MemoryWorld
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: dict[str, dict[str, Any]] = field(default_factory=dict)
    charges: dict[str, dict[str, Any]] = field(default_factory=dict)
    paybacks: dict[str, dict[str, Any]] = field(default_factory=dict)
    returns: dict[str, dict[str, Any]] = field(default_factory=dict)
    notices: list[dict[str, Any]] = field(default_factory=list)
    noted: dict[str, dict[str, Any]] = field(default_factory=dict)
    refuses: dict[str, str] = field(default_factory=dict)
    cancels: bool = True
    confirms: bool = True

    def place(
        self,
        lines: Mapping[str, int],
        at: datetime,
        *,
        location: str = "WH1",
        price: str = "10.00",
        paid: bool = True,
        **more: Any,
    ) -> str:
        """A shopper orders units by SKU: stock falls at once, committed rises."""
        number = str(more.pop("id", f"o{len(self.orders) + 1}"))
        amount = Decimal(price)
        rows: list[dict[str, Any]] = []
        assignments: list[dict[str, Any]] = []
        for position, (sku, units) in enumerate(lines.items(), start=1):
            item = next((one for one in self.world.items.values() if one.sku == sku), None)
            line = {"id": f"{number}-{position}", "sku": sku, "quantity": units, "ordered": units, "title": sku}
            rows.append({**line, "amount": str(amount * units), "record_id": item.id if item else ""})
            if item is not None and location:
                assignments.append({"line_id": line["id"], "quantity": units, "location": location})
                self._move(item, location, -units)
        self.orders[number] = {
            "id": number,
            "number": f"#{number}",
            "placed_at": at.isoformat(),
            "updated_at": at.isoformat(),
            "currency": "EUR",
            "total": str(sum(Decimal(row["amount"]) for row in rows)),
            "lines": rows,
            "status": "open",
            "payment_status": "paid" if paid else "pending",
            "fulfillment_status": "unfulfilled",
            "assignments": assignments,
            "shipping_address": {"name": "A. Buyer", "street": "Main St 1", "city": "Town", "country": "DE"},
            **more,
        }
        self._touch(self.orders[number])
        return number

    def cancel(self, order: str, *, restock: bool = True) -> None:
        """The order is called off; with a restock the units go back on the shelf."""
        found = self.orders[order]
        found["status"] = "canceled"
        for line in found["lines"]:
            self._give_back(found, line, line["quantity"], restock=restock)
        self._touch(found)

    def edit(self, order: str, position: int, units: int) -> None:
        """The units of a line are changed; stock moves with them."""
        found = self.orders[order]
        line = found["lines"][position - 1]
        more = units - line["quantity"]
        unit = Decimal(line["amount"]) / line["quantity"] if line["quantity"] else Decimal(10)
        line["quantity"], line["amount"] = units, str(unit * units)
        line["ordered"] = max(line["ordered"], units)
        found["total"] = str(sum(Decimal(row["amount"]) for row in found["lines"]))
        for one in found["assignments"]:
            if one["line_id"] == line["id"]:
                one["quantity"] += more
                self._move(self._item(line), one["location"], -more)
        self._touch(found)

    def refund(self, order: str, position: int, units: int, at: datetime, *, restock: bool) -> None:
        """Money goes back for units of a line, which the order no longer counts."""
        found = self.orders[order]
        line = found["lines"][position - 1]
        found.setdefault("refunds", []).append(
            {
                "id": f"r{len(found.get('refunds', [])) + 1}",
                "amount": "10.00",
                "currency": "EUR",
                "created_at": at.isoformat(),
                "lines": [{"line_id": line["id"], "quantity": units, "restocked": restock}],
            }
        )
        unit = Decimal(line["amount"]) / line["quantity"]
        line["quantity"] -= units
        line["amount"] = str(unit * line["quantity"])
        found["total"] = str(sum(Decimal(row["amount"]) for row in found["lines"]))
        if restock:
            self._restock(found, line, units)
        self._touch(found)

    def pay(self, order: str) -> None:
        """The money arrives."""
        self.orders[order]["payment_status"] = "paid"
        self._touch(self.orders[order])

    def records(self, resource: str) -> list[dict[str, Any]]:
        """Every record of a resource but the items."""
        return list(getattr(self, resource).values())

    def charge(self, charge: str, amount: str, at: datetime, **more: Any) -> None:
        """Money is taken."""
        values = {"id": charge, "amount": amount, "captured": amount, "currency": "EUR", "status": "succeeded"}
        self.charges[charge] = {**values, "created_at": at.isoformat(), **more}
        self._touch(self.charges[charge])

    def give_back(self, payback: str, charge: str, amount: str, at: datetime, **more: Any) -> dict[str, Any]:
        """Money goes back, by whoever wants it so."""
        values = {"id": payback, "charge_id": charge, "amount": amount, "currency": "EUR", "status": "succeeded"}
        found = {**values, "created_at": at.isoformat(), **more}
        self.paybacks[payback] = found
        self._touch(found)
        return found

    def pay_back(self, document: Mapping[str, Any]) -> dict[str, Any] | None:
        """Pay back under a reference, once; nothing where more would go back than was taken."""
        reference, named = str(document["reference"]), str(document["payment_id"])
        if reference in self.paybacks:
            return self.paybacks[reference]
        taken = next((one for one in self.charges.values() if named in (one["id"], one.get("payment_id"))), None)
        gone = sum(
            Decimal(one["amount"]) for one in self.paybacks.values() if taken and one["charge_id"] == taken["id"]
        )
        if taken is None or gone + Decimal(document["amount"]) > Decimal(taken["captured"]):
            return None
        at = datetime.fromisoformat(taken["created_at"])
        return self.give_back(reference, taken["id"], str(document["amount"]), at)

    def note_refund(self, document: Mapping[str, Any]) -> None:
        """A refund that happened elsewhere is noted at its order, once; neither money nor goods move."""
        reference = str(document["reference"])
        if reference in self.noted:
            return
        self.noted[reference] = dict(document)
        order = self.orders.get(str(document["order_id"]))
        if order is not None:
            told = {"id": f"n{len(self.noted)}", "amount": document["amount"], "currency": document["currency"]}
            order.setdefault("refunds", []).append(told)
            self._touch(order)

    def send_back(self, record: str, reference: str, units: Mapping[str, int], *, status: str = "open") -> None:
        """Goods of a request are announced to come back, or came back."""
        lines = [{"sku": sku, "quantity": count} for sku, count in units.items()]
        self.returns[record] = {"id": record, "reference": reference, "status": status, "lines": lines}
        self._touch(self.returns[record])

    def fulfill(self, order: str, number: str = "") -> None:
        """Everything of an order leaves, entered on this platform by hand."""
        found = self.orders[order]
        lines = [{"line_id": line["id"], "quantity": line["quantity"]} for line in found["lines"]]
        tracking = [{"number": number, "carrier": "Post"}] if number else []
        found.setdefault("fulfillments", []).append({"id": f"{order}-f1", "lines": lines, "tracking": tracking})
        found["fulfillment_status"] = "fulfilled"
        self._touch(found)

    def ask(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Take a request under its reference: the same one again is the one that is there."""
        reference = str(document["reference"])
        if reference not in self.requests:
            self.requests[reference] = {
                "id": f"q{len(self.requests) + 1}",
                "reference": reference,
                "status": "accepted" if self.confirms else "sent",
                "lines": [{"sku": one["sku"], "quantity": one["quantity"]} for one in document["lines"]],
                "document": dict(document),
                "shipments": [],
            }
            if self.confirms:
                self._book(self.requests[reference], 1)
            self._touch(self.requests[reference])
        return self.requests[reference]

    def hear(self, notice: dict[str, Any]) -> None:
        """A shipment is told of: once by its reference, but for parcels that become known later."""
        known = next((one for one in self.notices if one["reference"] == notice["reference"]), None)
        if known is None:
            self.notices.append(notice)
        elif notice.get("amends"):
            known["tracking"] = notice.get("tracking")

    def confirm(self, reference: str) -> None:
        """A request that was taken is confirmed: from now on its units are off this platform's figures."""
        found = self.requests[reference]
        if found["status"] == "sent":
            found["status"] = "accepted"
            self._book(found, 1)
            self._touch(found)

    def call_off(self, reference: str) -> bool:
        """Stop a request, unless its goods have left."""
        found = self.requests[reference]
        if not self.cancels or found["status"] in ("shipped", "partially_shipped"):
            return False
        if found["status"] == "accepted":
            self._book(found, -1)
        found["status"] = "canceled"
        self._touch(found)
        return True

    def ship(self, reference: str, units: Mapping[str, int] | None = None, *, number: str = "T1") -> None:
        """Units of a request leave, all of them by default."""
        found = self.requests[reference]
        lines = [
            {"sku": one["sku"], "quantity": units.get(one["sku"], 0) if units is not None else one["quantity"]}
            for one in found["lines"]
        ]
        tracking = [{"carrier": "Post", "number": number}] if number else []
        shipment = {"id": f"{reference}-s{len(found['shipments']) + 1}", "tracking": tracking}
        found["shipments"].append({**shipment, "lines": [line for line in lines if line["quantity"]]})
        gone = sum(line["quantity"] for one in found["shipments"] for line in one["lines"])
        wanted = sum(line["quantity"] for line in found["lines"])
        found["status"] = "shipped" if gone >= wanted else "partially_shipped"
        self._touch(found)

    def _book(self, request: Mapping[str, Any], sign: int) -> None:
        """A confirmed request comes off the figures of the place it names, or of the first."""
        for line in request["lines"]:
            item = next((one for one in self.world.items.values() if one.sku == line["sku"]), None)
            if item is not None and item.levels:
                place = request["document"].get("location") or next(iter(sorted(item.levels)))
                level = item.levels[place]
                level["available"] -= sign * line["quantity"]
                level["committed"] += sign * line["quantity"]
                self.world.touch(item)

    def _give_back(self, order: dict[str, Any], line: dict[str, Any], units: int, *, restock: bool) -> None:
        if restock:
            self._restock(order, line, units)
        order.setdefault("refunds", []).append(
            {
                "id": f"c{line['id']}",
                "amount": "0",
                "currency": "EUR",
                "lines": [{"line_id": line["id"], "quantity": units, "restocked": restock}],
            }
        )
        line["quantity"] = 0

    def _restock(self, order: Mapping[str, Any], line: Mapping[str, Any], units: int) -> None:
        for one in order["assignments"]:
            if one["line_id"] == line["id"]:
                self._move(self._item(line), one["location"], units)
                one["quantity"] -= units
                return

    def _item(self, line: Mapping[str, Any]) -> MemoryItem:
        return self.world.items[line["record_id"]]

    def _move(self, item: MemoryItem, location: str, units: int) -> None:
        level = item.levels[location]
        level["available"] += units
        level["committed"] -= units
        self.world.touch(item)

    def _touch(self, record: dict[str, Any]) -> None:
        self.world.tick += 1
        record["changed"] = self.world.tick
