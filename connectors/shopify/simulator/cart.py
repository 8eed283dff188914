"""What a shopper puts into an order besides its lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

BUYER: Mapping[str, str | None] = {
    "first_name": "Ada",
    "last_name": "Byron",
    "email": "ada@buyer.example",
    "phone": "+4930123456",
    "address1": "Parkweg 1",
    "address2": None,
    "company": None,
    "city": "Berlin",
    "zip": "10115",
    "provinceCode": "BE",
    "countryCodeV2": "DE",
}


class Goods(NamedTuple):
    """Units of a variant in an order; without a price, at that of today."""

    sku: str
    units: int
    price: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    """How an order is placed; amounts are texts in the shop's currency.

    ``tax`` are rates such as ``0.05+0.09975``. ``off`` is taken off all lines together. ``shipping`` are titles, codes,
    prices and discounts. ``paid`` says whether the money came at once, ``authorized`` whether it was only reserved;
    ``gift_card`` of it came from one. ``rate`` turns the shop's money into that of ``presentment``. ``round_once`` is a
    tax that was rounded for the whole order, though each line shows its own.
    """

    location: str = ""
    paid: bool = True
    authorized: bool = False
    gateway: str = "shopify_payments"
    payment_id: str = ""
    tax: str = "0"
    taxes_included: bool = False
    round_once: bool = False
    off: str = "0"
    code_off: str = "0"
    shipping: Sequence[tuple[str, str, str, str]] = ()
    duties: str = "0"
    fees: Sequence[tuple[str, str]] = ()
    tip: str = "0"
    gift_card: str = "0"
    cash_rounding: str = "0"
    presentment: str = ""
    rate: str = "1"
    buyer: Mapping[str, str | None] | None = field(default_factory=lambda: BUYER)
    account: bool = True
    note: str | None = None
    tags: tuple[str, ...] = ()
    test: bool = False
    fulfill_at: datetime | None = None
    placed_at: datetime | None = None


class SoldOutError(Exception):
    """The shop has not so many units to sell."""
