"""Sales as the conformance suite does them: made, called off, shipped."""

from __future__ import annotations

from collections.abc import Collection

from connectors.base import JSON, Effect
from connectors.conformance import EffectCase
from connectors.simulation import Simulator
from connectors.tryton.simulator.simulator import TrytonSimulator

_UNITS = 2
_ADDRESS: dict[str, JSON] = {"street": "1 Main St", "city": "Berlin", "postal_code": "10115", "country": "DE"}
_PEOPLE = (("parties",), ("addresses",), ("mechanisms",))


def place(simulator: Simulator, count: int) -> None:
    """People enter sales, one for each item."""
    for index in range(count):
        _tryton(simulator).clerk.sell(f"by-hand-{index}", {_sku(index): 1}, "WH1")


def touch(simulator: Simulator, index: int) -> None:
    """The shipment of a sale leaves."""
    clerk = _tryton(simulator).clerk
    number = list(_tryton(simulator).desk.trade.sales)[index]
    clerk.ship(clerk.shipments(number)[0].id)


def _order(simulator: Simulator, index: int, reference: str) -> Effect:
    return Effect("sale.create", reference, _document(_tryton(simulator).product_id(_sku(index)), reference))


def _bad_order(simulator: Simulator, reference: str) -> Effect:
    return Effect("sale.create", reference, _document("999999", reference))


def _document(product: str, reference: str) -> dict[str, JSON]:
    line: dict[str, JSON] = {"product": product, "sku": "any", "quantity": _UNITS, "amount": "20.01"}
    return {
        "web_id": reference,
        "channel": "shop",
        "currency": "EUR",
        "total": "24.91",
        "buyer": {"name": "Ada Lovelace", "email": f"{reference}@example.com"},
        "delivery": _ADDRESS,
        "lines": [line],
        "charges": [{"kind": "shipping", "amount": "4.90"}],
    }


def _made(simulator: Simulator, index: int, reference: str) -> int:
    """How often the goods of the order are promised."""
    clerk = _tryton(simulator).clerk
    return sum(len(clerk.shipments(sale.id)) for sale in clerk.sales(reference))


def _of_sale(simulator: Simulator, index: int, reference: str) -> Collection[tuple[str, ...]]:
    return [("sales", reference), ("shipments",), ("invoices",), ("moves",), *_PEOPLE]


def _cancellation(simulator: Simulator, index: int, reference: str) -> Effect:
    sale = str(_tryton(simulator).clerk.sell(reference, {_sku(index): _UNITS}, "WH1"))
    return Effect("sale.cancel", reference, {"web_id": reference, "sale": sale}, sale)


def _bad_cancellation(simulator: Simulator, reference: str) -> Effect:
    return Effect("sale.cancel", reference, {"web_id": "no-such-sale"}, "999999")


def _canceled(simulator: Simulator, index: int, reference: str) -> int:
    """Whether the goods of the sale are promised to nobody, and nobody is asked what shall become of them."""
    clerk = _tryton(simulator).clerk
    states = {one.state for sale in clerk.sales(reference) for one in clerk.shipments(sale.id)}
    handled = all(sale.shipment_state == sale.invoice_state == "none" for sale in clerk.sales(reference))
    return int(states == {"cancelled"} and handled)


def _of_cancellation(simulator: Simulator, index: int, reference: str) -> Collection[tuple[str, ...]]:
    sale = _tryton(simulator).clerk.sale(reference).id
    clerk = _tryton(simulator).clerk
    shipments = [("shipments", str(one.id)) for one in clerk.shipments(sale)]
    invoices = [("invoices", str(one.id)) for one in clerk.invoices(sale)]
    return [("sales", reference), *shipments, *invoices, ("moves",)]


def _notice(simulator: Simulator, index: int, reference: str) -> Effect:
    sale = str(_tryton(simulator).clerk.sell(f"sold-{reference}", {_sku(index): _UNITS}, "WH1"))
    document: dict[str, JSON] = {
        "sale": sale,
        "lines": [{"sku": _sku(index), "quantity": 1}],
        "tracking": [{"carrier": "DHL", "number": f"T-{reference}"}],
    }
    return Effect("sale.ship", reference, document, sale)


def _bad_notice(simulator: Simulator, reference: str) -> Effect:
    sale = str(_tryton(simulator).clerk.sell(f"sold-{reference}", {_sku(0): 1}, "WH1"))
    return Effect("sale.ship", reference, {"sale": sale, "lines": [{"sku": _sku(0), "quantity": 5}]}, sale)


def _shipped(simulator: Simulator, index: int, reference: str) -> int:
    """Units of the sale that have left."""
    erp = _tryton(simulator)
    shipments = erp.clerk.shipments(erp.clerk.sale(f"sold-{reference}").id)
    moves = [erp.state.moves[number] for one in shipments if one.state == "done" for number in one.outgoing]
    return int(sum(move.quantity for move in moves))


def _of_notice(simulator: Simulator, index: int, reference: str) -> Collection[tuple[str, ...]]:
    product = _tryton(simulator).product_id(_sku(index))
    return [("sales", f"sold-{reference}"), ("products", product, "stock"), ("shipments",), ("moves",), ("notes",)]


def _sku(index: int) -> str:
    return f"SKU-{index:05d}"


def _tryton(simulator: Simulator) -> TrytonSimulator:
    if not isinstance(simulator, TrytonSimulator):
        raise TypeError(f"not a Tryton simulator: {simulator!r}")
    return simulator


CASES = (
    EffectCase("sale.create", _order, _made, _bad_order, _of_sale),
    EffectCase("sale.cancel", _cancellation, _canceled, _bad_cancellation, _of_cancellation),
    EffectCase("sale.ship", _notice, _shipped, _bad_notice, _of_notice),
)
