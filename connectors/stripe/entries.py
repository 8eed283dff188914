"""Entries of the balance with the payout that each went out with, which Stripe tells only the other way round."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from connectors.base import Page
from connectors.stripe.client import Client, Listing, Params
from connectors.stripe.records import PAYOUT, finished
from connectors.stripe.resources import ENTRIES
from connectors.stripe.verdict import NotThereError
from connectors.stripe.walk import Walk

_PAYOUTS = "payouts"
_DAY = 86_400


class Payout(msgspec.Struct, frozen=True):
    """What decides whether a payout can be itemized: only automatic ones, once they are reconciled."""

    id: str
    automatic: bool = False
    reconciliation_status: str = ""

    @property
    def itemized(self) -> bool:
        """Whether Stripe tells its entries, all of them."""
        return self.automatic and self.reconciliation_status == "completed"


class _Entry(msgspec.Struct, frozen=True):
    id: str
    type: str = ""
    source: str | dict[str, msgspec.Raw] | None = None
    available_on: int = 0


@dataclass(slots=True)
class Scan:
    """One read over several lists: whole when all its walks were; ``seen`` are the entries that were given out."""

    walks: list[Walk] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    @property
    def whole(self) -> bool:
        """Whether nothing was lost in any list."""
        return all(walk.whole for walk in self.walks)

    @property
    def clock(self) -> int | None:
        """Stripe's own time when the first list was asked for."""
        return self.walks[0].clock if self.walks else None


class Entries:
    """Reads the balance of one connection."""

    def __init__(self, client: Client, connection: str) -> None:
        self._client = client
        self._connection = connection

    def everything(self, created: Params, scan: Scan) -> Iterator[Page]:
        """Payout by payout, then every entry that went out with none of them."""
        for listing in self._walk(scan, _PAYOUTS, created):
            for payout in _payouts(listing):
                if payout.itemized:
                    yield from self._of(payout.id, scan)
        yield from self._rest(created, scan)

    def changed(self, payout_ids: Sequence[str], created: Params, scan: Scan) -> Iterator[Page]:
        """The entries of these payouts, and those that are new."""
        for payout_id in payout_ids:
            payout = self._payout(payout_id)
            if payout is not None and payout.itemized:
                yield from self._of(payout.id, scan)
        yield from self._rest(created, scan)

    def found(self, pages: Iterable[Page]) -> Iterator[Page]:
        """Entries read one by one, each with its payout where one has it."""
        held = list(pages)
        heads = {entry.id: entry for page in held for entry in _entries(page.records)}
        paid = self._payouts_of(heads)
        for page in held:
            records = [
                finished(bytes(raw), **{PAYOUT: paid.get(entry.id)})
                for raw, entry in zip(page.records, _entries(page.records), strict=True)
            ]
            yield Page(ENTRIES, records, page.as_of)

    def _of(self, payout_id: str, scan: Scan) -> Iterator[Page]:
        for listing in self._walk(scan, ENTRIES, {"payout": payout_id}):
            yield _page(listing, scan, payout_id)

    def _rest(self, created: Params, scan: Scan) -> Iterator[Page]:
        for listing in self._walk(scan, ENTRIES, created):
            yield _page(listing, scan, None)

    def _payouts_of(self, entries: dict[str, _Entry]) -> dict[str, str]:
        """Which payout each entry went out with: a payout's own by its source, others among those that followed."""
        paid: dict[str, str] = {}
        for entry in entries.values():
            if entry.type == "payout" and isinstance(entry.source, str):
                payout = self._payout(entry.source)
                if payout is not None and payout.itemized:
                    paid[entry.id] = payout.id
        missing = entries.keys() - paid.keys()
        if missing:
            self._search(missing, min(entries[each].available_on for each in missing) - _DAY, paid)
        return paid

    def _search(self, missing: set[str], oldest: int, paid: dict[str, str]) -> None:
        walk = Walk(self._client, self._connection, _PAYOUTS, {"created": {"gte": oldest}})
        candidates = [payout.id for listing in walk.pages() for payout in _payouts(listing) if payout.itemized]
        for payout_id in reversed(candidates):
            if not missing:
                return
            items = Walk(self._client, self._connection, ENTRIES, {"payout": payout_id})
            hits = {head.id for listing in items.pages() for head in listing.heads} & missing
            paid.update(dict.fromkeys(hits, payout_id))
            missing -= hits

    def _payout(self, payout_id: str) -> Payout | None:
        try:
            return self._client.retrieve(_PAYOUTS, payout_id, {}).decode(Payout)
        except NotThereError:
            return None

    def _walk(self, scan: Scan, resource: str, params: Params) -> Iterator[Listing]:
        walk = Walk(self._client, self._connection, resource, params)
        scan.walks.append(walk)
        return walk.pages()


def _page(listing: Listing, scan: Scan, payout_id: str | None) -> Page:
    fresh = [
        finished(raw, **{PAYOUT: payout_id})
        for raw, head in zip(listing.records, listing.heads, strict=True)
        if head.id not in scan.seen
    ]
    scan.seen.update(head.id for head in listing.heads)
    return Page(ENTRIES, fresh, listing.started)


def _payouts(listing: Listing) -> Iterator[Payout]:
    return (msgspec.json.decode(raw, type=Payout) for raw in listing.records)


def _entries(records: Iterable[bytes | memoryview]) -> Iterator[_Entry]:
    return (msgspec.json.decode(raw, type=_Entry) for raw in records)
