"""Which fields of which list can be searched, and how each compares."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.shopify.simulator.bulk_records import BulkOperation
from connectors.shopify.simulator.context import Context
from connectors.shopify.simulator.order_book import name_of
from connectors.shopify.simulator.order_records import FulfillmentOrder, Order
from connectors.shopify.simulator.order_status import fulfillment_status, return_status
from connectors.shopify.simulator.records import Item, Location, Product, Record, Variant
from connectors.shopify.simulator.search import Filters, Match, Term
from connectors.shopify.simulator.store import Table, words_of

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


@dataclass(frozen=True, slots=True)
class _Fields:
    times: Mapping[str, Callable[[Any], datetime | None]]
    numbers: Mapping[str, Callable[[Any], int]]
    texts: Mapping[str, Callable[[Any], list[str]]]
    skus: Callable[[Item], tuple[Record, ...]] | None = None
    item_of: Callable[[Any], Item] | None = None


def _created(row: Record) -> datetime:
    return row.created_at


def _updated(row: Record) -> datetime:
    return row.updated_at


def _number(row: Record) -> int:
    return row.number


_TIMES = {"created_at": _created, "updated_at": _updated}


def _product_skus(product: Product) -> list[str]:
    return [variant.item.sku for variant in product.variants]


_VARIANT = _Fields(
    _TIMES,
    {"id": _number, "product_id": lambda v: v.product.number, "inventory_quantity": Variant.total_available},
    {
        "": lambda v: [v.title, v.product.title, v.item.sku, v.barcode or ""],
        "title": lambda v: [v.title],
        "barcode": lambda v: [v.barcode or ""],
        "product_ids": lambda v: [str(v.product.number)],
        "product_status": lambda v: [v.product.status],
        "product_type": lambda v: [v.product.product_type],
        "vendor": lambda v: [v.product.vendor],
        "tag": lambda v: list(v.product.tags),
        "option1": lambda v: v.options[:1],
        "location_id": lambda v: [str(number) for number in v.item.levels],
    },
    skus=lambda item: tuple(item.variants),
    item_of=lambda v: v.item,
)
_ITEM = _Fields(_TIMES, {"id": _number}, {}, skus=lambda item: (item,), item_of=lambda i: i)
_PRODUCT = _Fields(
    _TIMES,
    {"id": _number, "inventory_total": lambda p: sum(v.total_available() for v in p.variants)},
    {
        "": lambda p: [p.title, p.vendor, p.product_type, *p.tags, *_product_skus(p)],
        "title": lambda p: [p.title],
        "handle": lambda p: [p.handle],
        "sku": _product_skus,
        "barcode": lambda p: [v.barcode or "" for v in p.variants],
        "status": lambda p: [p.status],
        "vendor": lambda p: [p.vendor],
        "product_type": lambda p: [p.product_type],
        "tag": lambda p: list(p.tags),
    },
)
_LOCATION = _Fields(
    {"created_at": _created},
    {"id": _number, "location_id": _number},
    {
        "": lambda loc: [loc.name],
        "name": lambda loc: [loc.name],
        "active": lambda loc: ["true" if loc.active else "false"],
    },
)
_BULK = _Fields(
    {"created_at": _created},
    {"id": _number},
    {"status": lambda op: [op.status], "operation_type": lambda op: [op.kind]},
)
_ORDER = _Fields(
    {**_TIMES, "processed_at": _created},
    {"id": _number},
    {
        "": lambda o: [name_of(o), o.email or "", o.note or ""],
        "name": lambda o: [name_of(o), name_of(o).removeprefix("#")],
        "tag": lambda o: list(o.tags),
        "email": lambda o: [o.email or ""],
        "status": lambda o: [_order_state(o), "any"],
        "fulfillment_status": lambda o: [fulfillment_status(o)],
        "return_status": lambda o: [return_status(o)],
        "sku": lambda o: [line.sku or "" for line in o.lines],
        "test": lambda o: ["true" if o.test else "false"],
    },
)
_PLAN = _Fields(
    _TIMES,
    {"id": _number, "assigned_location_id": lambda p: p.location.number},
    {"status": lambda p: [p.status]},
)


def _order_state(order: Order) -> str:
    if order.canceled_at is not None:
        return "cancelled"
    return "open" if order.closed_at is None else "closed"


_BY_TYPE: Mapping[type[Record], _Fields] = {
    Variant: _VARIANT,
    Item: _ITEM,
    Product: _PRODUCT,
    Location: _LOCATION,
    BulkOperation: _BULK,
    Order: _ORDER,
    FulfillmentOrder: _PLAN,
}
_COMMA_LISTS = frozenset({"product_ids", "product_status", "status", "handle", "product_type"})


def filters_for(kind: type[Record], table: Table[Any], context: Context) -> Filters:
    """The searchable fields of a list of records of one kind."""
    fields = _BY_TYPE[kind]

    def build(term: Term) -> Match | None:
        if term.field == "sku" and fields.skus is not None:
            return _sku(term, fields, context)
        if term.field in fields.times:
            return _time(term, fields.times[term.field], context)
        if term.field in fields.numbers:
            return _whole(term, fields.numbers[term.field], table)
        if term.field in fields.texts:
            return _text(term, fields.texts[term.field])
        return None

    return Filters(build)


def _sku(term: Term, fields: _Fields, context: Context) -> Match:
    store, item_of, rows_of = context.platform.store, fields.item_of, fields.skus
    assert item_of is not None
    assert rows_of is not None
    wanted = term.value.rstrip("*")
    if context.platform.switches.exact_sku_search and not term.value.endswith("*"):
        items = [item for item in store.skus_starting(wanted) if item.sku.lower() == wanted.lower()]
    else:
        items = store.skus_starting(wanted)
    numbers = {item.number for item in items}
    return Match(lambda row: item_of(row).number in numbers, tuple(row for item in items for row in rows_of(item)))


def _whole(term: Term, get: Callable[[Any], int], table: Table[Any]) -> Match:
    digits = re.search(r"-?\d+$", term.value)
    if digits is None:
        return Match(lambda _: False, ())
    number, compare = int(digits[0]), _COMPARE[term.op]
    if term.field == "id" and not term.op:
        row = table.get(number)
        return Match(lambda found: found.number == number, () if row is None else (row,))
    return Match(lambda row: compare(get(row), number))


def _text(term: Term, get: Callable[[Any], list[str]]) -> Match:
    values = term.value.split(",") if term.field in _COMMA_LISTS else [term.value]
    if term.field == "":
        words = words_of(term.value)
        return Match(lambda row: all(_has_word(get(row), word) for word in words))
    if term.value.endswith("*"):
        start = term.value[:-1].lower()
        return Match(lambda row: any(text.lower().startswith(start) for text in get(row)))
    wanted = {value.strip().lower() for value in values}
    return Match(lambda row: any(text.lower() in wanted for text in get(row)))


def _has_word(texts: list[str], word: str) -> bool:
    return any(found.startswith(word) for text in texts for found in words_of(text))


def _time(term: Term, get: Callable[[Any], datetime | None], context: Context) -> Match:
    seen_until = context.now - timedelta(seconds=context.platform.switches.search_delay)
    start, end = _span(term.value, context.now)
    if start is None or end is None:
        return Match(lambda _: False, ())
    low, high = start, end

    def test(row: Any) -> bool:
        at = get(row)
        if at is None or at > seen_until:
            return False
        if term.op == "":
            return low <= at < high
        return _COMPARE[term.op](at, low)

    return Match(test)


def _span(value: str, now: datetime) -> tuple[datetime | None, datetime | None]:
    """The instant a value starts and ends at; a bare date is a whole day."""
    if value == "now":
        return now, now + timedelta(seconds=1)
    try:
        start = datetime.fromisoformat(value if len(value) > 4 else f"{value}-01-01")
    except ValueError:
        return None, None
    start = start.replace(tzinfo=UTC) if start.tzinfo is None else start.astimezone(UTC)
    return start, start + timedelta(days=1 if len(value) <= 10 else 0, seconds=0 if len(value) <= 10 else 1)
