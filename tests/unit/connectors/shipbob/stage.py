"""A simulated account with the real connector on it, and shortcuts for what tests look at."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import httpx
import msgspec

from canonical.fulfillment import TargetOrder
from canonical.party import Address, Customer
from canonical.request import CancelRequest, FulfillmentRequest, RequestLine
from connectors.base import Call, Effect, Environment, Page, RowOutcome
from connectors.conformance.world import MemoryState
from connectors.http import RequestRecord
from connectors.shipbob.connector import ShipBobConnector, connect
from connectors.shipbob.simulator import ShipBobSimulator
from connectors.shipbob.simulator.simulator import TOKEN
from connectors.simulation import SimTransport, Ticker
from mappings.documents import DocumentMapping, compile_document, load_documents
from mappings.model import MappingContext

SETTLED = 3600
"""Seconds after which every order has its goods and every figure is told."""
HOME = Address(name="Ada Lovelace", street="1 Main St", city="Chicago", region="IL", postal_code="60607", country="US")
MAPPINGS: dict[str, DocumentMapping] = {
    one.document: compile_document(one, MappingContext("EUR", {"8": "WH1", "20": "WH2"}))
    for one in load_documents("shipbob", None)
}


def records_of(pages: Iterable[Page]) -> list[dict[str, Any]]:
    """All records of some pages, decoded."""
    return [json.loads(bytes(record)) for page in pages for record in page.records]


@dataclass
class Stage:
    """An account, the connector on it, and a list of what the connector sent."""

    clock: Ticker
    account: ShipBobSimulator
    sent: list[RequestRecord] = field(default_factory=list)
    transport: httpx.BaseTransport | None = None

    @cached_property
    def connector(self) -> ShipBobConnector:
        """The connector with the account's own token."""
        return self.connect()

    def connect(self, *, read_only: bool = False, **settings: Any) -> ShipBobConnector:
        """A connector of a fresh process."""
        transport = self.transport or SimTransport(self.account)
        environment = Environment("wms", self.clock, MemoryState(), read_only, transport, self.sent.append)
        return connect({"token": TOKEN, "page_size": 10, **settings}, environment)

    def stock(self, sku: str, units: Mapping[int, int], **more: Any) -> int:
        """A product whose goods arrive in some centers; gives the variant's id."""
        variant = self.account.admin.add(sku, f"The {sku}", **more)
        for center, count in units.items():
            self.account.admin.receive(sku, center, count)
        return variant

    def settle(self) -> None:
        """Let so much time go by that nothing is behind."""
        self.clock.advance(SETTLED)

    def pull(self, resource: str, **settings: Any) -> list[dict[str, Any]]:
        """Everything of a resource."""
        connector = self.connect(**settings) if settings else self.connector
        return records_of(connector.pull(resource, ()))

    def cursor(self, resource: str) -> str:
        """Where the next delta read starts."""
        found = [page.cursor for page in self.connector.pull(resource, ())][-1]
        assert found is not None
        return found

    def changed(self, resource: str, cursor: str) -> list[dict[str, Any]]:
        """What changed since a cursor."""
        return records_of(self.connector.changed_since(resource, (), cursor))

    def target(self, order: int) -> TargetOrder:
        """An order as the shipped mapping reads it."""
        (page,) = self.connector.lookup("orders", (), [str(order)])
        found = MAPPINGS["target_order"].decode(page.records[0])
        assert isinstance(found, TargetOrder)
        return found

    def compose(self, wanted: Mapping[str, int] | None = None, reference: str = "shop-1-1", **more: Any) -> Call:
        """A request, composed from the canonical one."""
        found = request({"TEA": 2} if wanted is None else wanted, reference, **more)
        effect = Effect("order.create", reference, MAPPINGS["fulfillment_request"].encode(found))
        return self.connector.compose(effect, str)

    def create(self, wanted: Mapping[str, int] | None = None, reference: str = "shop-1-1", **more: Any) -> RowOutcome:
        """The outcome of asking for an order."""
        return self.push(self.compose(wanted, reference, **more))

    def cancel(self, reference: str = "shop-1-1", target: str = "") -> RowOutcome:
        """The outcome of asking to cancel."""
        return self.push(self.compose_cancel(reference, target))

    def compose_cancel(self, reference: str = "shop-1-1", target: str = "") -> Call:
        """A cancellation, composed from the canonical one."""
        document = MAPPINGS["cancel_request"].encode(CancelRequest(reference=reference, target_id=target))
        return self.connector.compose(Effect("order.cancel", reference, document, target), str)

    def push(self, call: Call) -> RowOutcome:
        """The outcome of sending a call."""
        return self.connector.push(call)[0]

    def resolve(self, call: Call) -> RowOutcome | None:
        """The outcome of finding out about a call."""
        found = self.connector.resolve(call)
        return found[0] if found else None

    def orders(self) -> list[dict[str, Any]]:
        """The orders that the account holds, as its API shows them."""
        return [self.account.shown(number) for number in self.account.account.orders]

    def calls(self, operation: str) -> int:
        """How many requests of a kind the connector sent."""
        return sum(record.operation == operation for record in self.sent)


def request(wanted: Mapping[str, int], reference: str, **more: Any) -> FulfillmentRequest:
    """What we ask for, in canonical terms."""
    found = FulfillmentRequest(
        reference=reference,
        channel="shop",
        order_id="1",
        order_number="#1001",
        placed_at=datetime(2026, 11, 2, 7, 30, tzinfo=UTC),
        currency="USD",
        lines=tuple(
            RequestLine(line_id=str(at), sku=sku, quantity=units, title=f"The {sku}")
            for at, (sku, units) in enumerate(wanted.items())
        ),
        customer=Customer(name="Ada Lovelace", email="ada@example.com"),
        shipping_address=HOME,
    )
    return msgspec.structs.replace(found, **more)


def linked(variants: Mapping[str, int]) -> tuple[RequestLine, ...]:
    """One unit of each SKU, linked to its variant."""
    lines = request(dict.fromkeys(variants, 1), "any").lines
    return tuple(msgspec.structs.replace(line, record_id=str(variants[line.sku])) for line in lines)


def made(outcome: RowOutcome) -> int:
    """The id of the order that an effect made or found."""
    assert outcome.record is not None, f"{outcome.status.value}: {outcome.message}"
    return int(json.loads(bytes(outcome.record))["id"])
