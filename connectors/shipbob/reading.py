"""Reads: everything, what changed, and exactly these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from canonical.clock import parse_instant
from canonical.errors import FatalError, ProtocolError
from connectors.base import Page
from connectors.shipbob.client import Client, Listing
from connectors.shipbob.resources import IDS_AT_ONCE, RESOURCES, UNREADABLE, Made, Resource, unreadable
from connectors.shipbob.walk import LinkedWalk, NumberedWalk, Seen, Walk, clock_of

_DATED = frozenset({"orders", "returns"})
"""Resources whose full reads may start at a day."""


class Reader:
    """Reads the records of one connection; ``orders_since`` limits full reads of orders and returns."""

    def __init__(
        self, client: Client, connection: str, page_size: int, overlap_seconds: float, orders_since: str
    ) -> None:
        self._client = client
        self._connection = connection
        self._size = page_size
        self._overlap = timedelta(seconds=overlap_seconds)
        self._since = {"StartDate": orders_since} if orders_since else {}

    def pull(self, name: str) -> Iterator[Page]:
        """All records; the last page says whether the read was whole, and carries the cursor if it was."""
        resource = _resource(name)
        scope = self._since if resource.name in _DATED else {}
        return self._read(resource, scope, complete=True)

    def changed_since(self, name: str, cursor: str) -> Iterator[Page]:
        """What was changed since a cursor; never complete."""
        resource = _resource(name)
        if not resource.since:
            raise FatalError(f"shipbob cannot tell what of {name!r} changed", hint="read everything once more")
        return self._changed(resource, _instant(cursor))

    def lookup(self, name: str, ids: Sequence[str]) -> Iterator[Page]:
        """Exactly these records; whatever else ShipBob's filter lets through is left out."""
        resource = _resource(name)
        numbers = [each for each in dict.fromkeys(ids) if each.isascii() and each.isdigit()]
        for start in range(0, len(numbers), IDS_AT_ONCE):
            missing = dict.fromkeys(numbers[start : start + IDS_AT_ONCE])
            yield from self._found(resource, {resource.ids: ",".join(missing)}, missing)

    def search(self, name: str, params: Mapping[str, str]) -> Iterator[Made]:
        """Every record that a filter of ShipBob's lets through; none of it is checked here."""
        resource = _resource(name)
        for listing in self._walk(resource, params).pages():
            yield from _proven(resource, listing)

    def _changed(self, resource: Resource, start: str) -> Iterator[Page]:
        """One read for each filter; the cursor is that of the first, since what happens meanwhile is in no other."""
        first: str | None = None
        for at, name in enumerate(resource.since):
            for page in self._read(resource, {name: start}, complete=False):
                if at == 0 and page.cursor is not None:
                    first = page.cursor
                last = at == len(resource.since) - 1 and page.cursor is not None
                yield Page(page.resource, page.records, page.as_of, first if last else None, page.complete)

    def _found(self, resource: Resource, params: Mapping[str, str], missing: dict[str, None]) -> Iterator[Page]:
        for listing in self._walk(resource, params).pages():
            records = [one.content for one in _made(resource, listing) if _take(missing, one.id)]
            yield Page(resource.name, records, listing.started)
            if not missing:
                return

    def _read(self, resource: Resource, params: Mapping[str, str], *, complete: bool) -> Iterator[Page]:
        walk, seen = self._walk(resource, params), Seen()
        held: Page | None = None
        for listing in walk.pages():
            if held is not None:
                yield held
            made = list(_made(resource, listing))
            for one in made:
                seen.add(one)
            held = Page(resource.name, [one.content for one in made], listing.started)
        if held is None:
            return
        whole = not seen.nameless and (seen.whole or not complete)
        cursor = self._cursor(walk, seen) if whole and resource.since else None
        yield Page(held.resource, held.records, held.as_of, cursor, complete and seen.whole)

    def _walk(self, resource: Resource, params: Mapping[str, str]) -> Walk:
        if resource.numbered:
            return NumberedWalk(self._client, resource.path, params, self._size)
        asked = {**params, **dict(resource.order), resource.size: str(self._size)}
        return LinkedWalk(self._client, self._connection, resource.path, asked)

    def _cursor(self, walk: Walk, seen: Seen) -> str | None:
        """Where the next delta read starts: ShipBob's own time less the overlap, else the newest stamp seen."""
        at = clock_of(walk.first)
        if at is None and seen.newest:
            at = parse_instant(seen.newest)
        return None if at is None else _stamp((at - self._overlap).isoformat())


def _take(missing: dict[str, None], external_id: str) -> bool:
    """Whether a record was asked for and did not come before."""
    if external_id not in missing:
        return False
    del missing[external_id]
    return True


def _made(resource: Resource, listing: Listing) -> Iterator[Made]:
    """The records of a page; one that cannot be worked with stops no other."""
    for raw in listing.records:
        try:
            made = list(resource.make(raw))
        except UNREADABLE as error:
            made = [unreadable(resource, raw, error)]
        yield from made


def _proven(resource: Resource, listing: Listing) -> Iterator[Made]:
    """The records of a page; ProtocolError for one that cannot be worked with, as it may be the one looked for."""
    for raw in listing.records:
        try:
            yield from resource.make(raw)
        except UNREADABLE as error:
            raise ProtocolError(
                f"shipbob: a record of {resource.name} has not the expected shape: {error}",
                hint="check version of this connection",
            ) from error


def _resource(name: str) -> Resource:
    found = RESOURCES.get(name)
    if found is None:
        raise FatalError(f"shipbob has no resource {name!r}", hint=f"it has {', '.join(RESOURCES)}")
    return found


def _instant(cursor: str) -> str:
    try:
        return _stamp(parse_instant(cursor).isoformat())
    except ValueError as error:
        raise FatalError(f"{cursor!r} is no cursor of shipbob", hint="read everything once more") from error


def _stamp(text: str) -> str:
    return text.replace("+00:00", "Z")
