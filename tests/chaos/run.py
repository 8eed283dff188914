"""The runs of a seed: the calm one, and those in which everything breaks, on either store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.chaos.crew import Member
from tests.chaos.play import Database, Played, play
from tests.chaos.script import Script, write
from tests.chaos.weather import Blow, Rates, forecast
from tests.support import postgres

_EVENTS_PER_ORDER = 20
"""Deliveries included, in chaos."""
_LEAST_ORDERS, _LEAST_SKUS, _MOST_SKUS, _ORDERS_PER_SKU = 10, 20, 400, 4
_EVERY = ("--every", "2")
_STALLED_SECONDS, _STOPPED_SECONDS = 33.0, 12.0
"""How long a process stands still: where there are several, longer than one may be silent."""


@dataclass(frozen=True)
class Plan:
    """What is to be played: a seed, and how much of it."""

    seed: int
    orders: int
    rates: Rates

    @cached_property
    def script(self) -> Script:
        """What happens."""
        skus = max(_LEAST_SKUS, min(_MOST_SKUS, self.orders // _ORDERS_PER_SKU))
        return write(self.seed, self.orders, skus)

    def blows(self, *, database: bool) -> list[Blow]:
        """What goes wrong."""
        return forecast(self.seed, len(self.script.events), self.rates, database=database)


def plan_of(seed: int, events: int, rates: Rates | None = None) -> Plan:
    """A plan that comes to at least so many events."""
    return Plan(seed, max(_LEAST_ORDERS, -(-events // _EVENTS_PER_ORDER)), rates or Rates())


def calm(folder: Path, plan: Plan, tell: Callable[[str], object] = lambda _: None) -> Played:
    """The run in which nothing goes wrong; what it ends with does not depend on the store."""
    return _play(folder, plan, [], on_postgres=False, tell=tell)


def wild(
    folder: Path,
    plan: Plan,
    tell: Callable[[str], object] = lambda _: None,
    *,
    on_postgres: bool = False,
    broken: str = "",
) -> Played:
    """The run in which everything breaks; ``broken`` names a rule that the hub breaks as well."""
    blows = plan.blows(database=on_postgres)
    return _play(folder, plan, blows, on_postgres=on_postgres, tell=tell, broken=broken)


def _play(
    folder: Path,
    plan: Plan,
    blows: Sequence[Blow],
    *,
    on_postgres: bool,
    tell: Callable[[str], object],
    broken: str = "",
) -> Played:
    tell(f"{len(plan.script.events):,} events of the script, {len(blows):,} blows")
    with _database(folder, on_postgres=on_postgres) as database:
        return play(
            folder,
            plan.script,
            blows,
            database,
            _members(on_postgres=on_postgres),
            seed=plan.seed,
            broken=broken,
            tell=tell,
            stop_seconds=_STALLED_SECONDS if on_postgres else _STOPPED_SECONDS,
        )


@contextmanager
def _database(folder: Path, *, on_postgres: bool) -> Iterator[Database]:
    if not on_postgres:
        yield Database(f"sqlite:///{folder / 'hub.sqlite'}")
        return
    with postgres.started() as server, server.database() as url:
        yield Database(url, server.restart)


def _members(*, on_postgres: bool) -> tuple[Member, ...]:
    """One process, or one that hears and two that work."""
    if not on_postgres:
        return (Member("hub", ("serve", *_EVERY)),)
    workers = (Member(f"worker-{number}", ("worker", *_EVERY)) for number in (1, 2))
    return (Member("receiver", ("serve", "--receive-only")), *workers)
