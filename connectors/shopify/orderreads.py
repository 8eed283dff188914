"""One order as it is now, as far as a write of ours must know it, and what Shopify said to that write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from canonical.errors import AmbiguousError
from connectors.base import JSON
from connectors.http import Answer
from connectors.shopify.client import ShopifyClient, request_body
from connectors.shopify.documents import MUTATION_COST, ORDERS, Wanted
from connectors.shopify.effectdocs import EFFECTS
from connectors.shopify.nesting import FurtherReader, complete
from connectors.shopify.pages import Pager
from connectors.shopify.selection import name_holders, parse_selection
from connectors.shopify.shapes import Data, UserError


class _Payload(msgspec.Struct, frozen=True, rename="camel"):
    user_errors: list[UserError]


class _Written(msgspec.Struct, frozen=True):
    written: _Payload | None


@dataclass(frozen=True, slots=True)
class OrderDesk:
    """Reads single orders and sends what is done to them."""

    client: ShopifyClient
    max_query_cost: int

    def order(self, gid: str, text: str, name: str) -> dict[str, Any] | None:
        """An order with these fields, its lists whole; None when there is none of that id."""
        selection = parse_selection(text)
        name_holders(selection)
        ask = Wanted(ORDERS, selection, 1)
        further = FurtherReader(self.client, ask.sizes, ORDERS, self.max_query_cost)
        for chunk in Pager(self.client, ask, self.max_query_cost, list, name).by_ids([gid]):
            for raw in chunk.records:
                order = msgspec.json.decode(raw, type=dict[str, Any])
                complete(order, selection, further, self.client.connection)
                return order
        return None

    def write(self, operation: str, variables: dict[str, JSON]) -> str:
        """Send a mutation; what Shopify has against it, or nothing. AmbiguousError when its answer does not tell."""
        text = EFFECTS[operation]
        answer = self.client.post(operation, text, request_body(text, variables), MUTATION_COST)
        return _complaint(answer)


def _complaint(answer: Answer) -> str:
    payload = answer.decode(Data[_Written]).data.written
    if payload is None:
        raise AmbiguousError(f"{answer.place}: Shopify answered without a result; the write may have taken effect")
    return "; ".join(error.message for error in payload.user_errors[:3])
