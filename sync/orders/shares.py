"""The money of a part of a line: the parts of a line sum to the line in whole minor units, however it is split; pure.

A part gets its share of what the parts before it have left, so that the last one takes what rounding kept back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import msgspec

from canonical.money import exponent, round_to
from canonical.order import OrderLine, Tax
from canonical.request import RequestLine

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class _Split:
    """How a line is split: so many of its units in this part, so many in parts before it."""

    units: int
    of: int
    before: int
    parts: int
    places: int

    def share(self, whole: Decimal, given: Decimal) -> Decimal:
        """What this part gets of an amount of which the parts before it have ``given``."""
        if self.units == self.of:
            return whole
        unit = Decimal(1).scaleb(-self.places)
        fair = whole * self.before / self.of
        if abs(given - fair) > unit * (self.parts + 1):
            # The line was edited since: what was asked for before tells nothing of what is left.
            return round_to(whole * self.units / self.of, self.places)
        left, units_left = whole - given, max(self.units, self.of - self.before)
        return left if self.units == units_left else round_to(left * self.units / units_left, self.places)


def part_of(line: OrderLine, units: int, given: Sequence[RequestLine], currency: str) -> RequestLine:
    """Units of a line with their money; ``given`` are the parts of it that others were asked for."""
    split = _Split(units, max(line.quantity, units), sum(one.quantity for one in given), len(given), exponent(currency))
    if line.quantity < 1:
        split = replace(split, of=units)
    taxes = [_taxes_by_key(one.taxes) for one in given]
    return RequestLine(
        line_id=line.id,
        sku=line.sku,
        quantity=units,
        title=line.title,
        amount=split.share(line.amount, sum((one.amount for one in given), _ZERO)),
        discount=split.share(line.discount, sum((one.discount for one in given), _ZERO)),
        taxes=tuple(
            msgspec.structs.replace(
                tax, amount=split.share(tax.amount, sum((one.get(key, _ZERO) for one in taxes), _ZERO))
            )
            for key, tax in _keyed(line.taxes)
        ),
    )


def cut(line: RequestLine, units: int, currency: str) -> RequestLine:
    """The first units of a part, with their money: what stands of one that was stopped after some had left."""
    whole = OrderLine(
        id=line.line_id, quantity=line.quantity, amount=line.amount, discount=line.discount, taxes=line.taxes
    )
    return part_of(whole, units, (), currency)


def _keyed(taxes: Sequence[Tax]) -> list[tuple[tuple[str, Decimal | None, int], Tax]]:
    """Taxes by title and rate; those that share both are told apart by their order."""
    seen: Counter[tuple[str, Decimal | None]] = Counter()
    found = []
    for tax in taxes:
        name = (tax.title, tax.rate)
        found.append(((*name, seen[name]), tax))
        seen[name] += 1
    return found


def _taxes_by_key(taxes: Sequence[Tax]) -> dict[tuple[str, Decimal | None, int], Decimal]:
    return {key: tax.amount for key, tax in _keyed(taxes)}
