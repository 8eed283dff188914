"""Records as they leave the connector: ShipBob's own, with the few facts that are only told in parts of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

Json: TypeAlias = dict[str, Any]

_CANCELED, _LEFT = "Cancelled", "Completed"
COMMITTED, WAITING = "committed", "waiting"
"""Whether all goods that an order still has to send are committed to it."""


class _Item(msgspec.Struct):
    id: int | None = None
    quantity: int | None = None
    quantity_committed: int | None = None


class _Product(msgspec.Struct):
    reference_id: str | None = None
    sku: str | None = None
    id: int | None = None
    quantity: int | None = None
    inventory_items: list[_Item] | None = None


class _Shipment(msgspec.Struct):
    status: str | None = None
    last_update_at: str | None = None
    products: list[_Product] | None = None


class _Order(msgspec.Struct):
    """The parts of an order that are looked into, to be sure of their kinds."""

    id: int
    created_date: str | None = None
    products: list[_Product] | None = None
    shipments: list[_Shipment] | None = None


class _Step(msgspec.Struct):
    timestamp: str | None = None


class _Return(msgspec.Struct):
    """The parts of a return that are looked into."""

    id: int
    insert_date: str | None = None
    status_history: list[_Step] | None = None


class _Variants(msgspec.Struct):
    id: int
    variants: list[dict[str, msgspec.Raw]] | None = None


_DECODER = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def decoded(raw: bytes | msgspec.Raw) -> Json:
    """A record as plain values, its numbers exact."""
    return _DECODER.decode(raw)


def encoded(record: Mapping[str, Any]) -> bytes:
    """A record as JSON, its numbers as they came."""
    return _ENCODER.encode(record)


def order_record(raw: bytes | msgspec.Raw) -> bytes:
    """An order with what only its shipments tell: their newest stamp, the goods committed, the units of products.

    ``last_update_at`` is that stamp, ``goods`` whether what is still to be sent has its goods (left out where nothing
    is), ``quantity`` stands with the products of shipments.
    """
    msgspec.json.decode(raw, type=_Order)
    order = decoded(raw)
    shipments = order.get("shipments") or []
    stamps = [one["last_update_at"] for one in shipments if one.get("last_update_at")]
    order["last_update_at"] = max(stamps, default=order.get("created_date"))
    if (goods := _goods(shipments)) is not None:
        order["goods"] = goods
    _count_units(order.get("products") or [], shipments)
    return encoded(order)


def return_record(raw: bytes | msgspec.Raw) -> bytes:
    """A return with ``last_update_at``, when it took its newest step."""
    one = msgspec.json.decode(raw, type=_Return)
    stamps = [step.timestamp for step in one.status_history or [] if step.timestamp]
    return encoded({**decoded(raw), "last_update_at": max(stamps, default=one.insert_date)})


def variant_records(raw: bytes | msgspec.Raw) -> Iterator[bytes]:
    """One record for each variant of a product, with what the product says of itself."""
    msgspec.json.decode(raw, type=_Variants)
    product = decoded(raw)
    own = {name: product.get(name) for name in ("id", "name", "type", "updated_on")}
    for variant in product.get("variants") or []:
        yield encoded({**variant, "product": own})


def _goods(shipments: Sequence[Json]) -> str | None:
    """Whether every unit that is still to be sent is committed; None when nothing is to be sent."""
    waiting = [one for one in shipments if one.get("status") not in (_CANCELED, _LEFT)]
    items = [item for one in waiting for product in one.get("products") or [] for item in _of(product)]
    if not waiting:
        return None
    short = any((item.get("quantity_committed") or 0) < (item.get("quantity") or 0) for item in items)
    return WAITING if short or not items else COMMITTED


def _count_units(ordered: Sequence[Json], shipments: Sequence[Json]) -> None:
    """Add ``quantity`` to the products of shipments, which only tell the units of their inventory items.

    A product with one inventory item is counted by it. Of a bundle it is told by comparison with what was ordered: its
    items in all shipments together, canceled ones apart, make the units ordered. Where that does not come out even,
    nothing is added.
    """
    wanted: Counter[str] = Counter()
    for line in ordered:
        wanted[_key(line)] += line.get("quantity") or 0
    live = [one for one in shipments if one.get("status") != _CANCELED]
    counted = _items(live)
    for shipment in live:
        for product in shipment.get("products") or []:
            units = _units(_held(product), counted[_key(product)], wanted[_key(product)])
            if units is not None:
                product["quantity"] = units


def _units(items: Mapping[int, int], together: Mapping[int, int], ordered: int) -> int | None:
    if len(together) == 1 and sum(together.values()) <= ordered:
        return sum(items.values())
    found = {_share(units, together.get(item, 0), ordered) for item, units in items.items()}
    return found.pop() if len(found) == 1 else None


def _share(units: int, together: int, ordered: int) -> int | None:
    """Units of a product by those of one of its items; None when it does not come out even."""
    if not ordered or not together or together % ordered:
        return None
    each = together // ordered
    return units // each if units % each == 0 else None


def _items(shipments: Sequence[Json]) -> Mapping[str, Mapping[int, int]]:
    """Units of each inventory item, by the product they are for."""
    found: dict[str, Counter[int]] = defaultdict(Counter)
    for shipment in shipments:
        for product in shipment.get("products") or []:
            found[_key(product)].update(_held(product))
    return found


def _held(product: Json) -> Counter[int]:
    units: Counter[int] = Counter()
    for item in _of(product):
        units[item.get("id") or 0] += item.get("quantity") or 0
    return units


def _of(product: Json) -> list[Json]:
    return product.get("inventory_items") or []


def _key(line: Json) -> str:
    return str(line.get("reference_id") or line.get("sku") or line.get("id") or "")
