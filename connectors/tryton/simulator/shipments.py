"""Writing shipments: the buttons from waiting to done, and what each does to the moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from connectors.tryton.simulator.models import Context
from connectors.tryton.simulator.moves import Moves
from connectors.tryton.simulator.processing import Processing
from connectors.tryton.simulator.state import Move, State
from connectors.tryton.simulator.trade import Shipment, Trade
from connectors.tryton.simulator.wire import guard, no_button, unknown, user_error

_FIELDS = {"reference", "effective_date", "planned_date"}
_READ_ONLY = {"number": "Number", "state": "State"}
_BUTTONS = {
    "wait": ("assigned", "waiting", "draft"),
    "assign_try": None,
    "assign_force": None,
    "pick": ("assigned", "packed"),
    "pack": ("picked",),
    "ship": ("packed",),
    "do": ("packed", "shipped"),
    "cancel": ("draft", "waiting", "assigned", "picked", "packed", "shipped"),
}


class Shipments:
    """Carries out writing methods on shipments and their moves; gives the effects in words."""

    def __init__(
        self, state: State, trade: Trade, moves: Moves, processing: Processing, stamp: Callable[[], datetime]
    ) -> None:
        self._state = state
        self._trade = trade
        self._moves = moves
        self._processing = processing
        self._stamp = stamp

    def write(self, params: Sequence[Any], context: Context) -> list[str]:
        """Write plain fields of shipments."""
        ids, values = params
        guard("stock.shipment.out", self._trade.shipments, ids, context)
        for name in values:
            if name in _READ_ONLY:
                text = f'You are not allowed to modify the field "{_READ_ONLY[name]}" of "Customer Shipment".'
                raise user_error(text)
            if name not in _FIELDS:
                raise unknown(name)
        ended = [one for one in ids if self._trade.shipments[one].state in ("shipped", "done", "cancelled")]
        if ended and "effective_date" in values:
            raise user_error('You are not allowed to modify the field "Effective Date" of "Customer Shipment".')
        at = self._stamp()
        for number in ids:
            shipment = self._trade.shipments[number]
            shipment.written = at
            for name, value in values.items():
                setattr(shipment, name, value)
        return [f"shipment {number} written" for number in ids]

    def write_moves(self, params: Sequence[Any], context: Context) -> list[str]:
        """Change how many units moves are for, while they are drafts."""
        pairs = list(zip(params[0::2], params[1::2], strict=True))
        for ids, values in pairs:
            guard("stock.move", self._state.moves, ids, context)
            if set(values) - {"quantity"}:
                raise unknown(next(iter(set(values) - {"quantity"})))
            if any(self._state.moves[number].state != "draft" for number in ids):
                raise user_error('You are not allowed to modify the field "Quantity" of "Stock Move".')
        at = self._stamp()
        for ids, values in pairs:
            for number in ids:
                move = self._state.moves[number]
                move.quantity, move.written = float(values["quantity"]), at
        return [f"move {number} written" for ids, _ in pairs for number in ids]

    def press(self, button: str, ids: Sequence[int], context: Context) -> list[str]:
        """Press a button; the server offers most in some states only."""
        guard("stock.shipment.out", self._trade.shipments, ids, context)
        offered = _BUTTONS[button]
        for number in ids:
            one = self._trade.shipments[number]
            direct = one.storage == one.output
            states = ("assigned",) if button == "pack" and direct else () if button == "pick" and direct else offered
            if states is not None and one.state not in states:
                raise no_button(button, str(one.number), "Customer Shipment")
        at = self._stamp()
        return [effect for number in ids for effect in self._press(button, self._trade.shipments[number], at)]

    def _press(self, button: str, one: Shipment, at: datetime) -> list[str]:
        if button in ("assign_try", "assign_force"):
            if not self._assign(one, at, force=button == "assign_force"):
                return []
        elif button == "wait":
            self._moves.pick_list(one, at)
            one.state = "waiting"
        elif button == "pick":
            self._pick(one, at)
        elif button == "pack":
            self._pack(one)
        elif button == "ship":
            one.state = "shipped"
        elif button == "do":
            for move in self._of(one.outgoing):
                self._moves.book(move, at)
            one.state, one.effective_date = "done", one.effective_date or self._moves.today()
        else:
            for move in (*self._of(one.inventory), *self._of(one.outgoing)):
                self._moves.cancel(move, at)
            one.state = "cancelled"
        one.written = at
        effects = [f"shipment {one.id} {one.state}"]
        return effects + (self._follow(one, at) if button in ("ship", "do", "cancel") else [])

    def _assign(self, one: Shipment, at: datetime, *, force: bool) -> bool:
        if one.state != "waiting":
            return False
        moves = self._of(one.inventory or one.outgoing)
        if not force and not self._moves.available(moves):
            return False
        for move in moves:
            move.state, move.written = "assigned", at
        one.state = "assigned"
        return True

    def _pick(self, one: Shipment, at: datetime) -> None:
        """What was picked is what goes out: moves cut down to nothing are deleted, the outer ones follow the inner."""
        picked: dict[str, float] = {}
        for move in self._of(one.inventory):
            if not move.quantity:
                self._moves.delete(move.id)
                one.inventory.remove(move.id)
                continue
            picked[move.origin] = picked.get(move.origin, 0.0) + move.quantity
            if move.state != "done":
                self._moves.book(move, at)
        for move in self._of(one.outgoing):
            move.quantity, move.state, move.written = picked.get(f"stock.move,{move.id}", 0.0), "draft", at
        one.state = "picked"

    def _pack(self, one: Shipment) -> None:
        for move in self._of(one.outgoing):
            if move.quantity:
                move.state = "assigned"
                continue
            self._moves.delete(move.id)
            one.outgoing.remove(move.id)
            for line in self._trade.lines.values():
                if move.id in line.moves:
                    line.moves.remove(move.id)
        one.state = "packed"

    def _follow(self, one: Shipment, at: datetime) -> list[str]:
        """Process the sales of a shipment anew, as the queue does."""
        found = {sale.id: sale for move in self._of(one.outgoing) if (sale := self._trade.sale_of(move)) is not None}
        return [effect for sale in found.values() for effect in self._processing.process(sale, at)]

    def _of(self, numbers: Sequence[int]) -> list[Move]:
        return [self._state.moves[number] for number in list(numbers)]
