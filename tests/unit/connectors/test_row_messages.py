"""What a platform says of one row may quote what it was sent: no secret of it is stored or shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from connectors.base import Call, CallOutcome, RowOutcome, RowStatus, WriteRow
from connectors.conformance import Subject, World
from connectors.shipbob.simulator.subject import subject as shipbob
from connectors.shiphero.simulator.subject import subject as shiphero
from connectors.shopify.simulator.subject import subject as shopify
from connectors.simulation import SimRequest, SimResponse
from connectors.stripe.simulator.subject import subject as stripe
from connectors.tryton.simulator.subject import subject as tryton
from connectors.woocommerce.simulator.subject import subject as woocommerce

QUOTED = "quoted-by-the-platform 0123456789"
CASES: dict[str, tuple[Callable[[], Subject], str, str]] = {
    "shopify": (shopify, "_effects", "order.fulfill"),
    "woocommerce": (woocommerce, "_writer", "products.batch"),
    "woocommerce, effects": (woocommerce, "_effects", "order.fulfill"),
    "stripe": (stripe, "_refunds", "refund.create"),
    "shipbob": (shipbob, "_orders", "order.create"),
    "shiphero": (shiphero, "_writer", "order_create"),
    "tryton": (tryton, "_counts", "count"),
}


class Quoting:
    """A part of a connector that hands on what the platform said."""

    def push(self, call: Call) -> CallOutcome:
        return {0: RowOutcome(RowStatus.REJECTED, f"the key {QUOTED} may not", b"{}", "odd"), 1: _FINE}

    def resolve(self, call: Call) -> CallOutcome:
        return self.push(call)


_FINE = RowOutcome(RowStatus.APPLIED, record=b"{}")


@pytest.mark.parametrize("name", CASES)
def test_no_connector_hands_on_a_secret_in_what_was_said_of_a_row(name: str) -> None:
    subject, part, operation = CASES[name]
    connector: Any = World.open(subject(), 1).connector
    connector._client.redact.hide(QUOTED)
    quoting: Any = {"_effects": {operation: Quoting()}, "_counts": Quoting}.get(part, Quoting())
    setattr(connector, part, quoting)
    call = Call(operation, b"", (0, 1), "orders", "x")
    outcomes = [connector.push(call)] if name == "woocommerce" else [connector.push(call), connector.resolve(call)]
    for one in outcomes:
        assert one == {0: RowOutcome(RowStatus.REJECTED, "the key *** may not", b"{}", "odd"), 1: _FINE}


def test_what_shopify_complains_of_at_a_price_is_told_without_the_token() -> None:
    world = World.open(shopify(), 2)
    connector: Any = world.connector
    connector._client.redact.hide(QUOTED)
    answer = world.simulator.answer

    def quoting(request: SimRequest) -> SimResponse:
        response = answer(request)
        body = json.loads(response.body)
        for payload in (body.get("data") or {}).values():
            if isinstance(payload, dict) and "userErrors" in payload:
                wrong = {"field": ["variants", "0", "price"], "message": f"{QUOTED} may not", "code": "GREATER_THAN"}
                payload["userErrors"] = [wrong]
        return SimResponse(response.status, response.headers, json.dumps(body).encode())

    world.simulator.answer = quoting  # type: ignore[method-assign]
    (page,) = connector.pull("productVariants", ["price", "product.id"])
    record = json.loads(bytes(page.records[0]))
    row = WriteRow(0, "productVariants", record["id"], {"price": "12.00"}, parent_id=record["product"]["id"])
    (call,) = connector.pack([row], lambda: "key-1")
    (outcome,) = connector.push(call).values()
    assert outcome.status is RowStatus.REJECTED
    assert QUOTED not in outcome.message
    assert "*** may not" in outcome.message
