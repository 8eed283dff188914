"""One walk through all pages of a list, and whether nothing was lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from canonical.errors import ProtocolError
from connectors.paging import CursorGuard, DistinctCount
from connectors.stripe.client import PAGE_SIZE, Client, Listing, Params


class Walk:
    """Pages from the newest object to the oldest, each after the last id before.

    Objects are never deleted, and new ones come before the first page, so nothing shifts; ids are counted all the same.
    """

    def __init__(self, client: Client, connection: str, resource: str, params: Params) -> None:
        self._client = client
        self._resource = resource
        self._params = params
        self._place = f"{connection}: {resource}"
        self._guard = CursorGuard(connection, resource)
        self._count = DistinctCount()
        self._ended = False
        self._newest = 0
        self._first: Listing | None = None

    def pages(self) -> Iterator[Listing]:
        """All pages, at least one."""
        after: dict[str, str] = {}
        while True:
            listing = self._client.list(self._resource, {**self._params, "limit": PAGE_SIZE, **after})
            self._note(listing)
            if listing.has_more and not listing.heads:
                raise ProtocolError(f"{self._place}: an empty page says that more follow")
            if listing.has_more:
                after = {"starting_after": self._guard.advance(listing.heads[-1].id)}
            else:
                self._ended = True
            yield listing
            if not listing.has_more:
                return

    @property
    def whole(self) -> bool:
        """Whether the list was read to its end and every object came once."""
        return self._ended and self._count.is_whole()

    @property
    def clock(self) -> int | None:
        """Stripe's own time when the walk began, in seconds: by its Date header, else by the newest object seen."""
        if self._first is not None and self._first.server_date is not None:
            return int(self._first.server_date.timestamp())
        return self._newest or None

    @property
    def started(self) -> datetime | None:
        """When the first page was asked for."""
        return self._first.started if self._first is not None else None

    def _note(self, listing: Listing) -> None:
        if self._first is None:
            self._first = listing
        for head in listing.heads:
            self._count.add(head.id)
            self._newest = max(self._newest, head.created)
