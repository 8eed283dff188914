"""What the server asks back: warnings before it does something, and wizards on what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import md5
from typing import Any

from connectors.tryton.simulator.models import Context
from connectors.tryton.simulator.processing import Processing
from connectors.tryton.simulator.state import State
from connectors.tryton.simulator.trade import Trade
from connectors.tryton.simulator.wire import ServerError, user_error

_SHIPMENT, _INVOICE = "sale.handle.shipment.exception", "sale.handle.invoice.exception"
WIZARDS = frozenset({_SHIPMENT, _INVOICE})


class Questions:
    """Asks, takes answers, and carries out what was answered."""

    def __init__(self, state: State, trade: Trade, processing: Processing, stamp: Callable[[], datetime]) -> None:
        self._state = state
        self._trade = trade
        self._processing = processing
        self._stamp = stamp
        self._asked: dict[str, tuple[str, str]] = {}
        self._answered: set[str] = set()
        self._sessions: dict[int, str] = {}

    def ask(self, method: str, kind: str, text: str) -> None:
        """Let a method of a model ask this before it does something."""
        self._asked[method] = (kind, text)

    def stop(self, method: str, ids: Sequence[int]) -> None:
        """Ask, unless it was answered for these records; one answer serves one time."""
        if method not in self._asked:
            return
        kind, text = self._asked[method]
        records = "|".join(f"{method.rpartition('.')[0]},{number}" for number in ids)
        key = f"{md5(records.encode(), usedforsecurity=False).hexdigest()}.{kind}"
        if key not in self._answered:
            raise ServerError("UserWarning", [key, text, ""])
        self._answered.discard(key)

    def skip(self, key: str) -> list[str]:
        """Answer a question with yes."""
        self._answered.add(key)
        return [f"warning {key} answered"]

    def begin(self, wizard: str) -> tuple[list[Any], list[str]]:
        """Open a wizard."""
        number = self._state.next_id("wizard")
        self._sessions[number] = wizard
        return [number, "ask", "end"], []

    def end(self, session: int) -> tuple[dict[str, Any], list[str]]:
        """Close a wizard."""
        self._sessions.pop(session, None)
        return {}, []

    def execute(self, wizard: str, params: Sequence[Any], context: Context) -> tuple[dict[str, Any], list[str]]:
        """Carry out what was answered about the sale in the context."""
        session, data, step = params
        sale = self._trade.sales.get(context.get("active_id") or 0)
        if self._sessions.get(session) != wizard or sale is None or context.get("active_model") != "sale.sale":
            raise user_error("You are trying to use a wizard that is not there.")
        if step != "handle":
            return {"view": {}}, []
        at = self._stamp()
        sale.written = at
        ask = data.get("ask") or {}
        if wizard == _INVOICE:
            self._handle(ask, "invoices", sale.invoices_ignored, sale.invoices_recreated)
        else:
            for line in self._trade.lines_of(sale):
                mine = {
                    name: [number for number in numbers if number in line.moves]
                    for name, numbers in ask.items()
                    if isinstance(numbers, list)
                }
                self._handle(mine, "moves", line.moves_ignored, line.moves_recreated)
        return {}, [f"sale {sale.id} handled", *self._processing.process(sale, at)]

    @staticmethod
    def _handle(ask: Mapping[str, Any], what: str, ignored: list[int], recreated: list[int]) -> None:
        known = {*ignored, *recreated}
        for number in ask.get(f"domain_{what}") or ():
            if number in known:
                continue
            if number in (ask.get(f"recreate_{what}") or ()):
                recreated.append(number)
            elif number in (ask.get(f"ignore_{what}") or ()):
                ignored.append(number)
