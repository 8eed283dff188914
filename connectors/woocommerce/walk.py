"""One walk through all pages of a list, and whether nothing was lost on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from canonical.clock import parse_instant
from connectors.paging import DistinctCount
from connectors.woocommerce.client import Client, Head, Listing

Params = Mapping[str, str | int]


class Walk:
    """Pages by id, ascending; pages by number shift when a record goes, so the walk watches for it (R22)."""

    def __init__(self, client: Client, path: str, params: Params, per_page: int, operation: str) -> None:
        self._client = client
        self._path = path
        self._params = {"orderby": "id", "order": "asc", "per_page": per_page, **params}
        self._per_page = per_page
        self._operation = operation
        self._count = DistinctCount()
        self._totals: set[int | None] = set()
        self._came_up = False
        self._ended = False
        self._pages = 0
        self.nameless = 0
        self.started: datetime | None = None
        self.server_date: datetime | None = None
        self._began = ""
        self._newest = ""

    def pages(self) -> Iterator[Listing]:
        """All pages, at least one."""
        page = 1
        while True:
            listing = self._client.list(self._path, {**self._params, "page": page}, self._operation)
            self._note(listing)
            yield listing
            if self._was_last(listing, page):
                self._ended = True
                return
            page += 1

    @property
    def whole(self) -> bool:
        """Whether every record of the list was seen: as many different ones as the shop counts, on every page.

        A record made while the walk went on can hide one that went away, as the sum stays the same: that is no
        whole walk either, and a record without an id may be any of those that seem to be missing.
        """
        if not self._ended or self._came_up or self.nameless or len(self._totals) != 1:
            return False
        total = next(iter(self._totals))
        return self._count.is_whole(total) and (total is not None or self._pages == 1)

    @property
    def newest(self) -> datetime | None:
        """The newest date of change seen, or None."""
        try:
            return parse_instant(self._newest) if self._newest else None
        except ValueError:
            return None

    def _note(self, listing: Listing) -> None:
        self._pages += 1
        self._totals.add(listing.total)
        if self.started is None:
            self.started, self.server_date = listing.started, listing.server_date
            self._began = "" if self.server_date is None else stamp(self.server_date)
        for head in listing.heads:
            self._note_head(head)

    def _note_head(self, head: Head) -> None:
        if not head.id:
            self.nameless += 1
            return
        self._count.add(str(head.id))
        self._newest = max(self._newest, head.date_modified_gmt or "")
        if self._began and (head.date_created_gmt or "") > self._began:
            self._came_up = True

    def _was_last(self, listing: Listing, page: int) -> bool:
        if not listing.records:
            return True
        return page >= listing.pages if listing.pages is not None else len(listing.records) < self._per_page


def stamp(at: datetime) -> str:
    """An instant as the shop writes it, so that texts sort as times do: UTC, whole seconds rounded down, no zone."""
    return at.replace(microsecond=0, tzinfo=None).isoformat()
