"""Calling a sale off: at once while it is no more than asked for, else by way of its shipments and its invoice.

The server cannot cancel a sale that it processes. Its shipments and draft invoices are canceled, and then the
exceptions that this makes are handled by ignoring what was canceled, as a person would: the sale ends as done, with
nothing shipped and nothing invoiced. Every step is read off the documents, so an interrupted one is brought to its end.
"""

from __future__ import annotations

import msgspec

from canonical.errors import RetriableError, SkippableError
from connectors.base import Call, CallOutcome, RowOutcome, RowStatus
from connectors.tryton.asking import Asking
from connectors.tryton.order import Cancellation
from connectors.tryton.salereads import FIELDS, SALE, SaleReader, progress
from connectors.tryton.wire import Row

_MOST_STEPS = 20
_STOPPABLE = frozenset({"draft", "waiting", "assigned", "picked"})
_WIZARD = "wizard.sale.handle.{}.exception"
_EXTRA = [
    "invoices_ignored",
    "invoices_recreated",
    "lines.moves_ignored",
    "lines.moves_recreated",
    "lines.moves.state",
]
_OPEN_INVOICES = frozenset({"draft", "validated"})


class Cancels:
    """Cancels the sales of one web shop."""

    def __init__(self, asking: Asking, web_shop: int, reader: SaleReader) -> None:
        self._asking = asking
        self._client = asking.client
        self._shop = web_shop
        self._reader = reader

    def push(self, call: Call) -> CallOutcome:
        """Take the sale back, step by step."""
        return {0: self._settled(_asked(call), begun=True)}

    def resolve(self, call: Call) -> CallOutcome:
        """See how far it got: what was begun is finished, what was not is left alone."""
        return {0: self._settled(_asked(call), begun=False)}

    def _settled(self, asked: Cancellation, *, begun: bool) -> RowOutcome:
        for _ in range(_MOST_STEPS):
            sale = self._sale(asked)
            if sale is None:
                return _refused(f"Tryton has no sale {asked.web_id}", "unknown_order")
            if progress(sale) == "canceled" and not _unhandled(sale):
                return RowOutcome(RowStatus.APPLIED, record=self._reader.record(sale["id"]))
            if not begun and not _is_begun(sale):
                return RowOutcome(RowStatus.UNTOUCHED, f"sale {sale['number'] or sale['id']} is {sale['state']}")
            if why := _too_late(sale):
                return _refused(why, "cancel_refused")
            try:
                self._step(sale)
            except SkippableError as error:
                now = self._sale(asked)
                if now is None or _standing(now) == _standing(sale):
                    return _refused(str(error), "cancel_refused")
        raise RetriableError(f"{self._client.connection}: sale {asked.web_id} is changed all the time")

    def _step(self, sale: Row) -> None:
        """The next step towards a canceled sale."""
        number = sale["id"]
        if sale["state"] in ("draft", "quotation"):
            self._asking.call(f"{SALE}.cancel", [number])
        elif sale["state"] == "confirmed":
            self._asking.call(f"{SALE}.draft", [number])
        elif shipments := [one["id"] for one in sale["shipments."] if one["state"] in _STOPPABLE]:
            self._asking.call("model.stock.shipment.out.cancel", shipments)
        elif invoices := [one["id"] for one in sale["invoices."] if one["state"] in _OPEN_INVOICES]:
            self._asking.call("model.account.invoice.cancel", invoices)
        elif invoices := _open_invoices(sale):
            self._ignore(number, "invoice", "invoices", invoices)
        elif moves := _open_moves(sale):
            self._ignore(number, "shipment", "moves", moves)
        else:
            raise SkippableError(
                "rejected", f"nothing is left to cancel of sale {sale['number']}, and it is not canceled"
            )

    def _ignore(self, sale: int, kind: str, what: str, ids: list[int]) -> None:
        """Answer the server's question what shall become of what was canceled."""
        wizard = _WIZARD.format(kind)
        session = self._asking.call(f"{wizard}.create").result[0]
        given = {"ask": {f"domain_{what}": ids, f"ignore_{what}": ids, f"recreate_{what}": []}}
        on_sale = {"active_model": "sale.sale", "active_id": sale, "active_ids": [sale]}
        self._asking.call(f"{wizard}.execute", session, given, "handle", context=on_sale)
        self._asking.call(f"{wizard}.delete", session)

    def _sale(self, asked: Cancellation) -> Row | None:
        domain = [["web_shop", "=", self._shop], ["web_id", "=", asked.web_id]]
        rows = self._client.read(f"{SALE}.search_read", domain, 0, None, None, [*FIELDS, *_EXTRA]).result
        found: list[Row] = [row for row in rows if row["web_id"] == asked.web_id]
        return found[0] if found else None


def _asked(call: Call) -> Cancellation:
    return msgspec.json.decode(call.body, type=Cancellation)


def _too_late(sale: Row) -> str:
    """Why a sale cannot be called off any more, or nothing."""
    named = f"sale {sale['number'] or sale['id']}"
    gone = [one for one in sale["shipments."] if one["state"] not in _STOPPABLE | {"cancelled"}]
    if gone:
        return f"{named}: shipment {gone[0]['number']} is {gone[0]['state']}"
    booked = [one for one in sale["invoices."] if one["state"] not in _OPEN_INVOICES | {"cancelled"}]
    if booked:
        return f"{named}: its invoice is {booked[0]['state']}; it takes a credit note"
    return ""


def _is_begun(sale: Row) -> bool:
    """Whether some of it was canceled already."""
    return any(one["state"] == "cancelled" for one in (*sale["shipments."], *sale["invoices."]))


def _unhandled(sale: Row) -> bool:
    if sale["state"] == "cancelled":
        return False
    return bool(
        _open_moves(sale) or _open_invoices(sale) or any(i["state"] in _OPEN_INVOICES for i in sale["invoices."])
    )


def _open_invoices(sale: Row) -> list[int]:
    handled = {*sale["invoices_ignored"], *sale["invoices_recreated"]}
    return [one["id"] for one in sale["invoices."] if one["state"] == "cancelled" and one["id"] not in handled]


def _open_moves(sale: Row) -> list[int]:
    return [
        move["id"]
        for line in sale["lines."]
        for move in line["moves."]
        if move["state"] == "cancelled" and move["id"] not in {*line["moves_ignored"], *line["moves_recreated"]}
    ]


def _standing(sale: Row) -> tuple[object, ...]:
    states = [one["state"] for one in (*sale["shipments."], *sale["invoices."])]
    return (sale["state"], *states, len(_open_moves(sale)), len(_open_invoices(sale)))


def _refused(message: str, reason: str) -> RowOutcome:
    return RowOutcome(RowStatus.REJECTED, message, reason=reason)
