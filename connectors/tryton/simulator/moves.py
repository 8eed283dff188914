"""Stock moves for shipments: made, promised, booked, taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from connectors.tryton.simulator.state import Move, State
from connectors.tryton.simulator.trade import Shipment

CUSTOMER = 7
_OPEN = ("draft", "assigned")


class Moves:
    """Makes and moves moves."""

    def __init__(self, state: State, today: Callable[[], date]) -> None:
        self._state = state
        self.today = today

    def next_id(self) -> int:
        """An id of a move or a shipment; one counter serves both, so that people can name either."""
        return self._state.next_id("move")

    def add(
        self, product: int, units: float, source: int, target: int, planned: date | None, at: datetime, origin: str
    ) -> Move:
        """Promise a move."""
        number = self.next_id()
        move = Move(number, at, None, product, units, source, target, planned=planned, origin=origin)
        self._state.moves[number] = move
        self._state.open_moves[product][number] = move
        return move

    def pick_list(self, shipment: Shipment, at: datetime) -> None:
        """Make the inner moves of a shipment anew, one for each that goes out."""
        for number in shipment.inventory:
            self.delete(number)
        shipment.inventory = []
        if shipment.storage == shipment.output:
            return
        for number in shipment.outgoing:
            out = self._state.moves[number]
            if out.state in _OPEN:
                out.state = "draft"
                inner = self.add(
                    out.product,
                    out.quantity,
                    shipment.storage,
                    shipment.output,
                    out.planned,
                    at,
                    f"stock.move,{out.id}",
                )
                shipment.inventory.append(inner.id)

    def available(self, moves: list[Move]) -> bool:
        """Whether what these moves take lies there, less what others were assigned."""
        wanted: dict[tuple[int, int], float] = {}
        for move in moves:
            key = (move.source, move.product)
            wanted[key] = wanted.get(key, 0.0) + move.quantity
        for (place, product), units in wanted.items():
            others = self._state.open_moves[product].values()
            taken = sum(one.quantity for one in others if one.state == "assigned" and one.source == place)
            if self._state.stock[place].get(product, 0.0) - taken < units:
                return False
        return True

    def book(self, move: Move, at: datetime) -> None:
        """Let a move happen."""
        self._state.book(move, self.today(), at)

    def cancel(self, move: Move, at: datetime) -> None:
        """Give a move up; one that happened is taken back."""
        if move.state == "done":
            self._state.add_units(move.source, move.product, move.quantity)
            self._state.add_units(move.target, move.product, -move.quantity)
        move.state, move.written = "cancelled", at
        self._state.open_moves[move.product].pop(move.id, None)

    def delete(self, number: int) -> None:
        """Forget a move that did not happen."""
        move = self._state.moves.pop(number)
        self._state.open_moves[move.product].pop(number, None)
