"""Sales made under our reference: looked for, begun as a draft, checked to the cent, and brought on step by step.

The server keeps web shop and web id unique together, so a sale is begun once whoever asks how often. What a crash or a
lost answer leaves half done (a draft with some of its lines, a quotation) is brought on from the state it is in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from canonical.errors import RetriableError, SkippableError
from canonical.money import exponent, round_to, to_decimal
from connectors.base import Call, CallOutcome, RowOutcome, RowStatus
from connectors.tryton.asking import Asking
from connectors.tryton.client import STALE, WarningError
from connectors.tryton.options import STATES, SaleOptions
from connectors.tryton.order import NewOrder
from connectors.tryton.parties import Parties
from connectors.tryton.products import Products
from connectors.tryton.salelines import ROUNDING, SaleLine, most_rounding, rounding_line
from connectors.tryton.salereads import SaleReader
from connectors.tryton.wire import Row, decimal_value

SALE = "model.sale.sale"
CHUNK = 250
"""So many lines are created in one request."""

_STEPS = {"draft": "quote", "quotation": "confirm", "confirmed": "process"}
_MOST_STEPS = 60
_FIELDS = [
    "state",
    "number",
    "total_amount",
    "_timestamp",
    "lines.sequence",
    "lines.product",
    "lines.quantity",
    "lines.unit_price",
    "lines.description",
]


class SaleBody(msgspec.Struct, frozen=True):
    """What a call that makes a sale carries: the order, and the lines it becomes."""

    order: NewOrder
    lines: list[SaleLine]


class _Progress(msgspec.Struct, frozen=True):
    progress: str


@dataclass(frozen=True, slots=True)
class _Held:
    """A sale as the server holds it now; ``lines`` are those of the order, ``rounding`` whether there is a last one."""

    id: int
    state: str
    number: str
    total: Decimal
    token: str
    lines: tuple[tuple[object, ...], ...]
    rounding: bool


class Sales:
    """Makes the sales of one web shop."""

    def __init__(self, asking: Asking, options: SaleOptions, reader: SaleReader) -> None:
        self._asking = asking
        self._client = asking.client
        self._options = options
        self._reader = reader
        self._parties = Parties(asking, options)
        self._products = Products(self._client)

    def push(self, call: Call) -> CallOutcome:
        """Find the sale or begin it, then bring it on."""
        body = msgspec.json.decode(call.body, type=SaleBody)
        return {0: self._settled(body, begin=True)}

    def resolve(self, call: Call) -> CallOutcome:
        """Find the sale and bring it on; none means that nothing was done."""
        body = msgspec.json.decode(call.body, type=SaleBody)
        return {0: self._settled(body, begin=False)}

    def _settled(self, body: SaleBody, *, begin: bool) -> RowOutcome:
        for _ in range(_MOST_STEPS + len(body.lines) // CHUNK):
            held = self._held(body)
            try:
                if held is None and not begin:
                    return RowOutcome(RowStatus.UNTOUCHED, "no sale has this web id")
                if held is None:
                    self._begin(body)
                elif (done := self._step(held, body)) is not None:
                    return done
            except SkippableError as error:
                if error.reason != STALE:
                    return RowOutcome(RowStatus.REJECTED, str(error), reason=error.reason)
        raise RetriableError(f"{self._client.connection}: sale {body.order.web_id} is changed all the time")

    def _begin(self, body: SaleBody) -> None:
        """Create the draft; whoever lost against another who began it goes on with that one."""
        order = body.order
        who = self._parties.of(order)
        values: Row = {
            "party": who.party,
            "invoice_address": who.invoice,
            "shipment_address": who.delivery,
            "company": self._client.session().context["company"],
            "web_shop": self._options.web_shop,
            "web_id": order.web_id,
            "reference": order.reference or None,
            "currency": self._currency(order.currency),
            "comment": order.comment or None,
            "lines": [["create", self._line_values(body.lines[:CHUNK], 0)]],
        }
        if order.date:
            values["sale_date"] = _day(order.date)
        if warehouse := int(order.warehouse or 0) or self._options.warehouse:
            values["warehouse"] = warehouse
        try:
            self._asking.call(f"{SALE}.create", [values])
        except SkippableError:
            if self._held(body) is None:
                raise

    def _step(self, held: _Held, body: SaleBody) -> RowOutcome | None:
        """Bring a sale one step on; an outcome when it is where it should be, or cannot get there."""
        named = f"sale {held.number or held.id}"
        if held.state == "cancelled":
            return _canceled(named, body)
        if held.state == "draft" and not _matches(held, body):
            return self._filled(held, body)
        if held.state == "quotation" and not _matches(held, body):
            self._asking.call(f"{SALE}.draft", [held.id])
            return None
        if held.total != body.order.total:
            return _differs(held, body)
        if held.state not in _STEPS or STATES.index(held.state) >= STATES.index(self._options.reach):
            return self._arrived(held, body, named)
        return self._pressed(held, body, named)

    def _arrived(self, held: _Held, body: SaleBody, named: str) -> RowOutcome:
        """A sale that is where it should be, unless it was called off since: nothing is ever shipped for that one."""
        record = self._reader.record(held.id)
        if record is not None and msgspec.json.decode(record, type=_Progress).progress == "canceled":
            return _canceled(named, body)
        return RowOutcome(RowStatus.APPLIED, record=record)

    def _filled(self, held: _Held, body: SaleBody) -> RowOutcome | None:
        """Complete a draft that does not say yet what the order says; one that never will is deleted."""
        wanted = [_mark(line) for line in body.lines]
        if list(held.lines) != wanted[: len(held.lines)]:
            self._asking.call(f"{SALE}.delete", [held.id])
            return None
        if len(held.lines) < len(wanted):
            start = len(held.lines)
            self._add(held, self._line_values(body.lines[start : start + CHUNK], start))
            return None
        rest = body.order.total - held.total
        if not held.rounding and abs(rest) <= most_rounding(body.order, body.lines):
            self._add(held, self._line_values([rounding_line(rest, self._options)], len(wanted)))
            return None
        self._asking.call(f"{SALE}.delete", [held.id])
        return _differs(held, body)

    def _pressed(self, held: _Held, body: SaleBody, named: str) -> RowOutcome | None:
        step = _STEPS[held.state]
        try:
            self._asking.call(f"{SALE}.{step}", [held.id])
        except SkippableError as error:
            now = self._held(body)
            if now is None or now.state != held.state:
                return None  # another was quicker
            if held.state == "draft" and not isinstance(error, WarningError):
                self._asking.call(f"{SALE}.delete", [held.id])
            text = f"{named} is a {held.state}; {step}: {error}" if held.state != "draft" else str(error)
            return RowOutcome(RowStatus.REJECTED, text, reason=error.reason)
        return None

    def _add(self, held: _Held, lines: Sequence[Row]) -> None:
        guard = {"_timestamp": {f"sale.sale,{held.id}": held.token}}
        self._asking.call(f"{SALE}.write", [held.id], {"lines": [["create", list(lines)]]}, context=guard)

    def _held(self, body: SaleBody) -> _Held | None:
        domain = [["web_shop", "=", self._options.web_shop], ["web_id", "=", body.order.web_id]]
        rows = self._client.read(f"{SALE}.search_read", domain, 0, None, [["id", "ASC"]], ["web_id", *_FIELDS]).result
        found = [row for row in rows if row["web_id"] == body.order.web_id]
        return _held(found[0], len(body.lines)) if found else None

    def _line_values(self, lines: Sequence[SaleLine], start: int) -> list[Row]:
        units = self._products.units([line.product for line in lines if line.product])
        values: list[Row] = []
        for at, line in enumerate(lines, start + 1):
            value: Row = {
                "type": "line",
                "sequence": at,
                "quantity": float(line.quantity),
                "unit_price": decimal_value(to_decimal(line.unit_price)),
                "description": line.description or None,
            }
            if line.product:
                value |= {"product": line.product, "unit": units[line.product]}
            if line.taxes:
                value["taxes"] = [["add", list(line.taxes)]]
            values.append(value)
        return values

    def _currency(self, code: str) -> int:
        rows = self._client.read(
            "model.currency.currency.search_read", [["code", "=", code]], 0, None, None, ["code", "digits"]
        ).result
        found = next((row for row in rows if row["code"] == code), None)
        if found is None:
            raise SkippableError("invalid_value", f"Tryton has no currency {code}", hint="create it in Tryton")
        return int(found["id"])


def _held(row: Row, count: int) -> _Held:
    lines = sorted(row["lines."], key=lambda line: (line["sequence"] is None, line["sequence"], line["id"]))
    last = len(lines) == count + 1 and lines[-1]["description"] == ROUNDING
    return _Held(
        row["id"],
        row["state"],
        row["number"] or "",
        to_decimal(row["total_amount"]["decimal"]),
        row["_timestamp"],
        tuple(_found_mark(line) for line in (lines[:-1] if last else lines)),
        last,
    )


def _canceled(named: str, body: SaleBody) -> RowOutcome:
    text = f"{named} has the reference {body.order.web_id} and is canceled"
    return RowOutcome(RowStatus.REJECTED, text, reason="reference_canceled")


def _mark(line: SaleLine) -> tuple[object, ...]:
    return (line.product, float(line.quantity), to_decimal(line.unit_price))


def _found_mark(line: Row) -> tuple[object, ...]:
    price = line["unit_price"]
    return (line["product"] or 0, line["quantity"], to_decimal(price["decimal"]) if price else None)


def _matches(held: _Held, body: SaleBody) -> bool:
    return held.total == body.order.total and list(held.lines) == [_mark(line) for line in body.lines]


def _differs(held: _Held, body: SaleBody) -> RowOutcome:
    places = exponent(body.order.currency)
    rest = body.order.total - held.total
    text = (
        f"the order's total is {round_to(body.order.total, places)} {body.order.currency}, that of the sale would be"
        f" {held.total}: {rest} differ"
    )
    return RowOutcome(RowStatus.REJECTED, text, reason="totals_differ")


def _day(text: str) -> Row:
    year, month, day = (int(part) for part in text[:10].split("-"))
    return {"__class__": "date", "year": year, "month": month, "day": day}
