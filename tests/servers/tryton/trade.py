"""Orders for a company at Tryton: requests by way of the shipped mappings, and what became of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

import msgspec

from canonical.fulfillment import ShippedLine, TargetOrder, Tracking
from canonical.order import Tax
from canonical.party import Address, Customer
from canonical.request import CancelRequest, FulfillmentRequest, RequestCharge, RequestLine, ShipmentNotice
from connectors.base import Call, Effect, RowOutcome, RowStatus
from connectors.tryton.connector import TrytonConnector
from mappings.documents import DocumentMapping, compile_document, load_documents
from mappings.model import MappingContext
from tests.servers.tryton.catalog import SHOP, TAXES
from tests.servers.tryton.rpc import Rpc
from tests.servers.tryton.world import World

ANN = Customer(external_id="gid://shopify/Customer/7", name="Ann Lee", email="ann@example.com", phone="+49 30 1234")
HOME = Address(name="Ann Lee", street="Road 1", street2="c/o Bo", city="Berlin", postal_code="10115", country="DE")
PLACED = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)


def line(sku: str, units: int = 1, amount: str = "10.50", *taxes: Tax, discount: str = "0") -> RequestLine:
    """Units of a product, not linked yet."""
    return RequestLine(
        line_id=f"l-{sku}",
        sku=sku,
        quantity=units,
        title=f"The {sku}",
        amount=Decimal(amount),
        discount=Decimal(discount),
        taxes=taxes,
    )


def vat(amount: str, rate: str = "0.19") -> Tax:
    """A tax at a rate the company has."""
    return Tax(amount=Decimal(amount), title="VAT", rate=Decimal(rate))


@dataclass
class Trade:
    """A channel's orders at one world."""

    world: World
    settings: dict[str, str | int] = field(default_factory=dict)

    @cached_property
    def rpc(self) -> Rpc:
        return Rpc(self.world)

    @cached_property
    def shop(self) -> int:
        return self.rpc.id_of("web.shop", [["name", "=", SHOP]])

    @cached_property
    def taxes(self) -> str:
        """The setting that names the company's taxes."""
        ids = {row["name"]: row["id"] for row in self.rpc.rows("account.tax", [], "name")}
        return " ".join(f"{rate}={ids[name]}" for name, rate in TAXES.items())

    @cached_property
    def mappings(self) -> dict[str, DocumentMapping]:
        places = {number: code for code, number in self.world.warehouse_ids.items()}
        context = MappingContext("EUR", places)
        return {one.document: compile_document(one, context) for one in load_documents("tryton", None)}

    def connect(self, *, read_only: bool = False, **settings: str | int) -> TrytonConnector:
        """A connector that takes orders."""
        warehouse = int(self.world.warehouse_ids["WH1"])
        given = {"web_shop": self.shop, "warehouse": warehouse, **self.settings, **settings}
        return self.world.connect(read_only=read_only, **given)

    def request(
        self,
        reference: str,
        lines: Sequence[RequestLine],
        charges: Sequence[RequestCharge] = (),
        **more: Any,
    ) -> FulfillmentRequest:
        """An order whose total is the sum of its parts, its lines linked."""
        included = more.get("taxes_included", False)
        parts = [one.amount - one.discount for one in lines] + [one.amount for one in charges]
        if not included:
            parts += [tax.amount for one in lines for tax in one.taxes]
            parts += [tax.amount for one in charges for tax in one.taxes]
        linked = tuple(msgspec.structs.replace(one, record_id=self.world.product_ids.get(one.sku, "")) for one in lines)
        given: dict[str, Any] = {"customer": ANN, "shipping_address": HOME, "currency": "EUR", **more}
        return FulfillmentRequest(
            reference=reference,
            channel="shop_eu",
            order_id=f"id-{reference}",
            order_number=f"#{reference}",
            placed_at=PLACED,
            lines=linked,
            charges=tuple(charges),
            **{"total": sum(parts, Decimal(0)), **given},
        )

    def effect(self, document: msgspec.Struct, reference: str, target: str = "") -> Effect:
        """An effect as the engine makes it of a canonical document."""
        kinds = {
            FulfillmentRequest: "fulfillment_request",
            CancelRequest: "cancel_request",
            ShipmentNotice: "shipment_notice",
        }
        mapping = self.mappings[kinds[type(document)]]
        return Effect(mapping.operation, reference, mapping.encode(document), target)

    def order(self, connector: TrytonConnector, request: FulfillmentRequest) -> Call:
        """The call that makes a sale of a request."""
        return connector.compose(self.effect(request, request.reference), lambda: "unused")

    def cancel(self, connector: TrytonConnector, reference: str, sale: str = "") -> Call:
        """The call that calls a sale off."""
        return connector.compose(self.effect(CancelRequest(reference=reference, target_id=sale), reference), str)

    def notice(self, connector: TrytonConnector, reference: str, sale: str, **units: int) -> Call:
        """The call that books a shipment; units by product, with ``_`` for a dash."""
        lines = tuple(ShippedLine(quantity=count, sku=sku.replace("_", "-")) for sku, count in units.items())
        parcel = Tracking(carrier="DHL", number=f"T-{reference}")
        document = ShipmentNotice(
            reference=reference, order_id=sale, lines=lines, tracking=(parcel,), location="WH1", shipped_at=PLACED
        )
        return connector.compose(self.effect(document, reference, sale), str)

    def made(self, connector: TrytonConnector, request: FulfillmentRequest) -> TargetOrder:
        """Make a sale, and give it as the hub reads it."""
        outcome = connector.push(self.order(connector, request))[0]
        assert outcome.status is RowStatus.APPLIED, outcome.message
        return self.told(outcome)

    def told(self, outcome: RowOutcome) -> TargetOrder:
        """The sale that came with an outcome."""
        document = self.mappings["target_order"].decode(outcome.record or b"")
        assert isinstance(document, TargetOrder)
        return document

    def read(self, connector: TrytonConnector, sale: str) -> TargetOrder:
        """A sale as it is now."""
        (record,) = [one for page in connector.lookup("sales", (), [sale]) for one in page.records]
        return self.told(RowOutcome(RowStatus.APPLIED, record=record))

    def sales(self, reference: str) -> list[dict[str, Any]]:
        """Every sale of a reference, as the server has it."""
        names = ("state", "total_amount", "party", "number", "reference", "lines", "shipments", "web_id")
        return self.rpc.rows("sale.sale", [["web_id", "=", reference]], *names)

    def total(self, reference: str) -> Decimal:
        """The total of the only sale of a reference."""
        (sale,) = self.sales(reference)
        return Decimal(sale["total_amount"]["decimal"])

    def shipments(self, reference: str) -> list[dict[str, Any]]:
        """The shipments of a sale."""
        ids = [number for sale in self.sales(reference) for number in sale["shipments"]]
        return self.rpc.rows("stock.shipment.out", [["id", "in", ids]], "state", "reference", "effective_date")

    def figures(self, connector: TrytonConnector, sku: str) -> tuple[str, str]:
        """What lies in the first warehouse of a product, and what of it is promised to nobody."""
        paths = ("levels[].quantity", "levels[].forecast_quantity")
        (page,) = connector.lookup("stock", paths, [self.world.product_ids[sku]])
        levels = plain(page.records[0])["levels"]
        (level,) = [one for one in levels if one["location"] == self.world.warehouse_ids["WH1"]]
        return str(level["quantity"]), str(level["forecast_quantity"])

    def seen(self, connector: TrytonConnector, cursor: str) -> list[str]:
        """The sales that changed since a cursor."""
        pages = connector.changed_since("sales", (), cursor)
        return [str(plain(record)["id"]) for page in pages for record in page.records]


def plain(record: Any) -> dict[str, Any]:
    """A record of the connector, decoded."""
    return dict(json.loads(bytes(record or b"{}")))
