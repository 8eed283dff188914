"""The documents of effects on sales, as the mapping makes them, and what they are checked for before they are sent."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

import msgspec

from canonical.errors import SkippableError
from connectors.base import Effect

T = TypeVar("T", bound=msgspec.Struct)

_MOST_UNITS = 1_000_000_000


class Tax(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One tax on a line or a charge; the rate is a fraction, where it is known."""

    amount: Decimal
    title: str = ""
    rate: Decimal | None = None


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Units of a product; the money is that of all of them."""

    product: str
    sku: str
    quantity: int
    amount: Decimal
    description: str = ""
    discount: Decimal = Decimal(0)
    taxes: tuple[Tax, ...] = ()


class Charge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the total that is no goods."""

    kind: str
    amount: Decimal
    description: str = ""
    taxes: tuple[Tax, ...] = ()


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A postal address; country and region are codes."""

    name: str = ""
    company: str = ""
    street: str = ""
    street2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""


class Buyer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who ordered; ``id`` is the channel's own."""

    id: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""


class NewOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An order that is to become a sale; ``web_id`` is our reference."""

    web_id: str
    channel: str
    currency: str
    total: Decimal
    lines: tuple[Line, ...]
    charges: tuple[Charge, ...] = ()
    taxes_included: bool = False
    reference: str = ""
    date: str = ""
    warehouse: str = ""
    buyer: Buyer = Buyer()
    delivery: Place = Place()
    billing: Place = Place()
    comment: str = ""


class Cancellation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sale to be called off."""

    web_id: str
    sale: str = ""


class Parcel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One parcel's carrier and number."""

    carrier: str = ""
    number: str = ""
    url: str = ""


class Units(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Units of one product that left."""

    sku: str
    quantity: int


class Notice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A shipment that was made elsewhere, for one sale."""

    sale: str
    lines: tuple[Units, ...]
    tracking: tuple[Parcel, ...] = ()
    warehouse: str = ""
    date: str = ""


def read_document(effect: Effect, kind: type[T]) -> T:
    """The document of an effect; SkippableError for one that is not of its kind."""
    try:
        return msgspec.convert(dict(effect.document), kind, strict=False)
    except msgspec.ValidationError as error:
        raise bad(effect, str(error)) from error


def check_order(effect: Effect, order: NewOrder, *, addressless: bool) -> None:
    """Refuse what cannot become a sale; SkippableError with the reason."""
    if order.web_id != effect.reference or not order.web_id.strip():
        raise bad(effect, f"web_id is {order.web_id!r}, not the effect's own reference")
    if len(order.currency) != 3 or not order.currency.isascii():
        raise bad(effect, f"{order.currency!r} is no currency")
    if not order.lines and not order.charges:
        raise bad(effect, "it has no lines")
    for line in order.lines:
        if not is_id(line.product):
            named = line.sku or line.description or "without a SKU"
            raise bad(effect, f"the line {named} is linked to no product of Tryton", "unmatched_line")
        if not 0 < line.quantity <= _MOST_UNITS:
            raise bad(effect, f"{line.quantity} units of {line.sku}")
    if not addressless and order.delivery == Place() and order.billing == Place():
        raise bad(effect, "it has no address", "missing_address")
    if order.warehouse and not is_id(order.warehouse):
        raise bad(effect, f"{order.warehouse!r} is no id of a warehouse", "unknown_location")


def check_notice(effect: Effect, notice: Notice) -> None:
    """Refuse a notice that names no sale or no units; SkippableError with the reason."""
    if not is_id(notice.sale):
        raise bad(effect, f"{notice.sale!r} is no id of a sale", "unknown_order")
    if not notice.lines or any(not line.sku or line.quantity <= 0 for line in notice.lines):
        raise bad(effect, "it names no units, or some of no product")


def is_id(text: str) -> bool:
    """Whether a text is the id of a record."""
    return text.isascii() and text.isdigit() and text != "0"


def bad(effect: Effect, message: str, reason: str = "invalid_value") -> SkippableError:
    """The error for a document that cannot be carried out."""
    return SkippableError(reason, f"{effect.operation} {effect.reference}: {message}", ref=effect.reference)
