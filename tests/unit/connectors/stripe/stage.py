"""A simulated account with the real connector on it, and shortcuts for what tests look at."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import count
from typing import Any

from canonical.request import RefundRequest
from connectors.base import Call, Effect, Environment, Page, RowOutcome
from connectors.conformance.world import MemoryState
from connectors.http import RequestRecord
from connectors.simulation import SimTransport, Ticker
from connectors.stripe.connector import StripeConnector, connect
from connectors.stripe.simulator import StripeSimulator
from connectors.stripe.simulator.simulator import SECRET_KEY
from mappings.documents import DocumentMapping, compile_document, load_documents
from mappings.model import MappingContext

DAY = 86_400
MAPPINGS: dict[str, DocumentMapping] = {
    one.document: compile_document(one, MappingContext("EUR")) for one in load_documents("stripe", None)
}


def records_of(pages: Iterable[Page]) -> list[dict[str, Any]]:
    """All records of some pages, decoded."""
    return [json.loads(bytes(record)) for page in pages for record in page.records]


def ids_of(pages: Iterable[Page]) -> list[str]:
    """The ids on some pages, repeated ones too."""
    return [record["id"] for record in records_of(pages)]


@dataclass
class Stage:
    """An account, the connector on it, and a list of what the connector sent."""

    clock: Ticker
    account: StripeSimulator
    sent: list[RequestRecord] = field(default_factory=list)
    keys: Any = field(default_factory=count)

    @cached_property
    def connector(self) -> StripeConnector:
        """The connector with the account's own key."""
        return self.connect()

    def connect(self, *, read_only: bool = False, **settings: Any) -> StripeConnector:
        """A connector of a fresh process."""
        given = {"api_key": SECRET_KEY, "api_base": "https://api.stripe.com", **settings}
        transport = SimTransport(self.account)
        return connect(given, Environment("pay", self.clock, MemoryState(), read_only, transport, self.sent.append))

    def pull(self, resource: str, *fields: str, **settings: Any) -> list[dict[str, Any]]:
        """Everything of a resource."""
        connector = self.connect(**settings) if settings else self.connector
        return records_of(connector.pull(resource, fields))

    def documents(self, document: str) -> list[Any]:
        """Everything of a kind, as the shipped mapping reads it."""
        mapping = MAPPINGS[document]
        pages = self.connector.pull(mapping.resource, mapping.read_paths)
        return [mapping.decode(record) for page in pages for record in page.records]

    def cursor(self, resource: str) -> str:
        """Where the next delta read starts."""
        found = [page.cursor for page in self.connector.pull(resource, ())][-1]
        assert found is not None
        return found

    def changed(self, resource: str, cursor: str, *fields: str) -> list[dict[str, Any]]:
        """What changed since a cursor."""
        return records_of(self.connector.changed_since(resource, fields, cursor))

    def call(
        self, place: str, amount: str = "5.00", currency: str = "EUR", reference: str = "refund-1", **more: Any
    ) -> Call:
        """A refund, composed from the canonical notice."""
        notice = RefundRequest(reference=reference, payment_id=place, amount=Decimal(amount), currency=currency, **more)
        effect = Effect("refund.create", reference, MAPPINGS["refund_request"].encode(notice), place)
        return self.connector.compose(effect, lambda: f"key-{next(self.keys)}")

    def push(self, call: Call) -> RowOutcome:
        """The outcome of sending a call."""
        return self.connector.push(call)[0]

    def resolve(self, call: Call) -> RowOutcome | None:
        """The outcome of finding out about a call."""
        found = self.connector.resolve(call)
        return found[0] if found else None

    def refunds(self) -> list[dict[str, Any]]:
        """The refunds that the account holds."""
        return list(self.account.snapshot()["refund"].values())
