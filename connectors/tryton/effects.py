"""What is done once: a sale made, a sale called off, a shipment booked."""

from __future__ import annotations

from typing import Protocol

import msgspec

from canonical.errors import SkippableError
from connectors.base import Call, CallOutcome, Effect
from connectors.tryton.asking import Asking
from connectors.tryton.cancels import Cancels
from connectors.tryton.client import TrytonClient
from connectors.tryton.options import SaleOptions
from connectors.tryton.order import Cancellation, NewOrder, Notice, bad, check_notice, check_order, read_document
from connectors.tryton.salelines import lines_of, total_of
from connectors.tryton.salereads import RESOURCE, SaleReader
from connectors.tryton.sales import SaleBody, Sales
from connectors.tryton.shipping import Shipping

CREATE, CANCEL, SHIP = "sale.create", "sale.cancel", "sale.ship"
OPERATIONS = frozenset({CREATE, CANCEL, SHIP})


class _Doer(Protocol):
    def push(self, call: Call) -> CallOutcome: ...
    def resolve(self, call: Call) -> CallOutcome: ...


class Effects:
    """Composes effects, carries them out, and finds lost ones."""

    def __init__(self, client: TrytonClient, options: SaleOptions, reader: SaleReader) -> None:
        self._options = options
        asking = Asking(client, options.warnings)
        self._doers: dict[str, _Doer] = {
            CREATE: Sales(asking, options, reader),
            CANCEL: Cancels(asking, options.web_shop, reader),
            SHIP: Shipping(asking, options.web_shop, reader),
        }

    def compose(self, effect: Effect) -> Call:
        """The call that does an effect; SkippableError for a document that cannot be carried out."""
        if effect.operation not in OPERATIONS:
            raise SkippableError("unknown_operation", f"tryton cannot do {effect.operation!r}", ref=effect.reference)
        if not self._options.web_shop:
            raise bad(effect, "it is not said which web shop of Tryton its sales are of; set web_shop", "not_writable")
        body = msgspec.json.encode(self._body(effect), order="sorted")
        return Call(effect.operation, body, (0,), RESOURCE, target=effect.reference)

    def push(self, call: Call) -> CallOutcome:
        """Do it; AmbiguousError when its outcome is unknown."""
        return self._doers[call.operation].push(call)

    def resolve(self, call: Call) -> CallOutcome:
        """What became of a call whose answer was lost; what was left half done is finished."""
        return self._doers[call.operation].resolve(call)

    def _body(self, effect: Effect) -> msgspec.Struct:
        if effect.operation == CREATE:
            return self._sale(effect)
        if effect.operation == CANCEL:
            asked = read_document(effect, Cancellation)
            if not asked.web_id.strip():
                raise bad(effect, "it names no sale", "unknown_order")
            return asked
        notice = read_document(effect, Notice)
        check_notice(effect, notice)
        return notice

    def _sale(self, effect: Effect) -> SaleBody:
        order = read_document(effect, NewOrder)
        check_order(effect, order, addressless=self._options.addressless)
        parts = total_of(order)
        if parts != order.total:
            text = f"its parts sum to {parts} {order.currency}, and its total is {order.total}"
            raise bad(effect, text, "totals_differ")
        return SaleBody(order, lines_of(order, self._options))
