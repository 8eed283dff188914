"""The platforms in a process of their own, over real HTTP: whoever kills hubs must not touch them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from connectors.simulation import Fault, serve
from tests.chaos.mouth import Message, messages
from tests.chaos.people import People
from tests.chaos.picture import Picture, doubled, picture
from tests.chaos.scene import build, configure
from tests.chaos.script import Event, Script
from tests.chaos.watched import Watched


@dataclass(frozen=True)
class Counts:
    """What the platforms counted: faults that hit by platform and kind, calls that write, and what went wrong."""

    faults: Counter[tuple[str, str]]
    writes: int
    doubled: dict[str, int]
    """By effect: how often it was had once more."""
    repeated: int
    """Calls with an effect that came once more with the same bytes, whether or not the first one had arrived."""
    short: int
    """Times at which a shop had less than was bought there."""
    oversold: int
    """Units that are offered, or promised, and are not there."""


class Stage:
    """What happens in the process of the platforms; every method can be asked for from outside."""

    def __init__(self, script: Script, file: Path, database: str, port: int, stack: ExitStack) -> None:
        self.script = script
        self.scene = build(script.skus)
        self.people = People(self.scene, script)
        self.watched = {name: Watched(name, one, self.people) for name, one in self.scene.platforms.items()}
        urls = {name: stack.enter_context(serve(one)).base_url for name, one in self.scene.platforms.items()}
        configure(self.scene, urls, file, database, port)

    def do(self, events: Sequence[Event]) -> tuple[int, list[Message]]:
        """Let these things happen, and the floor work; tells how many parcels left, and what is told of it all."""
        for event in events:
            self.people.do(event)
        return self.people.ship(), messages(self.scene, self.people)

    def waiting(self) -> int:
        """How many orders that are to leave could not yet."""
        return self.people.waiting()

    def unasked(self) -> int:
        """How far the hub is behind, in orders."""
        return self.people.unasked()

    def fail(self, platform: str, fault: Fault, hang: float = 0.0) -> None:
        """Let something go wrong at the next request that it fits."""
        self.watched[platform].hang = hang
        self.scene.platforms[platform].faults.add(fault)

    def heal(self) -> None:
        """Let nothing more go wrong."""
        for platform in self.scene.platforms.values():
            platform.faults.clear()

    def later(self, seconds: float) -> None:
        """Let it be so much later than it is, for all platforms."""
        self.scene.clock.later = seconds
        for platform in self.scene.platforms.values():
            platform.run_due()

    def writes(self) -> int:
        """Calls that write, so far."""
        return sum(platform.log.writes() for platform in self.scene.platforms.values())

    def picture(self) -> Picture:
        """What all of them hold."""
        return picture(self.scene, self.people, self.script)

    def counts(self) -> Counts:
        """What they counted."""
        faults = Counter(
            (name, str(call.fault))
            for name, platform in self.scene.platforms.items()
            for call in platform.log.entries
            if call.fault
        )
        repeated = sum(one.repeated() for one in self.watched.values())
        return Counts(faults, self.writes(), doubled(self.scene), repeated, self.people.short, self._oversold())

    def _oversold(self) -> int:
        units = 0
        for sku in self.script.skus:
            free = self.scene.ledger.free(sku)
            eu = sum(self.scene.shop_eu.quantity(sku, code) for code in ("WH1", "WH2"))
            offered = max(eu, self.scene.shop_web.quantity(sku) or 0)
            units += max(0, -free) + max(0, offered - max(0, free))
        return units


class Platforms:
    """The platforms as the other processes see them: what ``Stage`` can be asked for, by its name."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def ask(self, name: str, *arguments: Any) -> Any:
        """Have something done there; what goes wrong there is raised here."""
        self._pipe.send((name, arguments))
        answer = self._pipe.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextmanager
def platforms(script: Script, file: Path, database: str, port: int) -> Iterator[Platforms]:
    """Run the platforms while the context lasts; the hub's configuration is written to ``file``."""
    spawn = get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_live, args=(there, script, file, database, port), daemon=True)
    process.start()
    there.close()
    try:
        found = Platforms(here)
        found.ask("writes")
        yield found
    finally:
        here.close()
        process.join(10)
        process.kill()


def _live(pipe: Connection, script: Script, file: Path, database: str, port: int) -> None:
    with ExitStack() as stack:
        stage = Stage(script, file, database, port, stack)
        while True:
            try:
                name, arguments = pipe.recv()
            except EOFError:
                return
            try:
                pipe.send(getattr(stage, name)(*arguments))
            except (AssertionError, ValueError, LookupError, RuntimeError, TypeError, AttributeError) as error:
                pipe.send(error)
