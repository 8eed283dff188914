"""The sales desk of the simulated server: every writing method of trade, by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from connectors.tryton.simulator.models import Context
from connectors.tryton.simulator.moves import Moves
from connectors.tryton.simulator.parties import Parties
from connectors.tryton.simulator.processing import Processing
from connectors.tryton.simulator.questions import WIZARDS, Questions
from connectors.tryton.simulator.sales import Sales
from connectors.tryton.simulator.shipments import Shipments
from connectors.tryton.simulator.state import State
from connectors.tryton.simulator.trade import Trade
from connectors.tryton.simulator.wire import guard, no_button

Writer = Callable[[list[Any], Context], tuple[Any, list[str]]]

_SALE_BUTTONS = ("quote", "confirm", "process", "cancel", "draft")
_SHIPMENT_BUTTONS = ("wait", "assign_try", "assign_force", "pick", "pack", "ship", "do", "cancel")


class Desk:
    """All that people and clients can do about sales."""

    def __init__(self, state: State, trade: Trade, stamp: Callable[[], datetime], today: Callable[[], date]) -> None:
        self.trade = trade
        self._stamp = stamp
        self.moves = Moves(state, today)
        self.processing = Processing(state, trade, self.moves)
        self.parties = Parties(state, trade, stamp)
        self.sales = Sales(state, trade, self.processing, stamp, today)
        self.shipments = Shipments(state, trade, self.moves, self.processing, stamp)
        self.questions = Questions(state, trade, self.processing, stamp)

    def writers(self) -> dict[str, Writer]:
        """The methods of models by their full names."""
        found: dict[str, Writer] = {
            "party.party.create": lambda p, c: self.parties.create(p[0]),
            "party.party.write": lambda p, c: (None, self.parties.write(p, c)),
            "party.contact_mechanism.create": lambda p, c: self.parties.create_mechanisms(p[0]),
            "sale.sale.create": lambda p, c: self.sales.create(p[0]),
            "sale.sale.write": lambda p, c: (None, self.sales.write(p, c)),
            "sale.sale.delete": lambda p, c: (None, self.sales.delete(p[0], c)),
            "stock.shipment.out.write": lambda p, c: (None, self.shipments.write(p, c)),
            "stock.move.write": lambda p, c: (None, self.shipments.write_moves(p, c)),
            "account.invoice.cancel": lambda p, c: (None, self.cancel_invoices(p[0], c)),
            "res.user.warning.skip": lambda p, c: (None, self.questions.skip(p[0])),
        }
        for button in _SALE_BUTTONS:
            found[f"sale.sale.{button}"] = partial(self._asked, f"sale.sale.{button}", self.sales.press, button)
        for button in _SHIPMENT_BUTTONS:
            method = f"stock.shipment.out.{button}"
            found[method] = partial(self._asked, method, self.shipments.press, button)
        return found

    def wizards(self) -> dict[str, Writer]:
        """The methods of wizards by their full names."""
        found: dict[str, Writer] = {}
        for name in WIZARDS:
            found[f"{name}.create"] = partial(self._begun, name)
            found[f"{name}.execute"] = partial(self.questions.execute, name)
            found[f"{name}.delete"] = lambda p, c: self.questions.end(p[0])
        return found

    def _begun(self, wizard: str, params: list[Any], context: Context) -> tuple[Any, list[str]]:
        return self.questions.begin(wizard)

    def cancel_invoices(self, ids: Sequence[int], context: Context) -> list[str]:
        """Cancel invoices that nobody has posted."""
        invoices = self.trade.invoices
        guard("account.invoice", invoices, ids, context)
        for number in ids:
            if invoices[number].state not in ("draft", "validated"):
                raise no_button("cancel", f"({number})", "Invoice")
        at = self._stamp()
        effects = []
        for number in ids:
            invoices[number].state, invoices[number].written = "cancelled", at
            effects.append(f"invoice {number} cancelled")
            effects += self.processing.process(self.trade.sales[invoices[number].sale], at)
        return effects

    def _asked(
        self,
        method: str,
        press: Callable[[str, Sequence[int], Context], list[str]],
        button: str,
        params: list[Any],
        context: Context,
    ) -> tuple[Any, list[str]]:
        self.questions.stop(method, params[0])
        return None, press(button, params[0], context)
