"""Reads: everything, what changed, and exactly these; every hit is checked for what it was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec

from canonical.errors import FatalError, ProtocolError
from connectors.base import JSON, Page
from connectors.http import Answer
from connectors.manifest import FieldCatalog
from connectors.shiphero.client import Client
from connectors.shiphero.documents import INVENTORY, ORDERS, SHIPMENTS, STATE, Wanted, page_document, root_of, wanted
from connectors.shiphero.options import Options
from connectors.shiphero.pages import Head, Item, Walk, head_of
from connectors.shiphero.records import Completer
from connectors.shiphero.shapes import Envelope, One
from connectors.shiphero.verdict import LOOKUP

_TRIES = 3
_SHIPMENT = "id order_id"


class Reader:
    """Reads the records of one connection."""

    def __init__(self, client: Client, options: Options, catalog: FieldCatalog, overlap_seconds: float) -> None:
        self._client = client
        self._options = options
        self._catalog = catalog
        self._overlap = timedelta(seconds=overlap_seconds)
        self._completer = Completer(client)

    def wanted(self, resource: str, fields: Sequence[str]) -> Wanted:
        """What to ask of a resource for these paths."""
        root_of(resource)
        return wanted(self._catalog, resource, fields or ["id"], self._options.line_page_size)

    def pull(self, resource: str, fields: Sequence[str]) -> Iterator[Page]:
        """All records; the last page says whether the read was whole, and carries the cursor if it was."""
        ask = self.wanted(resource, fields)
        since = self._options.orders_since if resource == ORDERS else ""
        walk = self._walk(ask, {"order_date_from": since} if since else {})
        strangers = 0
        held: Page | None = None
        for items, as_of in walk.pages():
            if held is not None:
                yield held
            ours = [item for item in items if self._is_ours(item.head)]
            strangers += len(items) - len(ours)
            held = self._page(ask, ours, fields, as_of)
        whole = walk.whole and not strangers
        if held is not None:
            yield replace(held, complete=whole, cursor=self._cursor(walk) if whole else None)

    def changed_since(self, resource: str, fields: Sequence[str], cursor: str) -> Iterator[Page]:
        """What was saved since a cursor, and orders of which something left; again where the pages shifted."""
        if resource == INVENTORY:
            raise FatalError("shiphero does not tell whose stock changed", hint="only full reads do")
        ask = self.wanted(resource, fields)
        for _ in range(_TRIES):
            walk = self._walk(ask, {"updated_from": cursor})
            seen: set[str] = set()
            held: Page | None = None
            for items, as_of in walk.pages():
                if held is not None:
                    yield held
                ours = [item for item in items if self._is_ours(item.head) and _is_since(item.head, cursor)]
                seen |= {item.head.id for item in ours}
                held = self._page(ask, ours, fields, as_of)
            sent, counted = self._shipped_since(resource, cursor)
            yield from self.lookup(resource, fields, sorted(sent - seen))
            if held is not None:
                whole = walk.whole and counted
                yield replace(held, cursor=self._cursor(walk) if whole else None)
            if walk.whole and counted:
                return

    def lookup(self, resource: str, fields: Sequence[str], ids: Sequence[str]) -> Iterator[Page]:
        """Exactly these records, several a request; what is not there, or is another's, is left out."""
        ask = self.wanted(resource, fields)
        every = list(dict.fromkeys(one for one in ids if one))
        for start in range(0, len(every), self._options.lookup_batch):
            yield from self._some(ask, fields, every[start : start + self._options.lookup_batch])

    def find(self, fields: Sequence[str], reference: str) -> list[bytes]:
        """The orders under exactly this reference; the list may well hold others."""
        ask = self.wanted(ORDERS, fields)
        walk = self._walk(ask, {"partner_order_id": reference})
        found: dict[str, msgspec.Raw] = {}
        for items, _ in walk.pages():
            for item in items:
                if item.head.partner_order_id == reference and self._is_ours(item.head):
                    found[item.head.id] = item.raw
        return [self.whole(ask, raw, fields) for raw in found.values()]

    def whole(self, ask: Wanted, raw: bytes | msgspec.Raw, fields: Sequence[str]) -> bytes:
        """A record with all that belongs to it."""
        return self._completer.whole(ask, raw, with_state=STATE in fields)

    def _some(self, ask: Wanted, fields: Sequence[str], ids: list[str]) -> Iterator[Page]:
        variables: dict[str, JSON] = {f"id{at}": one for at, one in enumerate(ids)}
        answer = self._client.query(f"{ask.root.one}{LOOKUP}", ask.lookup(len(ids)), variables, len(ids))
        data = answer.decode(Envelope).data
        if data is None and len(ids) > 1:
            # One that is not there may take the others of its request along.
            middle = len(ids) // 2
            yield from self._some(ask, fields, ids[:middle])
            yield from self._some(ask, fields, ids[middle:])
            return
        records = []
        for at, one in enumerate(ids):
            raw = _single((data or {}).get(f"r{at}"), answer)
            if raw is None:
                continue
            head = head_of(raw, answer.place)
            if head.id == one and self._is_ours(head):
                records.append(self.whole(ask, raw, fields))
        yield Page(ask.resource, records, answer.started)

    def _shipped_since(self, resource: str, cursor: str) -> tuple[set[str], bool]:
        """Orders of which something left since: whether that moves their date is not known."""
        if resource != ORDERS:
            return set(), True
        walk = Walk(
            self._client,
            SHIPMENTS,
            self._options.order_page_size,
            lambda filters: page_document(SHIPMENTS, _SHIPMENT, filters),
            {"date_from": cursor},
            "created_date",
        )
        return {item.head.order_id for items, _ in walk.pages() for item in items if item.head.order_id}, walk.whole

    def _walk(self, ask: Wanted, filters: Mapping[str, JSON]) -> Walk:
        customer = self._options.customer_account_id
        given: dict[str, JSON] = {**filters, **({"customer_account_id": customer} if customer else {})}
        size = self._options.order_page_size if ask.resource == ORDERS else self._options.page_size
        return Walk(self._client, ask.root.many, size, ask.page, given, ask.root.sort)

    def _page(self, ask: Wanted, items: Sequence[Item], fields: Sequence[str], as_of: datetime) -> Page:
        return Page(ask.resource, [self.whole(ask, item.raw, fields) for item in items], as_of)

    def _is_ours(self, head: Head) -> bool:
        customer = self._options.customer_account_id
        return not customer or head.account_id in (None, customer)

    def _cursor(self, walk: Walk) -> str | None:
        """Where the next delta read starts, by the platform's own clock."""
        at = walk.server_date
        return None if at is None else (at - self._overlap).astimezone(UTC).isoformat(timespec="seconds")


def _single(raw: msgspec.Raw | None, answer: Answer) -> msgspec.Raw | None:
    try:
        found = msgspec.json.decode(raw, type=One | None) if raw is not None else None
    except msgspec.ValidationError as error:
        raise ProtocolError(f"{answer.place}: a record cannot be read: {error}", hint="read again") from error
    return None if found is None or bytes(found.data) == b"null" else found.data


def _is_since(head: Head, cursor: str) -> bool:
    """Whether a hit is as new as it was asked for; one whose date cannot be read counts as new."""
    try:
        at = datetime.fromisoformat(head.updated_at or "")
    except ValueError:
        return True
    return (at if at.tzinfo else at.replace(tzinfo=UTC)) >= datetime.fromisoformat(cursor)
