"""Which product a variation belongs to, as learned from reads: the API asks for both, an id alone is what we keep."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable

from connectors.base import StateStore

VARIATION = "variation"

_PLAIN_TYPES = frozenset({"simple", "grouped", "external", VARIATION, ""})
_STATE_KEY = "variable_products"


class Parents:
    """Variation to parent in sixteen bytes each, and whether the shop has variable products at all."""

    def __init__(self, state: StateStore) -> None:
        self._state = state
        self._ids = array("q")
        self._parents = array("q")
        self._late: dict[int, int] = {}

    def learn(self, variation_id: int, parent_id: int) -> None:
        """Keep one pair; lists come in order of ids, so that most are appended."""
        if not self._ids or variation_id > self._ids[-1]:
            self._ids.append(variation_id)
            self._parents.append(parent_id)
        elif self.parent_of(variation_id) != parent_id:
            self._late[variation_id] = parent_id

    def parent_of(self, variation_id: int) -> int | None:
        """The parent, or None when the id was never seen as a variation's."""
        if variation_id in self._late:
            return self._late[variation_id]
        at = bisect_left(self._ids, variation_id)
        return self._parents[at] if at < len(self._ids) and self._ids[at] == variation_id else None

    @property
    def may_exist(self) -> bool:
        """Whether the shop may have variations; only a whole read can rule it out."""
        return self._state.get(_STATE_KEY) != "none"

    def rule_out(self) -> None:
        """A whole read showed no product that can have variations."""
        self._state.put(_STATE_KEY, "none")

    def rule_in(self) -> None:
        """A product that can have variations was seen."""
        if not self.may_exist:
            self._state.put(_STATE_KEY, "some")


def variable_ids(types: Iterable[tuple[int, str]]) -> list[int]:
    """The products that can have variations: the variable ones, and those of types we do not know."""
    return [number for number, kind in types if kind not in _PLAIN_TYPES]
