"""Which product references ShipBob knows: one that it does not know would become a new product there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

import msgspec

from canonical.clock import Clock
from connectors.shipbob.reading import Reader
from connectors.shipbob.resources import IDS_AT_ONCE, Made

_KEPT = timedelta(minutes=10)
_ONE_BY_ONE = 20
"""So many references are looked for one by one; for more of them the whole catalog is read."""


class _Metadata(msgspec.Struct, frozen=True):
    seller_sku: str | None = None


class _Variant(msgspec.Struct, frozen=True):
    sku: str | None = None
    channel_metadata: tuple[_Metadata, ...] | None = None

    def references(self) -> Iterator[str]:
        """The names it can be ordered by: its SKU, and what channels call it."""
        yield from filter(None, (self.sku, *(one.seller_sku for one in self.channel_metadata or ())))


class Catalog:
    """The references that were seen lately."""

    def __init__(self, reader: Reader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock
        self._seen: dict[str, datetime] = {}

    def unknown(self, wanted: Mapping[str, str]) -> list[str]:
        """Of these references, each with the id of its variant where it is linked, those that ShipBob does not know."""
        self.look_up(wanted.items())
        left = [reference for reference in wanted if not self._is_fresh(reference)]
        if len(left) > _ONE_BY_ONE:
            self._note(self._reader.search("products", {}))
        else:
            for reference in left:
                self._note(self._reader.search("products", {"SKU": reference}))
                if not self._is_fresh(reference):
                    self._note(self._reader.search("products", {"SellerSKU": reference}))
        return [reference for reference in left if not self._is_fresh(reference)]

    def look_up(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Read the products of these references that are linked and were not seen lately; others are left."""
        ids = (variant for reference, variant in wanted if variant.isdigit() and not self._is_fresh(reference))
        linked = list(dict.fromkeys(ids))
        for start in range(0, len(linked), IDS_AT_ONCE):
            self._note(self._reader.search("products", {"VariantId": ",".join(linked[start : start + IDS_AT_ONCE])}))

    def _note(self, found: Iterable[Made]) -> None:
        now = self._clock.now()
        for made in found:
            variant = msgspec.json.decode(made.content, type=_Variant)
            self._seen.update(dict.fromkeys(variant.references(), now))

    def _is_fresh(self, reference: str) -> bool:
        seen = self._seen.get(reference)
        return seen is not None and self._clock.now() - seen < _KEPT
