"""A small world for one check: a loaded simulator, a connector on it, a clock that only moves when told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import cast

from connectors.base import Call, Connector, Effect, EffectConnector, Environment, Page
from connectors.conformance.model import CheckFailed, EffectCase, NotApplicable, Subject, WriteCase
from connectors.manifest import EffectSpec, WriteSpec
from connectors.simulation import CatalogItem, SimTransport, Simulator, Ticker


def catalog(items: int) -> list[CatalogItem]:
    """So many sellable things, each different, each a product of its own with stock in two places."""
    return [
        CatalogItem(
            sku=f"SKU-{number:05d}",
            title=f"Item {number}",
            price=Decimal(1000 + number) / 100,
            stock={"WH1": 10 + number % 7, "WH2": 5},
            description=f"<p>Item number {number}</p>",
            tags=("sample",),
        )
        for number in range(items)
    ]


@dataclass(slots=True)
class MemoryState:
    """Small durable state that lives as long as the world."""

    values: dict[str, str] = field(default_factory=dict)

    def get(self, key: str) -> str | None:
        """The stored text, or None."""
        return self.values.get(key)

    def put(self, key: str, value: str) -> None:
        """Keep a text."""
        self.values[key] = value


@dataclass(slots=True)
class World:
    """One simulator and one connector; ``open`` builds it."""

    subject: Subject
    clock: Ticker
    simulator: Simulator
    connector: Connector
    _keys: Iterator[int] = field(default_factory=lambda: count(1))

    @classmethod
    def open(cls, subject: Subject, items: int, *, read_only: bool = False, documents: bool = False) -> World:
        """A fresh world with so many catalog items, and as many of each document if asked; nothing counted yet."""
        clock = Ticker()
        simulator = subject.simulator(clock, catalog(items))
        for make in subject.documents.values() if documents else ():
            make(simulator, items)
        simulator.log.clear()
        environment = Environment(
            connection=subject.name,
            clock=clock,
            state=MemoryState(),
            read_only=read_only,
            http_transport=SimTransport(simulator),
            allow_private_network=True,
        )
        return cls(subject, clock, simulator, subject.connect(simulator, environment))

    def new_key(self) -> str:
        """An idempotency key; the same in every world."""
        return f"00000000-0000-4000-8000-{next(self._keys):012d}"

    def pull(self, resource: str) -> Iterator[Page]:
        """A full read with the subject's paths."""
        return self.connector.pull(resource, self.subject.resources[resource])

    def lookup(self, resource: str, ids: Sequence[str]) -> list[str]:
        """The ids a re-read of these ids gave."""
        return self.ids(resource, self.connector.lookup(resource, self.subject.resources[resource], ids))

    def ids(self, resource: str, pages: Iterable[Page]) -> list[str]:
        """The ids on some pages, repeated ones too."""
        return [self.subject.id_of(resource, record) for page in pages for record in page.records]

    def pack_one(self, case: WriteCase, index: int, value: int, number: int = 1) -> Call:
        """The one call that sets one item."""
        calls = self.connector.pack([case.row(self.simulator, number, index, value)], self.new_key)
        require(len(calls) == 1, f"{case.operation}: one row was packed into {len(calls)} calls")
        return calls[0]

    def spec(self, case: WriteCase) -> WriteSpec:
        """What the manifest says of an operation."""
        found = self.connector.manifest.writes.get(case.operation)
        if found is None:
            raise CheckFailed(f"{case.operation} is not in the manifest")
        return found

    def effect_spec(self, case: EffectCase) -> EffectSpec:
        """What the manifest says of an effect."""
        found = self.connector.manifest.effects.get(case.operation)
        if found is None:
            raise CheckFailed(f"{case.operation} is not among the effects of the manifest")
        return found

    def compose(self, effect: Effect) -> Call:
        """The call that does an effect."""
        return cast(EffectConnector, self.connector).compose(effect, self.new_key)

    def prepare(self, case: EffectCase, index: int, reference: str) -> Effect:
        """An effect and all that it needs there; nothing counted yet."""
        effect = case.effect(self.simulator, index, reference)
        self.simulator.log.clear()
        return effect

    def done(self, case: EffectCase, index: int, reference: str) -> int:
        """How often the platform has done it, with everything that is due."""
        self.simulator.run_due()
        return case.done(self.simulator, index, reference)

    def held(self, case: WriteCase, index: int) -> int:
        """What the platform holds now, after everything that is due."""
        self.simulator.run_due()
        return case.held(self.simulator, index)


def require(condition: bool, message: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Fail the check unless the condition holds."""
    if not condition:
        raise CheckFailed(message)


def each_write(subject: Subject) -> tuple[WriteCase, ...]:
    """The write cases, or a skip when there are none."""
    if not subject.writes:
        raise NotApplicable("this connector declares no writes")
    return subject.writes


def each_effect(subject: Subject) -> tuple[EffectCase, ...]:
    """The effect cases, or a skip when there are none."""
    if not subject.effects:
        raise NotApplicable("this connector declares no effects")
    return subject.effects


def changed_paths(before: object, after: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every place where two snapshots differ, as key paths."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}, key=str):
            yield from changed_paths(before.get(key), after.get(key), (*path, str(key)))
    elif isinstance(before, (list, tuple)) and isinstance(after, (list, tuple)) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from changed_paths(old, new, (*path, str(index)))
    elif before != after:
        yield path


def nth(position: int) -> Callable[[object], bool]:
    """A condition that holds only the so-manieth time it is asked, from 0."""
    asked = count()
    return lambda _: next(asked) == position
