"""Processing sales: the invoice and the shipments they still need, and the states that follow from both."""

from __future__ import annotations

from datetime import datetime

from connectors.tryton.simulator.moves import CUSTOMER, Moves
from connectors.tryton.simulator.state import OUTPUT, STORAGE, Move, State
from connectors.tryton.simulator.trade import Invoice, Sale, SaleLine, Shipment, Trade


class Processing:
    """Brings sales to what their lines, shipments and invoices say; as often as anything of them changes."""

    def __init__(self, state: State, trade: Trade, moves: Moves) -> None:
        self._state = state
        self._trade = trade
        self._moves = moves

    def movable(self, line: SaleLine) -> bool:
        """Whether a line is of goods."""
        return bool(line.product) and self._state.template_of(line.product or 0).type == "goods"

    def process(self, sale: Sale, at: datetime) -> list[str]:
        """Make what is missing, then settle the states."""
        before = (sale.state, sale.invoice_state, sale.shipment_state)
        effects = self._invoice(sale, at) + self._ship(sale, at)
        sale.invoice_state, sale.shipment_state = self._invoice_state(sale), self._shipment_state(sale)
        sale.state = "done" if self._is_done(sale) else "processing"
        after = (sale.state, sale.invoice_state, sale.shipment_state)
        if after != before:
            sale.written = at
            effects.append(f"sale {sale.id} {', '.join(after)}")
        return effects

    def _invoice(self, sale: Sale, at: datetime) -> list[str]:
        recreated = set(sale.invoices_recreated)
        if sale.invoice_method != "order" or any(number not in recreated for number in sale.invoices):
            return []
        invoice = Invoice(self._state.next_id("invoice"), at, sale=sale.id)
        self._trade.invoices[invoice.id] = invoice
        sale.invoices.append(invoice.id)
        return [f"invoice {invoice.id} drafted"]

    def _ship(self, sale: Sale, at: datetime) -> list[str]:
        if sale.shipment_method != "order" or not sale.warehouse:
            return []
        needs = [(line, need) for line in self._trade.lines_of(sale) if (need := self._need(line)) > 0]
        if not needs:
            return []
        zones = self._state.locations[sale.warehouse].zones
        number = str(self._state.next_id("shipment number"))
        shipment = Shipment(
            self._moves.next_id(),
            at,
            number=number,
            state="waiting",
            warehouse=sale.warehouse,
            storage=zones[STORAGE],
            output=zones[OUTPUT],
            planned_date=self._moves.today(),
        )
        self._trade.shipments[shipment.id] = shipment
        for line, need in needs:
            move = self._moves.add(
                line.product or 0, need, shipment.output, CUSTOMER, shipment.planned_date, at, f"sale.line,{line.id}"
            )
            line.moves.append(move.id)
            shipment.outgoing.append(move.id)
        self._moves.pick_list(shipment, at)
        return [f"shipment {shipment.id} waits"]

    def _need(self, line: SaleLine) -> float:
        """Units that no move is there for yet; a canceled move counts until someone says to make it anew."""
        if not self.movable(line) or (line.quantity or 0) <= 0:
            return 0.0
        counted = [number for number in line.moves if number not in line.moves_recreated]
        return (line.quantity or 0.0) - sum(self._state.moves[number].quantity for number in counted)

    def _invoice_state(self, sale: Sale) -> str:
        handled = {*sale.invoices_ignored, *sale.invoices_recreated}
        states = [self._trade.invoices[number].state for number in sale.invoices if number not in handled]
        if not states:
            return "none"
        if "cancelled" in states:
            return "exception"
        if "paid" in states:
            return "paid" if set(states) == {"paid"} else "partially paid"
        return "awaiting payment" if "posted" in states else "pending"

    def _shipment_state(self, sale: Sale) -> str:
        lines = [line for line in self._trade.lines_of(sale) if self.movable(line)]
        if any(self._is_open(line, move) for line in lines for move in self._of(line)):
            return "exception"
        if all(move.state == "cancelled" for line in lines for move in self._of(line)):
            return "none"
        progress = [self.progress(line) for line in lines]
        if all(one >= 1 for one in progress):
            return "sent"
        return "partially shipped" if any(progress) else "waiting"

    def progress(self, line: SaleLine) -> float:
        """The part of a line that has left or was given up."""
        moves = self._of(line)
        settled = sum(move.quantity for move in moves if move.state == "done" or move.id in line.moves_ignored)
        return max(0.0, min(1.0, settled / line.quantity)) if line.quantity else 1.0

    def _is_done(self, sale: Sale) -> bool:
        given_up = bool(sale.invoices) and all(number in sale.invoices_ignored for number in sale.invoices)
        paid = sale.invoice_state == "paid" or (sale.invoice_state == "none" and given_up)
        lines = [line for line in self._trade.lines_of(sale) if self.movable(line)]
        left = sale.shipment_state == "sent" or (
            sale.shipment_state == "none" and all(self.progress(line) >= 1 for line in lines)
        )
        return paid and left

    def _of(self, line: SaleLine) -> list[Move]:
        return [self._state.moves[number] for number in line.moves]

    @staticmethod
    def _is_open(line: SaleLine, move: Move) -> bool:
        """Whether a move was canceled and nobody said yet what shall become of it."""
        return move.state == "cancelled" and move.id not in {*line.moves_ignored, *line.moves_recreated}
