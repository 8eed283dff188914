"""One order as it is looked at: what is known of it now, and where it stands after the look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row

from canonical.order import Order
from sync.hub import Hub
from sync.orders import requests, store
from sync.orders.lines import Sellable
from sync.orders.requests import Existing
from sync.orders.routes import OrderFlow


@dataclass(frozen=True, slots=True)
class Case:
    """An order under a look; ``need`` are the units by line that the buyer is to get, or got."""

    hub: Hub
    connection: Connection
    row: Row[Any]
    order: Order
    sellables: Mapping[str, Sellable]
    need: Mapping[str, int] = field(default_factory=dict)

    @property
    def flow(self) -> OrderFlow:
        """How the orders of its channel flow."""
        return self.hub.config.orders[self.row.connection]

    @property
    def skus(self) -> dict[str, str]:
        """What each line is: our SKU, or that of the channel where we know none."""
        known = self.sellables
        return {line.id: known[line.id].sku if line.id in known else line.sku for line in self.order.lines}

    def requests(self) -> list[Existing]:
        """Every request it ever had, as they are by now."""
        return store.requests_of(self.connection, self.row.id)

    def waives(self, reason: str) -> bool:
        """Whether a person let this reason pass."""
        return reason in self.row.waived.split()

    def is_told(self, target: str) -> bool:
        """Whether a target can be told of shipments that are not its own."""
        return "shipment_notice" in self.hub.config.connections[target].documents

    def next_generation(self, target: str) -> int:
        """The next generation for a target; one whose reference another order has there already is passed over."""
        mine = (one.generation for one in self.requests() if one.connection == target)
        number = max(mine, default=0) + 1
        while store.is_taken(self.connection, target, requests.reference(self.row.connection, self.order.id, number)):
            number += 1
        return number


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an order stands after a look; ``not_before`` is when it must be looked at again all the same."""

    state: str
    reason: str = ""
    detail: str = ""
    not_before: str = ""


def said_by(connection: str, detail: str) -> str:
    """What a connection said, with its name in front once."""
    return detail if detail.startswith(f"{connection}: ") else f"{connection}: {detail}"
