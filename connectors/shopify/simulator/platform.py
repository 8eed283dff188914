"""One shop with everything a request may touch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from canonical.clock import Clock
from connectors.shopify.simulator.adjustments import AdjustmentGroup
from connectors.shopify.simulator.bulk import BulkRunner
from connectors.shopify.simulator.context import failed
from connectors.shopify.simulator.deliveries import Outbox
from connectors.shopify.simulator.fulfilling import FulfillmentDesk
from connectors.shopify.simulator.idempotency import IdempotencyLog
from connectors.shopify.simulator.order_book import OrderBook
from connectors.shopify.simulator.order_desk import OrderDesk
from connectors.shopify.simulator.records import Level, Record
from connectors.shopify.simulator.refunding import RefundDesk
from connectors.shopify.simulator.staged import StagedUploads
from connectors.shopify.simulator.store import Store, Table
from connectors.shopify.simulator.switches import Switches
from connectors.shopify.simulator.versions import VERSIONS
from connectors.shopify.simulator.webhooks import WebhookSubscription
from connectors.simulation import CallLog

_GID = re.compile(r"gid://shopify/(\w+)/(\d+)(?:\?inventory_item_id=(\d+))?")


class Platform:
    """The shop's data and the machinery around it."""

    def __init__(
        self, clock: Clock, log: CallLog, currency: str, domain: str, switches: Switches, secret: str = ""
    ) -> None:
        self.clock = clock
        self.log = log
        self.switches = switches
        self.store: Store = Store(currency)
        self.domain = domain
        self.shop_name = domain.split(".", 1)[0].replace("-", " ").title()
        self.opened_at = self.now()
        self.idempotency = IdempotencyLog(switches)
        self.bulk: BulkRunner = BulkRunner(switches)
        self.staged = StagedUploads()
        self.webhooks: Table[WebhookSubscription] = Table()
        self.groups: Table[AdjustmentGroup] = Table()
        self.book = OrderBook()
        self.desk = OrderDesk(self.store, self.book, switches)
        self.refund_desk = RefundDesk(self.desk)
        self.fulfillment_desk = FulfillmentDesk(self.desk)
        self.outbox = Outbox(secret, domain, VERSIONS[-1])
        self.book.tell = lambda topic, record: self.outbox.tell(topic, record, self.webhooks, self.now())

    def now(self) -> datetime:
        """The present in whole seconds, as the platform stamps its records."""
        return self.clock.now().replace(microsecond=0)

    def table(self, typename: str) -> Table[Any]:
        """All records of a type."""
        tables: dict[str, Table[Any]] = {
            "Product": self.store.products,
            "ProductVariant": self.store.variants,
            "InventoryItem": self.store.items,
            "Location": self.store.locations,
            "BulkOperation": self.bulk.table,
            "WebhookSubscription": self.webhooks,
            "InventoryAdjustmentGroup": self.groups,
        }
        return tables[typename] if typename in tables else self.book.table(typename)

    def find(self, typename: str, gid: str) -> Any:
        """The record of a global id that must be of this type, or None; GraphQLError when it is no global id."""
        found = _parsed(gid)
        if found[1] != typename:
            return None
        if typename == "InventoryLevel":
            return self._level(int(found[2]), found[3])
        return self.table(typename).get(int(found[2]))

    def find_any(self, gid: str) -> Record | None:
        """The record of a global id of any type, or None."""
        record = self.find(_parsed(gid)[1], gid)
        return record if isinstance(record, Record) else None

    def levels(self) -> Iterator[Level]:
        """Every level of every item."""
        return (level for item in self.store.items for level in item.levels.values())

    def _level(self, number: int, item_number: str | None) -> Level | None:
        item = None if item_number is None else self.store.items.get(int(item_number))
        levels = () if item is None else item.levels.values()
        return next((level for level in levels if level.number == number), None)


def _parsed(gid: str) -> re.Match[str]:
    found = _GID.fullmatch(gid)
    if found is None:
        raise failed(f"Invalid global id '{gid}'", "INVALID_VARIABLE")
    return found
