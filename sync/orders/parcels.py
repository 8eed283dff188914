"""What shipments say: whether two records tell of one, whether one is our own word, what is in them; pure."""

from __future__ import annotations

from collections.abc import Iterable

from canonical.fulfillment import Fulfillment


def same(one: Fulfillment, other: Fulfillment) -> bool:
    """Whether a number of theirs is the same, or, where neither has a number, the units are.

    Two shipments of other goods are two, whatever number they share: a parcel may be told of in parts.
    """
    mine, theirs = _numbers(one), _numbers(other)
    if mine & theirs:
        return not _of_other_goods(one, other)
    return not mine and not theirs and _units(one) == _units(other)


def echoes(later: Fulfillment, by_hand: Fulfillment) -> bool:
    """Whether a place tells with its number of what someone had entered without one."""
    return same(later, by_hand) or (not _numbers(by_hand) and _units(later) == _units(by_hand))


def echo(shown: Fulfillment, first: Fulfillment) -> bool:
    """Whether who keeps the books only shows what a place told of before: books need not have a parcel's number."""
    mine, theirs = _numbers(shown), _numbers(first)
    if mine and theirs:
        return bool(mine & theirs)
    return _units(shown) == _units(first)


def is_notice(reference: str, connections: Iterable[str]) -> bool:
    """Whether a shipment was made by a notice of ours, also by one that this database has forgotten."""
    return any(reference.startswith(f"{name}-") for name in connections)


def notice_name(connection: str, shipment_id: str) -> str:
    """The reference under which a shipment is told, wherever that is."""
    return f"{connection}-{shipment_id}"


def units_in(shipments: Iterable[Fulfillment]) -> dict[str, int]:
    """Units by line of several shipments together."""
    found: dict[str, int] = {}
    for one in shipments:
        for line in one.lines:
            found[line.line_id] = found.get(line.line_id, 0) + line.quantity
    return found


def _of_other_goods(one: Fulfillment, other: Fulfillment) -> bool:
    """Whether both say what is in them, and share neither a line nor a SKU."""
    mine, theirs = ({line.line_id for line in each.lines} for each in (one, other))
    skus = {line.sku for line in one.lines} & {line.sku for line in other.lines} - {""}
    return bool(mine and theirs) and "" not in mine | theirs and not mine & theirs and not skus


def _numbers(shipment: Fulfillment) -> set[str]:
    return {one.number for one in shipment.tracking if one.number}


def _units(shipment: Fulfillment) -> list[tuple[str, int]]:
    return sorted((line.line_id, line.quantity) for line in shipment.lines)
