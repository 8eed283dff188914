"""One run: the script is played with a hub at work, calmly or while everything breaks, until nothing is left to do."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from crossdock.clock import SystemClock
from sync.store.database import open_database
from tests.chaos.crew import Crew, Member
from tests.chaos.picture import Picture
from tests.chaos.post import Post
from tests.chaos.script import Script
from tests.chaos.stage import Counts, Platforms, platforms
from tests.chaos.waiting import for_a_person, waiting
from tests.chaos.weather import Blow
from tests.support.waiting import until

_BATCH = 8
_ROUNDS = 14
_IDLE_ROUNDS = 4
"""As many as it takes for what waits longest to be due, and not to be done."""
_LATER_SECONDS = 150.0
_OPEN_SHARE, _OPEN_MOST = 20, 40
"""So many orders that were not asked for yet let people wait a little for the hub: one in twenty, at most forty."""
_PATIENCE, _SETTLE_SECONDS = 3.0, 20.0
_HASTE = 8.0
"""So much less patience has who waits for a hub that never gets done."""


@dataclass(frozen=True)
class Database:
    """Where the hub keeps what it knows, and how to restart it where that can be done."""

    url: str
    restart: Callable[[], object] | None = None


@dataclass
class Played:
    """How a run ended, and what was done to it."""

    picture: Picture
    counts: Counts
    events: int
    """Things that happened, and deliveries that were tried."""
    post: Post
    counted: Counter[str]
    died: Sequence[str]
    restless: str
    """What was still open when it should have been quiet."""
    seconds: float
    codes: Sequence[int] = field(default_factory=list)
    closed: int = 0
    """Falls of stock that only a person could close."""


def play(
    folder: Path,
    script: Script,
    blows: Sequence[Blow],
    database: Database,
    members: Sequence[Member],
    *,
    seed: int,
    broken: str = "",
    tell: Callable[[str], object] = lambda _: None,
    stop_seconds: float = 12.0,
) -> Played:
    """Play a script with these blows; without any it is the calm one."""
    begun = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    file, port = folder / "crossdock.yaml", _free_port()
    crew, post = Crew(file, members, broken), Post(port, seed, calm=not blows)
    with platforms(script, file, database.url, port) as stage, _at_work(crew, post):
        run = _Run(script, stage, crew, post, database, tell, stop_seconds)
        run.adopt()
        run.live(blows)
        run.rest()
        counts: Counts = stage.ask("counts")
        return Played(
            stage.ask("picture"),
            counts,
            len(script.events) + post.attempts,
            post,
            crew.counted,
            crew.died,
            run.restless,
            time.monotonic() - begun,
            run.codes,
            run.closed,
        )


class _Run:
    def __init__(
        self,
        script: Script,
        stage: Platforms,
        crew: Crew,
        post: Post,
        database: Database,
        tell: Callable[[str], object],
        stop_seconds: float,
    ) -> None:
        self._script, self._stage, self._crew, self._post = script, stage, crew, post
        self._database, self._tell, self._stop_seconds = database, tell, stop_seconds
        self._open_at_most = min(_OPEN_MOST, len(script.orders) // _OPEN_SHARE)
        self._haste = _HASTE if crew.broken else 1.0
        self.restless = ""
        self.codes: list[int] = []
        self.closed = 0

    def adopt(self) -> None:
        """The hub links and goes live."""
        code = self._crew.run("adopt", "--yes")
        assert code in (0, 2), f"adopt ended with {code}"
        assert self._crew.run("sync") == 0, "the first sync"
        self._crew.start()
        until(self._post.reaches)

    def live(self, blows: Sequence[Blow]) -> None:
        """Let everything happen, and go wrong."""
        left, events, told = list(blows), self._script.events, 0
        for at in range(0, len(events), _BATCH):
            parcels, news = self._stage.ask("do", events[at : at + _BATCH])
            self._post.deliver(news)
            while left and left[0].after < at + _BATCH:
                self._strike(left.pop(0))
            self._crew.look_after()
            self._keep_pace()
            told += parcels
            if at // _BATCH % 100 == 0:
                happened = at + _BATCH + self._post.attempts
                self._tell(f"{at:,} of {len(events):,} events of the script, {happened:,} in all, {told:,} parcels")

    def rest(self) -> None:
        """Nothing goes wrong any more: the hub works until all is done; what waits for its time is told it is later."""
        self._stage.ask("heal")
        self._crew.go_on()
        self._settle()
        self._crew.look_after()
        until(self._post.reaches)
        self._post.forge_all()
        self._crew.end()
        later, idle = 0.0, 0
        for number in range(_ROUNDS):
            before = self._stage.ask("writes")
            self.codes.append(self._crew.run("sync", "--read", "full", later=later))
            parcels, _ = self._stage.ask("do", [])
            written = self._stage.ask("writes") - before
            self.restless = self._open()
            self._tell(f"round {number + 1}: {written} writes, {parcels} parcels, {self.restless or 'nothing'} open")
            if not written and not parcels and not self.restless and self.codes[-1] == 0:
                return
            idle = 0 if written or parcels or self._as_a_person() else idle + 1
            if idle >= _IDLE_ROUNDS / self._haste:
                break
            later += _LATER_SECONDS
            self._stage.ask("later", later)
        self.restless = self.restless or f"the last sync wrote, or ended with {self.codes[-1]}"

    def _as_a_person(self) -> int:
        """Do what the page on the stock promise asks of a person; tells for how many falls."""
        with closing(open_database(self._database.url)) as database, database.read() as connection:
            falls = for_a_person(connection)
        for one in falls:
            self._crew.run("conflicts", "resolve", f"drop:{one}", "--yes")
        self.closed += len(falls)
        return len(falls)

    def _settle(self) -> None:
        """The hub itself works off what it can at once."""
        deadline, before = time.monotonic() + _SETTLE_SECONDS / self._haste, -1
        while time.monotonic() < deadline:
            parcels, news = self._stage.ask("do", [])
            self._post.deliver(news)
            waiting, writes = self._stage.ask("waiting"), self._stage.ask("writes")
            if not waiting and not parcels and writes == before:
                return
            before = writes
            self._crew.look_after()
            SystemClock().sleep(1.5)

    def _strike(self, blow: Blow) -> None:
        if blow.trouble == "kill":
            self._crew.kill(blow.number)
        elif blow.trouble == "stop":
            self._crew.stop(blow.number, self._stop_seconds)
        elif blow.trouble == "fault":
            self._stage.ask("fail", blow.platform, blow.fault, blow.hang)
        elif self._database.restart is not None:
            self._database.restart()
            self._crew.counted["database restarted"] += 1

    def _keep_pace(self) -> None:
        """People do not run away from the hub, and do not wait for it for long either."""
        deadline = time.monotonic() + _PATIENCE / self._haste
        while self._stage.ask("unasked") > self._open_at_most and time.monotonic() < deadline:
            SystemClock().sleep(0.1)
            _, news = self._stage.ask("do", [])
            self._post.deliver(news)
            self._crew.look_after()

    def _open(self) -> str:
        database = open_database(self._database.url)
        try:
            with database.begin() as connection:
                return waiting(connection)
        finally:
            database.close()


@contextmanager
def _at_work(crew: Crew, post: Post) -> Iterator[None]:
    try:
        yield
    finally:
        crew.end()
        post.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
