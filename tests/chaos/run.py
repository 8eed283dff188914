"""Both runs of a seed: the calm one, and the one in which everything breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.crew import Member
from tests.chaos.play import Database, Played, play
from tests.chaos.script import Script, write
from tests.chaos.weather import Rates, forecast
from tests.support import postgres

_EVENTS_PER_ORDER = 18
"""Deliveries included, in chaos."""


@dataclass(frozen=True)
class Asked:
    """What is to be played."""

    seed: int
    orders: int
    skus: int
    postgres: bool = False
    broken: str = ""
    rates: Rates = field(default_factory=Rates)


def sized(events: int) -> tuple[int, int]:
    """How many orders and SKUs it takes for so many events."""
    orders = max(10, -(-events // _EVENTS_PER_ORDER))
    return orders, max(20, min(400, orders // 4))


def twice(folder: Path, asked: Asked, tell: Callable[[str], object] = lambda _: None) -> tuple[Script, Played, Played]:
    """The calm run and the wild one of a seed."""
    script = write(asked.seed, asked.orders, asked.skus)
    blows = forecast(asked.seed, len(script.events), asked.rates, database=asked.postgres)
    runs: list[Played] = []
    for name, struck in (("calm", []), ("wild", blows)):
        with _database(folder / name, on_postgres=asked.postgres) as database:
            tell(f"{name}: {len(script.events):,} events of the script, {len(struck):,} blows")
            played = play(
                folder / name,
                script,
                struck,
                database,
                _members(on_postgres=asked.postgres),
                seed=asked.seed,
                broken=asked.broken if struck else "",
                tell=tell,
                stop_seconds=asked.rates.stop_seconds,
            )
            runs.append(played)
    return script, runs[0], runs[1]


@contextmanager
def _database(folder: Path, *, on_postgres: bool) -> Iterator[Database]:
    if not on_postgres:
        yield Database(f"sqlite:///{folder / 'hub.sqlite'}")
        return
    with postgres.started() as server, server.database() as url:
        yield Database(url, server.restart)


def _members(*, on_postgres: bool) -> tuple[Member, ...]:
    if on_postgres:
        return (Member("receiver", ("serve", "--receive-only")), Member("worker", ("serve", "--every", "2")))
    return (Member("hub", ("serve", "--every", "2")),)
