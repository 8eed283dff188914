"""Walks through all pages of a list, and whether nothing was lost on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Protocol

from connectors.paging import CursorGuard, DistinctCount
from connectors.shipbob.client import Client, Listing
from connectors.shipbob.resources import Made


class Walk(Protocol):
    """One walk; ``whole`` and ``first`` hold once it has ended."""

    first: Listing | None

    def pages(self) -> Iterator[Listing]:
        """All pages, at least one."""
        ...


class LinkedWalk:
    """Pages after the address of the next one."""

    def __init__(self, client: Client, connection: str, path: str, params: Mapping[str, str]) -> None:
        self._client = client
        self._path = path
        self._params = tuple(params.items())
        self._guard = CursorGuard(connection, path)
        self.first: Listing | None = None

    def pages(self) -> Iterator[Listing]:
        """All pages, at least one."""
        listing = self.first = self._client.paged(self._path, self._params)
        yield listing
        while listing.following is not None:
            self._guard.advance(repr(listing.following))
            listing = self._client.paged(self._path, listing.following)
            yield listing


class NumberedWalk:
    """Pages by number, the oldest record first.

    Orders are never deleted and new ones come last, so nothing leaves the pages that are still to come. An order that
    begins to fit a filter meanwhile moves others back, which shows them twice and loses none.
    """

    def __init__(self, client: Client, path: str, params: Mapping[str, str], size: int) -> None:
        self._client = client
        self._path = path
        self._params = tuple(params.items())
        self._size = size
        self.first: Listing | None = None

    def pages(self) -> Iterator[Listing]:
        """All pages, at least one; one that is not full is the last."""
        number = 1
        while True:
            asked = (*self._params, ("SortOrder", "Oldest"), ("Page", str(number)), ("Limit", str(self._size)))
            listing = self._client.numbered(self._path, asked)
            self.first = self.first or listing
            yield listing
            if len(listing.records) < self._size:
                return
            number += 1


class Seen:
    """The ids of one read: how many, how many different ones, and the newest stamp."""

    def __init__(self) -> None:
        self._count = DistinctCount()
        self.newest = ""
        self.nameless = 0

    def add(self, made: Made) -> None:
        """Count one record."""
        if not made.id:
            self.nameless += 1
            return
        self._count.add(made.id)
        self.newest = max(self.newest, made.stamp)

    @property
    def whole(self) -> bool:
        """Whether every record came once, each with an id."""
        return not self.nameless and self._count.is_whole()


def clock_of(listing: Listing | None) -> datetime | None:
    """ShipBob's own time when a walk began, where it tells the time."""
    return None if listing is None else listing.server_date
