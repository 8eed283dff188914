"""Telling the server that goods left elsewhere: one of the sale's own shipments is brought to its end with these units.

The shipment is taken for the notice by writing the notice's reference into it, guarded by its lock token; from then on
it is known again. Its picking is cut down to the units that left, and the server makes another shipment of the rest.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from canonical.errors import RetriableError, SkippableError
from connectors.base import Call, CallOutcome, RowOutcome, RowStatus
from connectors.tryton.asking import Asking
from connectors.tryton.client import STALE
from connectors.tryton.order import Notice, Parcel
from connectors.tryton.salereads import ENDED, SaleReader
from connectors.tryton.wire import Row

SHIPMENT = "model.stock.shipment.out"
_MOVE = "model.stock.move"
_NOTE = "model.ir.note"
_MOST_STEPS = 30
_MOVES = ("id", "state", "quantity", "product.code")
_FIELDS = [
    "number",
    "reference",
    "state",
    "warehouse",
    "warehouse_storage",
    "warehouse_output",
    "_timestamp",
    *(f"outgoing_moves.{name}" for name in _MOVES),
    *(f"inventory_moves.{name}" for name in _MOVES),
]


class Shipping:
    """Books shipments of one connection."""

    def __init__(self, asking: Asking, web_shop: int, reader: SaleReader) -> None:
        self._asking = asking
        self._client = asking.client
        self._shop = web_shop
        self._reader = reader

    def push(self, call: Call) -> CallOutcome:
        """Take a shipment of the sale for the notice, and bring it to its end."""
        return {0: self._settled(call, begin=True)}

    def resolve(self, call: Call) -> CallOutcome:
        """Bring the shipment of this reference to its end; none means that nothing was done."""
        return {0: self._settled(call, begin=False)}

    def _settled(self, call: Call, *, begin: bool) -> RowOutcome:
        notice = msgspec.json.decode(call.body, type=Notice)
        for _ in range(_MOST_STEPS):
            shipments = self._shipments(notice)
            ours = next((one for one in shipments if one["reference"] == call.target), None)
            if ours is not None and ours["state"] == "done":
                return RowOutcome(RowStatus.APPLIED, record=self._reader.record(int(notice.sale)))
            if ours is None and not begin:
                return RowOutcome(RowStatus.UNTOUCHED, "no shipment of the sale has this reference")
            try:
                if ours is None:
                    self._take(shipments, notice, call.target)
                else:
                    self._step(ours, notice)
            except SkippableError as error:
                if error.reason != STALE and not self._moved(ours, notice):
                    return RowOutcome(RowStatus.REJECTED, str(error), reason=error.reason)
        raise RetriableError(f"{self._client.connection}: shipment {call.target} is changed all the time")

    def _take(self, shipments: list[Row], notice: Notice, reference: str) -> None:
        """Write our reference into the shipment that these units are of."""
        if not shipments and self._reader.record(int(notice.sale)) is None:
            raise SkippableError("unknown_order", f"Tryton has no sale {notice.sale}")
        free = [one for one in shipments if one["state"] not in ENDED and not one["reference"]]
        fitting = [one for one in free if not _lacking(one, notice)]
        fitting.sort(key=lambda one: str(one["warehouse"]) != notice.warehouse)
        if not fitting:
            lacking = ", ".join(sorted({sku for one in free for sku in _lacking(one, notice)}))
            why = f"none has enough of {lacking}" if free else "none is open"
            raise SkippableError("rejected", f"no shipment of sale {notice.sale} can take these units: {why}")
        taken = fitting[0]
        values: Row = {"reference": reference}
        if notice.date:
            year, month, day = (int(part) for part in notice.date[:10].split("-"))
            values["effective_date"] = {"__class__": "date", "year": year, "month": month, "day": day}
        guard = {"_timestamp": {f"stock.shipment.out,{taken['id']}": taken["_timestamp"]}}
        self._asking.call(f"{SHIPMENT}.write", [taken["id"]], values, context=guard)

    def _step(self, one: Row, notice: Notice) -> None:
        """The next step of a shipment that is ours."""
        number, state = one["id"], one["state"]
        if state == "cancelled":
            raise SkippableError("rejected", f"shipment {one['number']} is canceled in Tryton")
        if state == "draft" or (state == "assigned" and _units(_working(one)) != _wanted(notice)):
            self._asking.call(f"{SHIPMENT}.wait", [number])
        elif state == "waiting":
            if _units(_working(one)) != _wanted(notice):
                self._cut(one, notice)
            self._asking.call(f"{SHIPMENT}.assign_try", [number])
            if self._state(number) == "waiting":
                # The goods have left, whatever the server thinks is there.
                self._asking.call(f"{SHIPMENT}.assign_force", [number])
        elif state == "assigned" and one["warehouse_storage"] != one["warehouse_output"]:
            self._asking.call(f"{SHIPMENT}.pick", [number])
        elif _units(one["outgoing_moves."]) != _wanted(notice):
            text = f"shipment {one['number']} is {state} in Tryton with other units"
            raise SkippableError("rejected", text, hint="bring it back to waiting there")
        elif state in ("assigned", "picked"):
            self._asking.call(f"{SHIPMENT}.pack", [number])
        else:
            self._note(number, notice.tracking)
            self._asking.call(f"{SHIPMENT}.do", [number])

    def _cut(self, one: Row, notice: Notice) -> None:
        """Leave exactly the units that left in the moves of the picking."""
        left = _wanted(notice)
        changes: list[object] = []
        for move in _live(_working(one)):
            sku = move["product."]["code"]
            kept = min(move["quantity"], left.get(sku, 0))
            left[sku] = left.get(sku, 0) - kept
            if kept != move["quantity"]:
                changes += [[move["id"]], {"quantity": float(kept)}]
        if lacking := [sku for sku, units in left.items() if units > 0]:
            raise SkippableError("rejected", f"shipment {one['number']} has not enough of {', '.join(lacking)}")
        self._asking.call(f"{_MOVE}.write", *changes)

    def _note(self, shipment: int, parcels: Iterable[Parcel]) -> None:
        """Keep the parcels at the shipment, in a note: the server has no field for them without further modules."""
        text = "\n".join(" ".join(filter(None, (one.carrier, one.number, one.url))) for one in parcels)
        if not text:
            return
        resource = f"stock.shipment.out,{shipment}"
        domain = [["resource", "=", resource], ["message", "=", text]]
        if not self._client.read(f"{_NOTE}.search_read", domain, 0, 1, None, ["message"]).result:
            self._asking.call(f"{_NOTE}.create", [{"resource": resource, "message": text}])

    def _moved(self, before: Row | None, notice: Notice) -> bool:
        """Whether a shipment is in another state than it was: someone else was quicker."""
        return before is not None and self._state(before["id"]) != before["state"]

    def _state(self, shipment: int) -> str:
        rows = self._client.read(f"{SHIPMENT}.search_read", [["id", "=", shipment]], 0, None, None, ["state"]).result
        return str(rows[0]["state"]) if rows else "cancelled"

    def _shipments(self, notice: Notice) -> list[Row]:
        """The shipments of the sale, if it is one of our shop."""
        domain = [["id", "=", int(notice.sale)], ["web_shop", "=", self._shop]]
        sales = self._client.read("model.sale.sale.search_read", domain, 0, None, None, ["shipments"]).result
        ids = [number for sale in sales for number in sale["shipments"]]
        if not ids:
            return []
        rows: list[Row] = self._client.read(
            f"{SHIPMENT}.search_read", [["id", "in", ids]], 0, None, [["id", "ASC"]], _FIELDS
        ).result
        return rows


def _working(one: Row) -> list[Row]:
    """The moves in which the units of a shipment are set: those of its picking, where it has one."""
    direct = one["warehouse_storage"] == one["warehouse_output"] or not one["inventory_moves."]
    moves: list[Row] = one["outgoing_moves."] if direct else one["inventory_moves."]
    return moves


def _live(moves: Iterable[Row]) -> list[Row]:
    return [move for move in moves if move["state"] != "cancelled"]


def _units(moves: Iterable[Row]) -> dict[str, float]:
    units: dict[str, float] = {}
    for move in _live(moves):
        if move["quantity"]:
            sku = move["product."]["code"]
            units[sku] = units.get(sku, 0.0) + move["quantity"]
    return units


def _wanted(notice: Notice) -> dict[str, float]:
    units: dict[str, float] = {}
    for line in notice.lines:
        units[line.sku] = units.get(line.sku, 0.0) + line.quantity
    return units


def _lacking(one: Row, notice: Notice) -> list[str]:
    there = _units(one["outgoing_moves."])
    return [sku for sku, units in _wanted(notice).items() if there.get(sku, 0.0) < units]
