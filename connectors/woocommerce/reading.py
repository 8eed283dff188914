"""Reads: everything, what changed, and exactly these; products first, then variations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from connectors.base import Page
from connectors.woocommerce.client import Client, Listing
from connectors.woocommerce.parents import Parents, variable_ids
from connectors.woocommerce.paths import field_names
from connectors.woocommerce.records import page_of
from connectors.woocommerce.verdict import NoRouteError, NotThereError
from connectors.woocommerce.walk import Params, Walk, stamp

PRODUCT_FIELDS = ("id", "type", "parent_id", "status", "sku", "date_created_gmt", "date_modified_gmt")
VARIATION_FIELDS = ("id", "type", "parent_id", "status", "sku", "date_modified")

_PRODUCTS, _VARIATIONS = "products", "variations"
_DELTA_TRIES = 3


@dataclass(slots=True)
class Scan:
    """One read over several lists: whole when all its walks were, dated by the first."""

    walks: list[Walk] = field(default_factory=list)
    variable: list[int] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether nothing was lost in any list."""
        return all(walk.whole for walk in self.walks)

    @property
    def nameless(self) -> bool:
        """Whether some record came without an id: reading once more would not help, and no cursor may pass it."""
        return any(walk.nameless for walk in self.walks)

    def next_cursor(self, overlap: timedelta) -> str | None:
        """Where the next delta read starts, by the shop's own clock: its Date header, else the newest stamp."""
        at = self.walks[0].server_date or self.walks[0].newest
        return None if at is None else stamp(at - overlap)


class ProductReader:
    """Reads the products and variations of one connection."""

    def __init__(self, client: Client, parents: Parents, per_page: int, overlap_seconds: float) -> None:
        self._client = client
        self._parents = parents
        self._per_page = per_page
        self._overlap = timedelta(seconds=overlap_seconds)
        self._has_list_of_all = True

    def pull(self, fields: Sequence[str]) -> Iterator[Page]:
        """All records; the last page says whether the read was whole, and carries the cursor if it was."""
        scan = Scan()
        return _sealed(self._everything(fields, {}, scan), partial(self._seal_pull, scan))

    def changed_since(self, fields: Sequence[str], cursor: str) -> Iterator[Page]:
        """What was saved since a cursor; read again when pages shifted, and without a new cursor if they always do."""
        changed: Params = {"modified_after": cursor, "dates_are_gmt": "true"}
        for _ in range(_DELTA_TRIES):
            scan = Scan()
            yield from _sealed(self._everything(fields, changed, scan), partial(self._seal_delta, scan, cursor))
            if scan.whole or scan.nameless:
                return

    def _seal_pull(self, scan: Scan, page: Page) -> Page:
        if not scan.whole:
            return page
        if not scan.variable:
            self._parents.rule_out()
        return replace(page, complete=True, cursor=scan.next_cursor(self._overlap))

    def _seal_delta(self, scan: Scan, cursor: str, page: Page) -> Page:
        return replace(page, cursor=scan.next_cursor(self._overlap) or cursor) if scan.whole else page

    def _everything(self, fields: Sequence[str], extra: Params, scan: Scan) -> Iterator[Page]:
        names = field_names(fields, PRODUCT_FIELDS)
        for listing in self._walk(scan, _PRODUCTS, {**extra, "_fields": names}, _PRODUCTS):
            scan.variable += self._variable_in(listing)
            yield page_of(listing)
        if scan.variable or (extra and self._parents.may_exist):
            names = field_names(fields, VARIATION_FIELDS)
            yield from self._variations({**extra, "_fields": names}, scan, delta=bool(extra))

    def _variations(self, params: Params, scan: Scan, *, delta: bool) -> Iterator[Page]:
        """All variations in one list where the shop has it (10.3 and later), else parent by parent."""
        if self._has_list_of_all:
            try:
                yield from self._variation_pages(scan, _VARIATIONS, params, 0)
            except NoRouteError:
                self._has_list_of_all = False
                scan.walks.pop()
            else:
                return
        for parent_id in self._all_variable() if delta else scan.variable:
            yield from self._variations_of(scan, params, parent_id)

    def _variations_of(self, scan: Scan, params: Params, parent_id: int) -> Iterator[Page]:
        try:
            yield from self._variation_pages(scan, f"products/{parent_id}/variations", params, parent_id)
        except NotThereError:
            return  # the parent went while we read: its walk never ended, so the read is not whole

    def _variation_pages(self, scan: Scan, path: str, params: Params, parent_id: int) -> Iterator[Page]:
        for listing in self._walk(scan, path, params, _VARIATIONS):
            self._learn(listing, parent_id)
            yield page_of(listing, parent_id)

    def _all_variable(self) -> list[int]:
        walk = Walk(self._client, _PRODUCTS, {"type": "variable", "_fields": "id,type"}, self._per_page, _PRODUCTS)
        return [number for listing in walk.pages() for number in self._variable_in(listing)]

    def _walk(self, scan: Scan, path: str, params: Params, operation: str) -> Iterator[Listing]:
        walk = Walk(self._client, path, params, self._per_page, operation)
        scan.walks.append(walk)
        return walk.pages()

    def _variable_in(self, listing: Listing) -> list[int]:
        found = variable_ids((head.id, head.type) for head in listing.heads)
        if found:
            self._parents.rule_in()
        return found

    def _learn(self, listing: Listing, parent_id: int) -> None:
        for head in listing.heads:
            if head.id and (head.parent_id or parent_id):
                self._parents.learn(head.id, head.parent_id or parent_id)

    def lookup(self, fields: Sequence[str], ids: Sequence[str]) -> Iterator[Page]:
        """Exactly these records; the last page says whether the shop's answers can be trusted for absence."""
        search = Search(list(dict.fromkeys(int(each) for each in ids if each.isascii() and each.isdigit())))
        return _sealed(self._found(fields, search), lambda page: replace(page, complete=search.trusted))

    def _found(self, fields: Sequence[str], search: Search) -> Iterator[Page]:
        plain = [number for number in search.missing if self._parents.parent_of(number) is None]
        names = field_names(fields, PRODUCT_FIELDS)
        for chunk in self._chunks(plain):
            yield self._hits(search, _PRODUCTS, names, chunk)
        if search.missing and self._parents.may_exist:
            yield from self._found_variations(search, field_names(fields, VARIATION_FIELDS))

    def _found_variations(self, search: Search, names: str) -> Iterator[Page]:
        if self._has_list_of_all:
            try:
                for chunk in self._chunks(list(search.missing)):
                    yield self._hits(search, _VARIATIONS, names, chunk)
            except NoRouteError:
                self._has_list_of_all = False
            else:
                return
        yield from self._found_by_parent(search, names)

    def _found_by_parent(self, search: Search, names: str) -> Iterator[Page]:
        """Ids under their known parents; those of unknown parents under every variable product until they are found."""
        known: dict[int, list[int]] = {}
        for number in search.missing:
            known.setdefault(self._parents.parent_of(number) or 0, []).append(number)
        unknown = known.pop(0, [])
        for parent_id, numbers in known.items():
            yield from self._found_under(search, names, parent_id, numbers)
        for parent_id in self._all_variable() if unknown else ():
            left = [number for number in unknown if number in search.missing]
            yield from self._found_under(search, names, parent_id, left)

    def _found_under(self, search: Search, names: str, parent_id: int, numbers: Sequence[int]) -> Iterator[Page]:
        for chunk in self._chunks(numbers):
            try:
                yield self._hits(search, f"products/{parent_id}/variations", names, chunk, parent_id)
            except NotThereError:
                return  # no parent, no variations

    def _hits(self, search: Search, path: str, names: str, chunk: Sequence[int], parent_id: int = 0) -> Page:
        params: Params = {
            "include": ",".join(map(str, chunk)),
            "orderby": "id",
            "order": "asc",
            "per_page": self._per_page,
            "_fields": names,
        }
        listing = self._client.list(path, params, _PRODUCTS if path == _PRODUCTS else _VARIATIONS)
        if path == _PRODUCTS:
            self._variable_in(listing)
        else:
            self._learn(listing, parent_id)
        return page_of(search.take(listing, chunk), parent_id)

    def _chunks(self, numbers: Sequence[int]) -> Iterable[Sequence[int]]:
        return (numbers[start : start + self._per_page] for start in range(0, len(numbers), self._per_page))


class Search:
    """Ids to be found; what was not asked for is dropped, and makes the answer no proof of absence."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self.missing: dict[int, None] = dict.fromkeys(numbers)
        self.trusted = True

    def take(self, listing: Listing, chunk: Sequence[int]) -> Listing:
        """Keep the hits of one answer."""
        asked = set(chunk)
        hits = [at for at, head in enumerate(listing.heads) if head.id in asked and head.id in self.missing]
        strangers = len(hits) != len(listing.heads)
        if strangers or listing.total not in (None, len(hits)):
            self.trusted = False
        for at in hits:
            self.missing.pop(listing.heads[at].id, None)
        if not strangers:
            return listing
        return replace(listing, records=[listing.records[at] for at in hits], heads=[listing.heads[at] for at in hits])


def _sealed(pages: Iterator[Page], seal: Callable[[Page], Page]) -> Iterator[Page]:
    """The same pages, the last one sealed once everything was read."""
    held: Page | None = None
    for page in pages:
        if held is not None:
            yield held
        held = page
    if held is not None:
        yield seal(held)
