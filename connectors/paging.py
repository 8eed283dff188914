"""Guards of every paged read: no page twice, no record lost unnoticed."""

from __future__ import annotations

from hashlib import blake2b

from canonical.errors import ProtocolError

_BYTES = 8


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

    Ids are kept as eight-byte marks: two different ids share one with a chance below one in a million for a
    million records, and then the read is taken as incomplete, never as whole.
    """

    def __init__(self) -> None:
        self._marks: set[bytes] = set()
        self.total = 0

    def add(self, external_id: str) -> bool:
        """Count one record; False when its id was there before."""
        self.total += 1
        before = len(self._marks)
        self._marks.add(blake2b(external_id.encode(), digest_size=_BYTES).digest())
        return len(self._marks) > before

    @property
    def distinct(self) -> int:
        """How many different ids were counted."""
        return len(self._marks)

    def is_whole(self, expected: int | None, cap: int | None = None) -> bool:
        """Whether everything was seen: as many different ids as the platform counts, and below its documented cap."""
        if cap is not None and self.distinct >= cap:
            return False
        return expected is None or self.distinct == expected
