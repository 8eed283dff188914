"""Rows into write calls: the fewest that Shopify takes, each with the exact bytes that are sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from canonical.errors import SkippableError
from connectors.base import JSON, Call, WriteRow
from connectors.shopify.client import request_body
from connectors.shopify.documents import ITEMS, PAGE_CAP, SET_QUANTITIES, UPDATE_VARIANTS, VARIANTS, WRITES

_QUANTITY = "quantity"
_VARIANT_PATHS = frozenset({"price", "compareAtPrice", "barcode"})


def pack(rows: Sequence[WriteRow], new_key: Callable[[], str]) -> list[Call]:
    """Compose the fewest calls that write these rows; SkippableError for a row that cannot be sent as it is."""
    stock: list[WriteRow] = []
    products: dict[str, list[WriteRow]] = {}
    for row in rows:
        if row.resource == ITEMS:
            stock.append(_checked_stock(row))
        else:
            products.setdefault(_checked_variant(row).parent_id, []).append(row)
    calls = [_set_quantities(part, new_key()) for part in _unique_parts(stock, _pair)]
    for product, changed in products.items():
        calls += [_update_variants(product, part) for part in _unique_parts(changed, lambda row: row.external_id)]
    return calls


def _unique_parts(rows: Iterable[WriteRow], key: Callable[[WriteRow], object]) -> list[list[WriteRow]]:
    """Rows in order, at most 250 a part and nothing twice in one; what comes again goes into a later part."""
    parts: list[list[WriteRow]] = []
    keys: list[set[object]] = []
    latest: dict[object, int] = {}
    open_part = 0
    for row in rows:
        name = key(row)
        index = max(open_part, latest.get(name, -1) + 1)
        while index < len(parts) and len(parts[index]) >= PAGE_CAP:
            index += 1
        if index == len(parts):
            parts.append([])
            keys.append(set())
        parts[index].append(row)
        latest[name] = index
        while open_part < len(parts) and len(parts[open_part]) >= PAGE_CAP:
            open_part += 1
    return parts


def _set_quantities(rows: Sequence[WriteRow], key: str) -> Call:
    quantities: list[JSON] = [
        {
            "inventoryItemId": row.external_id,
            "locationId": row.scope_id,
            "quantity": row.values[_QUANTITY],
            "changeFromQuantity": row.expected[_QUANTITY],
        }
        for row in rows
    ]
    entry: JSON = {
        "name": "available",
        "reason": "correction",
        "referenceDocumentUri": f"gid://crossdock/Call/{key}",
        "quantities": quantities,
    }
    body = request_body(WRITES[SET_QUANTITIES], {"input": entry, "key": key})
    return Call(SET_QUANTITIES, body, tuple(row.number for row in rows), ITEMS, key=key)


def _update_variants(product: str, rows: Sequence[WriteRow]) -> Call:
    variants: list[JSON] = [{"id": row.external_id, **row.values} for row in rows]
    body = request_body(WRITES[UPDATE_VARIANTS], {"productId": product, "variants": variants})
    return Call(UPDATE_VARIANTS, body, tuple(row.number for row in rows), VARIANTS, target=product)


def _pair(row: WriteRow) -> tuple[str, str]:
    return row.external_id, row.scope_id


def _checked_stock(row: WriteRow) -> WriteRow:
    if set(row.values) != {_QUANTITY} or not _is_whole(row.values[_QUANTITY]):
        raise _unsendable(row, "its only value must be a whole quantity")
    if not _is_whole(row.expected.get(_QUANTITY)):
        raise _unsendable(row, "the expected quantity is missing, so nothing would be compared")
    if not row.scope_id:
        raise _unsendable(row, "the location is missing")
    return row


def _checked_variant(row: WriteRow) -> WriteRow:
    if row.resource != VARIANTS:
        raise _unsendable(row, f"shopify writes no {row.resource}")
    unknown = sorted(set(row.values) - _VARIANT_PATHS)
    if unknown or not row.values:
        raise _unsendable(row, f"it cannot write {', '.join(unknown)}" if unknown else "it writes nothing")
    if not row.parent_id:
        raise _unsendable(row, "its product is missing")
    return row


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _unsendable(row: WriteRow, why: str) -> SkippableError:
    return SkippableError("not_writable", f"row {row.number} cannot be sent: {why}", ref=row.external_id)
