"""What an order's own record leaves unsaid: its refunds in full, what they put back on the shelf, and its rounding.

The shop keeps amounts with six decimals, rounds their sum, and then shows each of them rounded, so that they need not
add up. It tells how many units of a line refunds put back on the shelf, not which refund did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

DETAILS = "refund_details"
"""Where an order's refunds stand as their own route tells them.

Each of their lines has the ``of_line`` it is for, and how many units went back on the shelf or were ``kept_off`` it.
"""
ROUNDING = "rounding_lines"
"""Where the cents stand by which the shown parts of an order miss its total, if rounding can explain them."""
OF_REFUND = "_refunded_item_id"
_MOST_DIGITS = 18
_TALLY = "_restock_refunded_items"
_PARTS = ("line_items", "shipping_lines", "fee_lines")

NEEDED = {DETAILS: ("refunds", "line_items"), ROUNDING: ("total", *_PARTS)}
"""The fields of an order that each of these is made from."""

Record = Mapping[str, Any]


class MisshapenError(ValueError):
    """A part of an order has not the shape by which it could be completed."""


def parts_of(record: Record, name: str) -> list[dict[str, Any]]:
    """The objects of a list in a record, none where it is not there; MisshapenError when it is something else."""
    found = record.get(name) or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise MisshapenError(f"{name} is no list of objects")
    return found


def with_restocks(lines: Sequence[Record], refunds: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The refunds with the units that came back on the shelf, oldest first, as far as the tally of each line goes."""
    left = {str(line.get("id")): _whole(meta_value(line, _TALLY)) for line in lines}
    for refund in sorted(refunds, key=lambda one: _whole(one.get("id"))):
        for line in parts_of(refund, "line_items"):
            units, of = abs(_whole(line.get("quantity"))), str(meta_value(line, OF_REFUND))
            back = min(units, left.get(of, 0))
            left[of] = left.get(of, 0) - back
            line["of_line"], line["restocked"], line["kept_off"] = of, back, units - back
    return list(refunds)


def rounding_of(order: Record) -> list[dict[str, str]]:
    """The rounding of an order, none or one; a rest too large for it is none, for then a part was not understood.

    Each part is shown up to half a unit off, net and tax, and so is the total.
    """
    try:
        total, parts = Decimal(str(order.get("total"))), list(_amounts(order))
        rest = total - sum(parts, Decimal(0))
        exponent = total.as_tuple().exponent
        unit = Decimal(1).scaleb(exponent) if isinstance(exponent, int) and exponent <= 0 else Decimal(0)
        if not rest or abs(rest) * 2 > unit * (len(parts) + 1):
            return []
    except ArithmeticError:  # an amount is no number, or none of this world: mapping says which
        return []
    return [{"total": format(rest, "f")}]


def meta_value(holder: Record, key: str) -> Any:
    """The value of the first entry of meta data with a key; None without one."""
    entries = holder.get("meta_data")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("key") == key:
            return entry.get("value")
    return None


def encoded(value: Any) -> msgspec.Raw:
    """A value as a part of a record whose other parts stay as they came."""
    return msgspec.Raw(msgspec.json.encode(value))


def _amounts(order: Record) -> Iterator[Decimal]:
    for name in _PARTS:
        for part in parts_of(order, name):
            for amount in (part.get("total"), part.get("total_tax")):
                yield Decimal(str(amount or 0))


def _whole(value: Any) -> int:
    """A count that may come as a number or as text; nothing where it is neither."""
    text = str(value).strip()
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS else 0
