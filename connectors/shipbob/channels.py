"""The channels a token can see, and the one it writes for."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from canonical.errors import FatalError
from connectors.paging import CursorGuard
from connectors.shipbob.client import Client, Params

PATH = "channel"
WRITES_ORDERS = "orders_write"


class Channel(msgspec.Struct, frozen=True):
    """One installation of one application, with what the token may do there."""

    id: int
    name: str | None = None
    scopes: tuple[str, ...] | None = None

    @property
    def writes_orders(self) -> bool:
        """Whether orders may be made for it."""
        return WRITES_ORDERS in (self.scopes or ())


class Channels:
    """The channel of one connection: the configured one, else the only one in which orders may be made."""

    def __init__(self, client: Client, connection: str, configured: str) -> None:
        self._client = client
        self._connection = connection
        self._found = configured

    def every(self) -> list[Channel]:
        """All channels that the token can see."""
        return list(self._every())

    def own(self) -> str:
        """The id of the channel that orders are made for; FatalError when it is not clear which."""
        if not self._found:
            self._found = str(self._only_writable().id)
        return self._found

    def _only_writable(self) -> Channel:
        writable = [one for one in self._every() if one.writes_orders]
        if not writable:
            raise FatalError(
                f"{self._connection}: the token may make orders in no channel",
                hint=f"give it the right {WRITES_ORDERS}",
            )
        if len(writable) > 1:
            names = ", ".join(f"{one.id} ({one.name})" for one in writable)
            raise FatalError(
                f"{self._connection}: the token may make orders in several channels: {names}", hint="set channel_id"
            )
        return writable[0]

    def _every(self) -> Iterator[Channel]:
        guard = CursorGuard(self._connection, PATH)
        params: Params | None = (("RecordsPerPage", "50"),)
        while params is not None:
            listing = self._client.paged(PATH, params)
            yield from (msgspec.json.decode(raw, type=Channel) for raw in listing.records)
            params = listing.following
            if params is not None:
                guard.advance(repr(params))
