"""``crossdock worker`` as processes of their own, whose logs are kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.commands import ROOT
from tests.support.waiting import PATIENCE, until

LEADS = "this worker leads from now on"
STANDS_BY = "this worker stands by"


@dataclass
class Worker:
    """One worker that has begun; ``begun`` is what it said at the start."""

    process: subprocess.Popen[str]
    log: Path
    begun: dict[str, Any]

    def said(self, words: str) -> int:
        """How often it logged something."""
        return self.log.read_text(encoding="utf-8").count(words)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.process.pid, number)

    def end(self, how: signal.Signals) -> int:
        """Send a signal and wait for the end; the exit code."""
        self.send(how)
        return self.process.wait(PATIENCE)


@dataclass
class Crew:
    """The workers of a test."""

    folder: Path
    workers: list[Worker] = field(default_factory=list)

    def start(self, config: Path, *options: str, env: Mapping[str, str] | None = None) -> Worker:
        """Another worker, which leads or stands by when this comes back."""
        words = ["worker", "--log-level", "info", *options]
        log = self.folder / f"worker-{len(self.workers)}.log"
        with log.open("w", encoding="utf-8") as err:
            process = subprocess.Popen(
                [sys.executable, "-m", "crossdock", "--config", str(config), "--format", "json", *words],
                cwd=config.parent,
                env={**os.environ, **(env or {}), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
                stdout=subprocess.PIPE,
                stderr=err,
                text=True,
            )
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, log.read_text(encoding="utf-8")
        found = Worker(process, log, json.loads(line))
        self.workers.append(found)
        until(lambda: found.said(LEADS) or found.said(STANDS_BY))
        return found

    def leader(self) -> Worker:
        """The one that said last that it leads and still lives."""
        [found] = [one for one in self.workers if one.process.poll() is None and one.said(LEADS)]
        return found


@contextmanager
def crew(folder: Path) -> Iterator[Crew]:
    """No worker yet; those that are left at the end are killed."""
    found = Crew(folder)
    try:
        yield found
    finally:
        for one in found.workers:
            with suppress(ProcessLookupError):
                one.process.kill()
            one.process.communicate(timeout=PATIENCE)
