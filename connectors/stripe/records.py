"""Records as they leave the connector: Stripe's own object, with what its amounts count in and what was paid out."""

from __future__ import annotations

import msgspec

from connectors.stripe.money import minor_unit

MINOR_UNIT = "minor_unit"
PAYOUT = "payout"


class _Currency(msgspec.Struct):
    currency: str = ""


def finished(raw: bytes | msgspec.Raw, **more: str | None) -> bytes:
    """An object with ``minor_unit``, the worth of an amount of 1, and whatever else the reader knows of it."""
    record = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    currency = msgspec.json.decode(raw, type=_Currency).currency
    extra = {MINOR_UNIT: minor_unit(currency) if currency else None, **more}
    record.update({name: msgspec.Raw(msgspec.json.encode(value)) for name, value in extra.items()})
    return msgspec.json.encode(record)
