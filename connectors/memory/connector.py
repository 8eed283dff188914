"""The connector of the in-memory platform."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from canonical.errors import FatalError
from connectors.base import (
    Call,
    CallOutcome,
    Effect,
    Environment,
    Finding,
    Page,
    PlatformLocation,
    WriteRow,
)
from connectors.manifest import load_manifest
from connectors.memory import client
from connectors.memory.simulator.markets import trade
from connectors.memory.simulator.world import world

_PAGE = 100


class MemoryConnector:
    """Speaks to a world of this process."""

    def __init__(self, name: str, environment: Environment) -> None:
        self.manifest = load_manifest("connectors.memory")
        self.name = name
        self.world = world(name)
        self.environment = environment

    def check(self) -> list[Finding]:
        """The world is always there."""
        return [Finding("world", ok=True, message=f"{len(self.world.items)} items")]

    def locations(self) -> list[PlatformLocation]:
        """Every location any item is counted at."""
        names = {name for item in self.world.items.values() for name in item.levels}
        return [PlatformLocation(name, name) for name in sorted(names)]

    def pull(self, resource: str, fields: Sequence[str]) -> Iterator[Page]:
        """All records, a hundred a page."""
        return self._pages(resource, list(self._records(resource)), complete=True)

    def changed_since(self, resource: str, fields: Sequence[str], cursor: str) -> Iterator[Page]:
        """Records whose change stamp is after the cursor."""
        changed = [one for one in self._records(resource) if one["changed"] > int(cursor)]
        return self._pages(resource, changed, complete=False)

    def lookup(self, resource: str, fields: Sequence[str], ids: Sequence[str]) -> Iterator[Page]:
        """The records of these ids that exist."""
        known = {one["id"]: one for one in self._records(resource)}
        return self._pages(resource, [known[one] for one in ids if one in known], complete=False)

    def _records(self, resource: str) -> Iterator[dict[str, Any]]:
        if resource != "items":
            yield from trade(self.name).records(resource)
        else:
            yield from (item.record() | {"changed": item.changed} for item in self.world.items.values())

    def _pages(self, resource: str, records: list[dict[str, Any]], *, complete: bool) -> Iterator[Page]:
        cursor = str(self.world.tick)
        for start in range(0, max(1, len(records)), _PAGE):
            self.world.reads.append(resource)
            as_of = self.environment.clock.now()
            part = records[start : start + _PAGE]
            last = start + _PAGE >= len(records)
            shown = [msgspec.json.encode({k: v for k, v in one.items() if k != "changed"}) for one in part]
            yield Page(resource, shown, as_of, cursor if last else None, complete and last)

    def compose(self, effect: Effect, new_key: Callable[[], str]) -> Call:
        """The document as it is."""
        body = msgspec.json.encode({"target": effect.target, "document": dict(effect.document)})
        return Call(effect.operation, body, (0,), "requests", effect.reference)

    def pack(self, rows: Sequence[WriteRow], new_key: Callable[[], str]) -> list[Call]:
        """Levels go 250 a call, plain fields 100."""
        levels = [row for row in rows if "available" in row.values]
        plain = [row for row in rows if "available" not in row.values]
        return [*_calls("levels.set", levels, _level, 250), *_calls("items.update", plain, _update, 100)]

    def push(self, call: Call) -> CallOutcome:
        """Send a call."""
        if self.environment.read_only:
            raise FatalError(f"{self.environment.connection}: a dry run may not write")
        if call.operation in self.manifest.effects:
            return client.do(self.world, trade(self.name), call)
        return client.send(self.world, call)

    def resolve(self, call: Call) -> CallOutcome | None:
        """A set is read again by the engine; an effect is looked up by its reference."""
        return client.find(trade(self.name), call) if call.operation in self.manifest.effects else None

    def close(self) -> None:
        """Nothing is open."""


def _level(row: WriteRow) -> Mapping[str, object]:
    return {
        "id": row.external_id,
        "location": row.scope_id,
        "units": row.values["available"],
        "expected": row.expected["available"],
    }


def _update(row: WriteRow) -> Mapping[str, object]:
    return {"id": row.external_id, "values": dict(row.values)}


def _calls(
    operation: str, rows: Sequence[WriteRow], shape: Callable[[WriteRow], Mapping[str, object]], size: int
) -> list[Call]:
    calls: list[Call] = []
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        body = msgspec.json.encode([shape(row) for row in part])
        calls.append(Call(operation, body, tuple(row.number for row in part), "items"))
    return calls


def connect(settings: Mapping[str, str | int | float | bool], environment: Environment) -> MemoryConnector:
    """Open the world a connection's settings name."""
    return MemoryConnector(str(settings.get("world", "default")), environment)
