"""Run ``crossdock`` later than it is, or with rules broken: ``python -m tests.chaos.launch SECONDS RULE+RULE WORDS``.

The hubs that are broken on purpose prove that the judge sees what it is there to see.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

import connectors.shopify.webhooks
import connectors.woocommerce.webhooks
from connectors.base import Call, CallOutcome, RowOutcome, RowStatus
from connectors.shipbob.connector import ShipBobConnector
from crossdock.cli.main import main
from crossdock.clock import SystemClock
from sync.orders import effects


def _live_later(seconds: float) -> None:
    real = SystemClock.now

    def now(self: SystemClock) -> datetime:
        return real(self) + timedelta(seconds=seconds)

    SystemClock.now = now  # type: ignore[method-assign]


def _ask_twice() -> None:
    """Asks the 3PL twice, the second time under another name: that is what no platform can refuse."""
    push = ShipBobConnector.push

    def twice(self: ShipBobConnector, call: Call) -> CallOutcome:
        outcome = push(self, call)
        if call.operation == "order.create":
            body = msgspec.json.decode(call.body)
            body["body"]["reference_id"] += "1"
            push(self, replace(call, body=msgspec.json.encode(body)))
        return outcome

    ShipBobConnector.push = twice  # type: ignore[method-assign]


def _forget_some() -> None:
    """Takes every tenth effect for done that was never sent."""
    send = effects._Sender._send

    def sometimes(self: Any, row: Any) -> None:
        if row.id % 10:
            send(self, row)
        else:
            self._close(row, RowOutcome(RowStatus.APPLIED))

    effects._Sender._send = sometimes  # type: ignore[method-assign]


def _believe_everybody() -> None:
    """Believes whatever the shops seem to tell, whoever signed it."""
    for receiver in (connectors.shopify.webhooks, connectors.woocommerce.webhooks):
        receiver.__dict__["signed"] = lambda *_: True


RULES: Mapping[str, Callable[[], None]] = {
    "asks-twice": _ask_twice,
    "forgets": _forget_some,
    "believes-everybody": _believe_everybody,
}


if __name__ == "__main__":
    later, rule, *rest = sys.argv[1:]
    _live_later(float(later))
    for one in rule.split("+"):
        RULES.get(one, lambda: None)()
    sys.argv = ["crossdock", *rest]
    main()
