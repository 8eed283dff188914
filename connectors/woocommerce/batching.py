"""Rows into calls: one entry a record, as many entries a call as the shop takes now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from connectors.base import JSON, Call, WriteRow
from connectors.woocommerce.paths import item_of
from connectors.woocommerce.records import RESOURCE

PRODUCTS = "products/batch"
VARIATIONS = "variations/batch"

_NO_PARENT = ("", "0")
_GROW_AFTER = 4


class BatchSize:
    """How many entries a call may have: halved when the shop is too slow, doubled after some good calls in a row."""

    def __init__(self, start: int) -> None:
        self.now = start
        self._most = start
        self._good = 0

    def shrink(self) -> None:
        """A call was too much."""
        self.now = max(1, self.now // 2)
        self._good = 0

    def grow(self, entries: int) -> None:
        """A call went well; only full ones say that more would, too."""
        if self.now < self._most and entries >= self.now:
            self._good += 1
            if self._good >= _GROW_AFTER:
                self.now, self._good = min(self._most, self.now * 2), 0


@dataclass(slots=True)
class Entry:
    """One record's values of a call, and the rows they come from."""

    external_id: str
    values: dict[str, JSON]
    rows: list[int] = field(default_factory=list)

    def takes(self, row: WriteRow) -> bool:
        """Whether a row adds to this entry without contradicting it."""
        return all(self.values.get(path, value) == value for path, value in row.values.items())

    def add(self, row: WriteRow) -> None:
        """Take a row in."""
        self.values.update(row.values)
        self.rows.append(row.number)


@dataclass(frozen=True, slots=True)
class Target:
    """What a call is aimed at: the parent of its variations, and how many rows each entry carries, in order."""

    parent_id: str
    counts: tuple[int, ...] = ()

    def __str__(self) -> str:
        merged = any(count != 1 for count in self.counts)
        return f"{self.parent_id}#{','.join(map(str, self.counts))}" if merged else self.parent_id


def parse_target(text: str) -> Target:
    """Read a target from its text form."""
    parent_id, _, counts = text.partition("#")
    return Target(parent_id, tuple(int(count) for count in counts.split(",")) if counts else ())


def pack(rows: Sequence[WriteRow], size: int) -> list[Call]:
    """The fewest calls that write these rows, none with more entries than ``size``.

    Rows of one record become one entry, so that price and stock are one save; two rows that contradict each other
    stay two entries, in their order.
    """
    calls: list[Call] = []
    for parent_id, entries in _grouped(rows).items():
        for start in range(0, len(entries), size):
            calls.append(_call(parent_id, entries[start : start + size]))
    return calls


def rows_by_entry(call: Call, entries: int) -> Iterator[tuple[int, ...]]:
    """The row numbers behind each entry of a call, in the order of its entries."""
    counts = parse_target(call.target).counts or (1,) * entries
    start = 0
    for count in counts:
        yield call.rows[start : start + count]
        start += count


def _grouped(rows: Sequence[WriteRow]) -> Mapping[str, list[Entry]]:
    groups: dict[str, list[Entry]] = {}
    latest: dict[tuple[str, str], Entry] = {}
    for row in rows:
        parent_id = "" if row.parent_id in _NO_PARENT else row.parent_id
        entry = latest.get((parent_id, row.external_id))
        if entry is None or not entry.takes(row):
            entry = Entry(row.external_id, {})
            latest[parent_id, row.external_id] = entry
            groups.setdefault(parent_id, []).append(entry)
        entry.add(row)
    return groups


def _call(parent_id: str, entries: Sequence[Entry]) -> Call:
    body = {"update": [item_of(entry.external_id, entry.values) for entry in entries]}
    return Call(
        operation=VARIATIONS if parent_id else PRODUCTS,
        body=msgspec.json.encode(body),
        rows=tuple(number for entry in entries for number in entry.rows),
        resource=RESOURCE,
        target=str(Target(parent_id, tuple(len(entry.rows) for entry in entries))),
    )
