"""Reads: everything, what changed, and exactly these."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import msgspec

from canonical.errors import FatalError
from connectors.base import Page
from connectors.stripe.client import Client, Listing, Params
from connectors.stripe.entries import Entries, Scan
from connectors.stripe.events import Named, named_since
from connectors.stripe.records import finished
from connectors.stripe.resources import ENTRIES, RESOURCES, Resource, expansion
from connectors.stripe.verdict import NotThereError
from connectors.stripe.walk import Walk


class _Id(msgspec.Struct):
    id: str


class Reader:
    """Reads the objects of one connection; ``created_since`` limits full reads, in Unix seconds."""

    def __init__(self, client: Client, connection: str, created_since: int, overlap_seconds: float) -> None:
        self._client = client
        self._connection = connection
        self._since = created_since
        self._overlap = int(overlap_seconds)
        self._entries = Entries(client, connection)

    def pull(self, name: str, fields: Sequence[str]) -> Iterator[Page]:
        """All objects; the last page says whether the read was whole, and carries the cursor if it was."""
        scan = Scan()
        pages = self._everything(_resource(name), tuple(fields), scan)
        return _sealed(pages, partial(self._seal_pull, scan))

    def changed_since(self, name: str, fields: Sequence[str], cursor: str) -> Iterator[Page]:
        """What is new since a cursor, and what events say has changed, each read anew.

        After a pause so long that Stripe has forgotten events, everything is read, without saying so: it is no proof
        of absence.
        """
        resource, since = _resource(name), _seconds(cursor)
        named = named_since(self._client, self._connection, resource, since)
        scan = Scan()
        if not named.reaches:
            pages = self._everything(resource, tuple(fields), scan)
        else:
            pages = self._changed(resource, tuple(fields), named, since, scan)
        return _sealed(pages, partial(self._seal_delta, scan, named))

    def lookup(self, name: str, fields: Sequence[str], ids: Sequence[str]) -> Iterator[Page]:
        """Exactly these objects, one call each: Stripe has no list of chosen ids."""
        resource = _resource(name)
        pages = self._one_by_one(resource, tuple(fields), list(dict.fromkeys(ids)))
        return self._entries.found(pages) if name == ENTRIES else pages

    def _everything(self, resource: Resource, fields: tuple[str, ...], scan: Scan) -> Iterator[Page]:
        created: Params = {"created": {"gte": self._since}} if self._since else {}
        if resource.name == ENTRIES:
            return self._entries.everything(created, scan)
        return self._listed(resource, fields, created, scan)

    def _changed(
        self, resource: Resource, fields: tuple[str, ...], named: Named, since: int, scan: Scan
    ) -> Iterator[Page]:
        created: Params = {"created": {"gte": since}}
        if resource.name == ENTRIES:
            yield from self._entries.changed(named.ids, created, scan)
            return
        yield from self._listed(resource, fields, created, scan)
        older = [each for each in named.ids if each not in scan.seen]
        yield from self._one_by_one(resource, fields, older)

    def _listed(self, resource: Resource, fields: tuple[str, ...], params: Params, scan: Scan) -> Iterator[Page]:
        expanded = expansion(resource, fields, "data.")
        asked: Params = {**params, "expand": expanded} if expanded else params
        walk = Walk(self._client, self._connection, resource.name, asked)
        scan.walks.append(walk)
        for listing in walk.pages():
            scan.seen.update(head.id for head in listing.heads)
            yield _page(resource, listing)

    def _one_by_one(self, resource: Resource, fields: tuple[str, ...], ids: Sequence[str]) -> Iterator[Page]:
        expanded = expansion(resource, fields)
        params: Params = {"expand": expanded} if expanded else {}
        for external_id in filter(None, ids):
            try:
                answer = self._client.retrieve(resource.name, external_id, params)
            except NotThereError:
                continue
            if answer.decode(_Id).id == external_id:
                yield Page(resource.name, [finished(answer.content)], answer.started)

    def _seal_pull(self, scan: Scan, page: Page) -> Page:
        return replace(page, complete=True, cursor=self._cursor(scan.clock)) if scan.whole else page

    def _seal_delta(self, scan: Scan, named: Named, page: Page) -> Page:
        return replace(page, cursor=self._cursor(named.clock)) if scan.whole and named.whole else page

    def _cursor(self, clock: int | None) -> str | None:
        return None if clock is None else str(max(0, clock - self._overlap))


def _page(resource: Resource, listing: Listing) -> Page:
    return Page(resource.name, [finished(raw) for raw in listing.records], listing.started)


def _resource(name: str) -> Resource:
    found = RESOURCES.get(name)
    if found is None:
        raise FatalError(f"stripe has no resource {name!r}", hint=f"it has {', '.join(RESOURCES)}")
    return found


def _seconds(cursor: str) -> int:
    if not cursor.isascii() or not cursor.isdigit():
        raise FatalError(f"{cursor!r} is no cursor of stripe: seconds are expected", hint="read everything once more")
    return int(cursor)


def _sealed(pages: Iterator[Page], seal: Callable[[Page], Page]) -> Iterator[Page]:
    """The same pages, the last one sealed once everything was read."""
    held: Page | None = None
    for page in pages:
        if held is not None:
            yield held
        held = page
    if held is not None:
        yield seal(held)
