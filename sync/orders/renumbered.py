"""Lines that were written anew under another id, as some plugins do: units of the old ones count for the new; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import msgspec

from sync.orders.holds import Asked
from sync.orders.requests import Existing


def skus_of(existing: Iterable[Existing]) -> dict[str, str]:
    """What each line that was ever asked for was, by its id then."""
    return {line.line_id: line.sku for one in existing for line in one.document.lines}


def laid(
    units: Mapping[str, int], was: Mapping[str, str], now: Mapping[str, str], most: Mapping[str, int]
) -> dict[str, int]:
    """Units by line, those of lines that are no more laid on lines of the same goods, up to ``most`` each.

    ``was`` and ``now`` are the SKUs by line. What finds no place stays where it was.
    """
    found = dict(units)
    for line in sorted(units.keys() - now.keys()):
        for other in (one for one, sku in now.items() if sku and sku == was.get(line)):
            taken = min(found[line], max(0, most.get(other, 0) - found.get(other, 0)))
            found[other] = found.get(other, 0) + taken
            found[line] -= taken
    return {line: count for line, count in found.items() if count}


def asked_as(asked: Sequence[Asked], now: Mapping[str, str]) -> list[Asked]:
    """Requests by the lines of ``now``, with their SKUs: one that is no more is the new one of the same goods."""
    names = _names({line: sku for one in asked for line, sku in one.skus.items()}, now)
    return [_renamed(one, names) for one in asked] if names else list(asked)


def units_as(units: Mapping[str, int], was: Mapping[str, str], now: Mapping[str, str]) -> dict[str, int]:
    """Units by the lines of ``now``, those of a line that is no more by the new one of the same goods."""
    return _added(units, _names(was, now))


def document_as(one: Existing, now: Mapping[str, str]) -> Existing:
    """A request by the lines of ``now``, as far as they are of the same goods."""
    names = _names(skus_of([one]), now)
    lines = tuple(
        msgspec.structs.replace(line, line_id=names.get(line.line_id, line.line_id)) for line in one.document.lines
    )
    return replace(one, document=msgspec.structs.replace(one.document, lines=lines)) if names else one


def _names(was: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """The new line of each that is no more, where there is one of the same goods."""
    fresh = {sku: line for line, sku in reversed(list(now.items())) if sku}
    return {line: fresh[sku] for line, sku in was.items() if line not in now and sku in fresh}


def _renamed(one: Asked, names: Mapping[str, str]) -> Asked:
    return replace(
        one,
        units=_added(one.units, names),
        shipped=[(names.get(line, line), units, at) for line, units, at in one.shipped],
        ships={place: _added(units, names) for place, units in one.ships.items()},
        skus={names.get(line, line): sku for line, sku in one.skus.items()},
    )


def _added(units: Mapping[str, int], names: Mapping[str, str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for line, count in units.items():
        found[names.get(line, line)] = found.get(names.get(line, line), 0) + count
    return found
