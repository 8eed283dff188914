"""Workers that take turns: each runs until it reaches a point where another may go on, chosen by a seed."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

_PATIENCE = 60.0


@dataclass
class Turn:
    """One worker: a thread that runs only while it has its turn."""

    job: Callable[[], None]
    mine: threading.Event = field(default_factory=threading.Event)
    back: threading.Event = field(default_factory=threading.Event)
    ended: bool = False
    error: BaseException | None = None

    def start(self) -> threading.Thread:
        """Start the thread; it waits for its turn."""
        thread = threading.Thread(target=self._run, daemon=True)
        thread.start()
        return thread

    def _run(self) -> None:
        self.mine.wait()
        try:
            self.job()
        except BaseException as error:  # noqa: BLE001 - it is raised again where the turns are given
            self.error = error
        self.ended = True
        self.back.set()

    def give(self) -> None:
        """Let it run until it gives the turn back, or has ended."""
        self.back.clear()
        self.mine.set()
        if not self.back.wait(_PATIENCE):
            raise TimeoutError("a worker did not give its turn back")
        if self.ended and self.error is not None:
            raise self.error

    def pause(self) -> None:
        """Called by the worker: give the turn back, and wait for the next one."""
        self.mine.clear()
        self.back.set()
        self.mine.wait()


class Turns:
    """Runs jobs in turns; ``join`` adds one while others run."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._workers: list[Turn] = []
        self._now: Turn | None = None

    @property
    def several(self) -> bool:
        """Whether there is anybody to give the turn to."""
        return len(self._workers) > 1

    def run(self, job: Callable[[], None]) -> None:
        """Run a job, and every one that joins, to the end."""
        threads = [self.join(job)]
        while self._workers:
            self._now = self._dice.choice(self._workers)
            try:
                self._now.give()
            finally:
                self._workers = [one for one in self._workers if not one.ended]
        for thread in threads:
            thread.join(_PATIENCE)

    def join(self, job: Callable[[], None]) -> threading.Thread:
        """Add a job."""
        turn = Turn(job)
        self._workers.append(turn)
        return turn.start()

    def pass_on(self) -> None:
        """Called by the running job where another may go on."""
        if self.several and self._now is not None:
            self._now.pause()
