"""Orders to test with: as plain as can be, changed where a test says so."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from canonical.order import Order, OrderLine
from canonical.party import Address
from canonical.status import OrderStatus, PaymentStatus

NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)


def line(number: int = 1, quantity: int = 1, **more: Any) -> OrderLine:
    """A line of so many units at ten each."""
    values = {"id": f"l{number}", "quantity": quantity, "amount": Decimal(10 * quantity), "sku": f"SKU-{number}"}
    return OrderLine(**{**values, **more})


def order(*lines: OrderLine, **more: Any) -> Order:
    """A paid, open order whose total is that of its lines."""
    wanted = lines or (line(),)
    values: dict[str, Any] = {
        "id": "o1",
        "number": "#1001",
        "placed_at": NOW,
        "updated_at": NOW,
        "currency": "EUR",
        "total": sum((one.net for one in wanted), Decimal(0)),
        "lines": wanted,
        "status": OrderStatus.OPEN,
        "payment_status": PaymentStatus.PAID,
        "shipping_address": Address(street="Main St 1", city="Town", country="DE"),
    }
    return Order(**{**values, **more})
