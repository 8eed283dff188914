"""Replicas with an engine each, on one database, and what is marked for them there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from canonical.clock import instant_text
from crossdock.clock import SystemClock
from sync import observeset
from sync.store.database import Database, open_database
from tests.support.commands import ROOT
from tests.support.enginework import RESOURCE
from tests.support.judge import Judge, judging
from tests.support.waiting import PATIENCE, until


@dataclass
class Replica:
    """One process with an engine."""

    process: subprocess.Popen[str]
    log: Path

    def submit(self, key: str, times: int = 1) -> None:
        """Have it submit a key so many times, and wait for that."""
        assert self.process.stdin is not None
        before = self.said(f"submitted {key}")
        self.process.stdin.write(f"submit {key} {times}\n")
        self.process.stdin.flush()
        until(lambda: self.said(f"submitted {key}") > before)

    def said(self, words: str) -> int:
        """How often it said something."""
        return self.log.read_text(encoding="utf-8").count(words)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.process.pid, number)


@dataclass
class Stage:
    """A database, a judge, and the replicas on them."""

    kind: str
    database: Database
    judge: Judge
    folder: Path
    replicas: list[Replica] = field(default_factory=list)

    def start(self) -> Replica:
        """Another replica."""
        log = self.folder / f"replica-{len(self.replicas)}.log"
        with log.open("w", encoding="utf-8") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.enginework", self.kind, self.database.url, self.judge.url],
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
            )
        self.replicas.append(Replica(process, log))
        until(lambda: self.replicas[-1].said("ready\n"))
        return self.replicas[-1]

    def mark(self, key: str, *refs: str) -> None:
        """Mark something for a key, and wake nobody."""
        with self.database.begin() as connection:
            observeset.mark(connection, key, RESOURCE, refs, instant_text(SystemClock().now()))

    def marked(self) -> dict[str, int]:
        """How much is marked for each key."""
        with self.database.read() as connection:
            return observeset.counts(connection)

    def worked_off(self) -> None:
        """Wait until nothing is marked."""
        until(lambda: not self.marked())

    def end(self) -> None:
        """Every replica that lives ends well when asked to."""
        living = [one for one in self.replicas if one.process.poll() is None]
        for one in living:
            one.signal(signal.SIGTERM)
        assert [one.process.wait(PATIENCE) for one in living] == [0] * len(living)


@contextmanager
def staged(kind: str, url: str, folder: Path) -> Iterator[Stage]:
    """A stage without replicas; those that are left at the end are killed."""
    database = open_database(url)
    with judging() as judge:
        found = Stage(kind, database, judge, folder)
        try:
            yield found
        finally:
            judge.during = lambda _key, _ref: None
            for one in found.replicas:
                with suppress(ProcessLookupError):
                    one.process.kill()
                one.process.communicate(timeout=PATIENCE)
            database.close()
