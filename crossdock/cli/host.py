"""What a command finds around it: this process's own output and files, or those of the daemon that carries it out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from crossdock.cli.outcome import Outcome
from crossdock.cli.output import Output, Progress
from crossdock.cli.report import Report

if TYPE_CHECKING:
    from crossdock.settings.model import Settings
    from sync.hub import Hub


class Files(Protocol):
    """Where a command reads and writes the files that its arguments name."""

    def read(self, path: Path) -> bytes:
        """A file's content; OSError when it cannot be read."""
        ...

    def write(self, path: Path, content: bytes) -> None:
        """Write a file whole; OSError when it cannot be written."""
        ...


class Disk:
    """This machine's own files."""

    def read(self, path: Path) -> bytes:
        """Read it."""
        return path.read_bytes()

    def write(self, path: Path, content: bytes) -> None:
        """Write it whole or not at all."""
        from sync.planfile import replace_file

        replace_file(path, content)


@dataclass(frozen=True, slots=True)
class Carried:
    """Files that travel with a command, since who asked for it may sit on another machine."""

    given: Mapping[str, bytes]
    written: dict[str, bytes] = field(default_factory=dict)

    def read(self, path: Path) -> bytes:
        """What the asker sent along."""
        if str(path) not in self.given:
            raise FileNotFoundError(2, "it was not sent along", str(path))
        return self.given[str(path)]

    def write(self, path: Path, content: bytes) -> None:
        """Keep it for the asker."""
        self.written[str(path)] = content


class Recorded(Output):
    """Keeps the report for who asked, instead of showing it."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(as_json=True)
        self.report: Report | None = None
        self._notes: list[str] = []
        self._progress = progress

    def emit(self, report: Report) -> Outcome:
        """Keep it."""
        self.report = replace(report, notes=(*report.notes, *self._notes))
        return report.outcome

    def note(self, text: str) -> None:
        """Told to who asked, with the report."""
        self._notes.append(text)

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Told to who follows."""
        yield self._progress


@dataclass(frozen=True, slots=True)
class Host:
    """A daemon's hand to a command that it carries out: its configuration and hub instead of what is on disk.

    ``begun`` is called with the run's id before anything is done; it raises when the command was taken back.
    """

    settings: Settings
    hub: Hub
    output: Recorded
    files: Carried
    begun: Callable[[int], None]
