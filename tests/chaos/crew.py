"""The hub's own processes: started, killed, stopped for a while, started again, as their supervisor would."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.commands import ROOT

_PATIENCE = 20.0


@dataclass
class Member:
    """One process of the hub."""

    name: str
    arguments: tuple[str, ...]
    process: subprocess.Popen[bytes] | None = None
    stopped_until: float = 0.0

    @property
    def lives(self) -> bool:
        """Whether it runs, or stands still."""
        return self.process is not None and self.process.poll() is None


@dataclass
class Crew:
    """All processes of one hub; ``broken`` names a rule that this one breaks on purpose."""

    file: Path
    members: Sequence[Member]
    broken: str = ""
    counted: Counter[str] = field(default_factory=Counter)
    died: list[str] = field(default_factory=list)
    """How those ended that nobody killed."""

    def start(self) -> None:
        """Start whoever does not run."""
        for member in self.members:
            if not member.lives:
                self._start(member)

    def look_after(self) -> None:
        """Let those go on who stood still long enough, and start those who ended."""
        for member in self.members:
            if member.stopped_until and time.monotonic() >= member.stopped_until:
                self._go_on(member)
            if not member.lives:
                if member.process is not None:
                    self.died.append(f"{member.name} ended with {member.process.returncode}: see {self._log(member)}")
                self._start(member)

    def kill(self, number: int) -> None:
        """End one of them at once, and start it again."""
        member = self.members[number % len(self.members)]
        self._end(member, signal.SIGKILL)
        self.counted["kill -9"] += 1
        self._start(member)

    def stop(self, number: int, seconds: float) -> None:
        """Let one of them stand still for so long."""
        member = self.members[number % len(self.members)]
        if member.lives and not member.stopped_until:
            assert member.process is not None
            member.process.send_signal(signal.SIGSTOP)
            member.stopped_until = time.monotonic() + seconds
            self.counted["SIGSTOP"] += 1

    def go_on(self) -> None:
        """Let everybody go on."""
        for member in self.members:
            self._go_on(member)

    def end(self) -> None:
        """Ask all of them to stop; whoever does not is killed."""
        for member in self.members:
            self._go_on(member)
            self._end(member, signal.SIGTERM)

    def run(self, *arguments: str, later: float = 0.0, patience: float = 600.0) -> int:
        """Run a command of the hub to its end, so many seconds later than it is; its exit code."""
        with (self.file.parent / "commands.log").open("ab") as log:
            log.write(f"-- {' '.join(arguments)}\n".encode())
            log.flush()
            done = subprocess.run(
                self._command(arguments, later),
                cwd=self.file.parent,
                env=_environment(),
                stdout=log,
                stderr=log,
                check=False,
                timeout=patience,
            )
        return done.returncode

    def _start(self, member: Member) -> None:
        with self._log(member).open("ab") as log:
            member.process = subprocess.Popen(
                self._command(member.arguments), cwd=self.file.parent, env=_environment(), stdout=log, stderr=log
            )
        member.stopped_until = 0.0

    def _command(self, arguments: Sequence[str], later: float = 0.0) -> list[str]:
        """The real command, but for a hub that is broken on purpose or lives later."""
        where = ["--config", str(self.file), *arguments]
        if not self.broken and not later:
            return [sys.executable, "-m", "crossdock", *where]
        return [sys.executable, "-m", "tests.chaos.launch", str(later), self.broken or "-", *where]

    @staticmethod
    def _end(member: Member, how: signal.Signals) -> None:
        process = member.process
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_PATIENCE)
        member.process = None

    @staticmethod
    def _go_on(member: Member) -> None:
        if member.stopped_until and member.process is not None:
            member.process.send_signal(signal.SIGCONT)
        member.stopped_until = 0.0

    def _log(self, member: Member) -> Path:
        return self.file.parent / f"{member.name}.log"


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
