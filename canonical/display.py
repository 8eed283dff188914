"""How a slot's value is shown to a person: prices with their currency's places, everything else as it is."""

from __future__ import annotations

from decimal import Decimal

from canonical.fields import currency_fields
from canonical.money import exponent
from canonical.slot import parse_slot
from canonical.value import Value


def displayed(slot: str, value: Value) -> Value:
    """A price padded to its currency's decimal places, never cut; any other value unchanged."""
    if not isinstance(value, str) or not slot:
        return value
    parsed = parse_slot(slot)
    if parsed.field not in currency_fields():
        return value
    amount, places = Decimal(value), exponent(parsed.scope.partition("@")[0])
    digits = -int(amount.as_tuple().exponent)
    return format(amount, f".{places}f") if digits < places else value
