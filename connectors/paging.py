"""Guards of every paged read: no page twice, no record lost unnoticed."""

from __future__ import annotations

from array import array
from hashlib import blake2b

from canonical.errors import ProtocolError

_BYTES = 8
_BUCKETS = 256
_MASK = 2**64 - 1


class CursorGuard:
    """Follows the cursors of one read and refuses to go in a circle."""

    def __init__(self, connection: str, resource: str) -> None:
        self._place = f"{connection}: {resource}"
        self._seen: set[bytes] = set()

    def advance(self, cursor: str) -> str:
        """The cursor of the next page; ProtocolError when the platform gave it before."""
        mark = blake2b(cursor.encode(), digest_size=_BYTES).digest()
        if mark in self._seen:
            raise ProtocolError(
                f"{self._place}: the platform gave the same page position twice after {len(self._seen)} pages",
                hint="nothing is concluded from this read; try again, and report it to the platform if it stays",
            )
        self._seen.add(mark)
        return cursor


class DistinctCount:
    """Counts distinct ids in small memory, so that a read can be proven whole or not (R22).

    Each id is kept as an eight-byte mark. Should two ids share one, the read counts one too few and is taken as
    incomplete, never as whole.
    """

    def __init__(self) -> None:
        self._buckets = [array("Q") for _ in range(_BUCKETS)]
        self.total = 0

    def add(self, external_id: str) -> None:
        """Count one record."""
        mark = hash(external_id) & _MASK
        self._buckets[mark % _BUCKETS].append(mark)
        self.total += 1

    @property
    def distinct(self) -> int:
        """How many different ids were counted."""
        return sum(len(set(bucket)) for bucket in self._buckets)

    def is_whole(self, expected: int | None = None, cap: int | None = None) -> bool:
        """Whether every record was seen just once, as many as the platform counts, below its documented cap."""
        distinct = self.distinct
        if distinct != self.total or (cap is not None and distinct >= cap):
            return False
        return expected is None or distinct == expected
