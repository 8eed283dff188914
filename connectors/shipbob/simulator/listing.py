"""Lists: orders by page number, all else by an address of the next page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urlencode

from canonical.clock import parse_instant
from connectors.shipbob.simulator.asked import given, moment, numbers, whole
from connectors.shipbob.simulator.errors import ShipBobError, invalid
from connectors.shipbob.simulator.returns import ReturnWish
from connectors.shipbob.simulator.state import Account, Json, Order, Product, ReturnOrder, Variant
from connectors.shipbob.simulator.switches import Switches
from connectors.simulation import SimRequest, SimResponse, json_response

T = TypeVar("T")

_HOSTS = {"absolute": "https://api.shipbob.com", "internal": "http://shipbob-api.internal:8080/api/v3", "relative": ""}
_MOST = 250


@dataclass(frozen=True, slots=True)
class _Wish:
    """Which orders are asked for."""

    ids: frozenset[int]
    references: tuple[str, ...]
    channel: str
    tracked: str
    created: tuple[datetime | None, datetime | None]
    updated: tuple[datetime | None, datetime | None]

    @classmethod
    def of(cls, request: SimRequest) -> _Wish:
        """Read the parameters; refused when one of them is malformed."""
        return cls(
            frozenset(numbers(request, "IDs")),
            tuple(one for one in given(request, "ReferenceIds").split(",") if one),
            request.headers.get("shipbob_channel_id", ""),
            given(request, "HasTracking").lower(),
            (moment(request, "StartDate"), moment(request, "EndDate")),
            (moment(request, "LastUpdateStartDate"), moment(request, "LastUpdateEndDate")),
        )

    def is_in_time(self, order: Order) -> bool:
        """Whether an order was made and changed strictly between the instants asked for."""
        return all(
            (start is None or at > start) and (end is None or at < end)
            for at, (start, end) in ((order.created, self.created), (order.updated, self.updated))
        )


class Lists:
    """Finds what a list holds, and cuts it into pages."""

    def __init__(self, account: Account, switches: Switches) -> None:
        self._account = account
        self._switches = switches

    def orders(self, request: SimRequest) -> list[Order]:
        """One page of the orders that fit."""
        wish = _Wish.of(request)
        found = [order for order in self._account.orders.values() if self._fits(order, wish)]
        order = given(request, "SortOrder") or "Newest"
        if order not in ("Newest", "Oldest"):
            raise invalid("SortOrder", f"The value '{order}' is not valid for SortOrder.")
        if order == "Newest":
            found.reverse()
        limit = whole(request, "Limit", 50, _MOST)
        page = whole(request, "Page", 1, 2_147_483_647)
        return found[(page - 1) * limit : page * limit]

    def products(self, request: SimRequest) -> list[Product]:
        """The products that fit."""
        since = given(request, "LastUpdatedTimestamp")
        variants, skus = numbers(request, "VariantId"), {given(request, "SKU"), given(request, "SellerSKU")} - {""}
        found: list[Product] = []
        for product in self._account.products.values():
            own = [one for one in self._account.variants.values() if one.product_id == product.id]
            if variants and not any(one.id in variants for one in own):
                continue
            if skus and not any(self._is_like(one, sku) for one in own for sku in skus):
                continue
            if since and product.updated <= parse_instant(since):
                continue
            found.append(product)
        return found

    def levels(self, request: SimRequest) -> list[Variant]:
        """The variants whose inventory items fit; a bundle has none of its own."""
        wanted = numbers(request, "InventoryIds")
        every = [one for one in self._account.variants.values() if not one.parts]
        return [one for one in every if not wanted or one.inventory_id in wanted]

    def returns(self, request: SimRequest) -> list[ReturnOrder]:
        """The returns that fit, the newest first unless the oldest are asked for."""
        order = given(request, "SortOrder") or "Desc"
        if order not in ("Asc", "Desc"):
            raise invalid("SortOrder", f"The value '{order}' is not valid for SortOrder.")
        wish = ReturnWish.of(request)
        found = [one for one in self._account.returns.values() if wish.fits(one)]
        return found if order == "Asc" else found[::-1]

    def paged(
        self,
        request: SimRequest,
        found: Sequence[T],
        key: Callable[[T], int],
        show: Callable[[T], Json],
        *,
        size: str = "PageSize",
    ) -> Json:
        """One page of a list, with the address of the next; ``size`` is what its size is asked for by."""
        most = whole(request, size, 50, _MOST)
        after = self._after(request)
        rest = [one for one in found if key(one) > after]
        shown = rest[:most]
        following = self._address(request, key(shown[-1])) if len(rest) > most else None
        return {"items": [show(one) for one in shown], "first": None, "last": None, "next": following, "prev": None}

    def numbered(self, request: SimRequest, found: Sequence[T], show: Callable[[T], Json]) -> SimResponse:
        """One page of a list whose cursor is the number of the page; headers count what there is."""
        size, page = whole(request, "Limit", 50, _MOST), whole(request, "Cursor", 1, 2_147_483_647)
        shown = found[(page - 1) * size : page * size]
        pages = max(1, -(-len(found) // size))
        headers = {"page-number": page, "total-pages": pages, "total-count": len(found), "page-size": size}
        body: Json = {"items": [show(one) for one in shown], "first": None, "last": None, "prev": None}
        kept = [(name, value) for name, value in request.query if name.lower() != "cursor"]
        address = f"{_HOSTS['absolute']}{request.path}?{urlencode([*kept, ('Cursor', page + 1)])}"
        body["next"] = address if page < pages else None
        return json_response(body, headers={name: str(value) for name, value in headers.items()})

    def _address(self, request: SimRequest, last: int) -> str:
        kept = [(name, value) for name, value in request.query if name.lower() != "cursor"]
        cursor = base64.urlsafe_b64encode(f"id:{last}".encode()).decode()
        path = request.path if self._switches.next_form != "internal" else f"/{request.path.rpartition('/')[2]}s"
        return f"{_HOSTS[self._switches.next_form]}{path}?{urlencode([*kept, ('Cursor', cursor)])}"

    @staticmethod
    def _after(request: SimRequest) -> int:
        cursor = next((value for name, value in request.query if name.lower() == "cursor"), "")
        if not cursor:
            return 0
        try:
            return int(base64.urlsafe_b64decode(cursor).decode().removeprefix("id:"))
        except (binascii.Error, ValueError) as error:
            raise ShipBobError(400, {"Cursor": ["The cursor is not valid."]}) from error

    def _fits(self, order: Order, wish: _Wish) -> bool:
        if (wish.ids and order.id not in wish.ids) or (wish.channel and str(order.channel_id) != wish.channel):
            return False
        if not self._switches.lists_canceled and self._account.status_of(order) == "Cancelled":
            return False
        lag = timedelta(seconds=self._switches.listing_lag_seconds)
        if lag and self._account.now() - order.created < lag:
            return False
        return self._has_reference(order, wish) and wish.is_in_time(order) and self._is_tracked(order, wish)

    def _has_reference(self, order: Order, wish: _Wish) -> bool:
        if not wish.references or self._switches.reference_filter == "ignored":
            return True
        if self._switches.reference_filter == "exact":
            return order.reference in wish.references
        return any(order.reference.lower().startswith(one.lower()) for one in wish.references)

    def _is_tracked(self, order: Order, wish: _Wish) -> bool:
        has = any(one.tracking is not None for one in self._account.shipments_of(order))
        return not wish.tracked or has is (wish.tracked == "true")

    @staticmethod
    def _is_like(variant: Variant, sku: str) -> bool:
        names: Iterable[str] = (variant.sku, *variant.references.values())
        return any(sku.lower() in name.lower() for name in names)
