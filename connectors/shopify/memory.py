"""What a connection remembers between runs to spend fewer calls: sizes of the shop, never anything of its data."""

from __future__ import annotations

import msgspec

from connectors.base import StateStore

_KEY = "shopify.sizes"


class Sizes(msgspec.Struct):
    """Counts as last seen; None means never. ``loose`` names resources whose bulk results came unordered."""

    records: int | None = None
    orders: int | None = None
    locations: int | None = None
    bulk_seconds: float | None = None
    loose: list[str] = []


class Memory:
    """The sizes of one shop, kept in the connection's durable state."""

    def __init__(self, state: StateStore) -> None:
        self._state = state
        saved = state.get(_KEY)
        self._saved = saved
        self.sizes = msgspec.json.decode(saved, type=Sizes) if saved else Sizes()

    def keep(self) -> None:
        """Write down what has changed."""
        text = msgspec.json.encode(self.sizes).decode()
        if text != self._saved:
            self._state.put(_KEY, text)
            self._saved = text
