"""What a command has to say, apart from how it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from crossdock.cli.outcome import Outcome

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: the key of its cells, its title, whether it holds figures.

    A table leaves out a column that is empty in every row, unless ``keep`` says otherwise.
    """

    key: str
    title: str
    figures: bool = False
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Rows under one name; ``columns`` are those a table shows, JSON holds every key of the rows."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, object]]
    title: str = ""
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A command's result: its outcome, its rows, its counts, and what to do next.

    JSON: ``{"format_version", "command", "outcome", "exit_code", "counts", <section name>: [rows], "next"}``.
    """

    command: str
    outcome: Outcome
    sections: Sequence[Section] = ()
    counts: Mapping[str, int | float | str | None] = field(default_factory=dict)
    summary: str = ""
    next: Sequence[str] = ()
    notes: Sequence[str] = ()
    """Lines that whoever asked is told on stderr."""

    def document(self) -> dict[str, object]:
        """The report as JSON holds it."""
        return {
            "format_version": FORMAT_VERSION,
            "command": self.command,
            "outcome": self.outcome.word,
            "exit_code": int(self.outcome),
            "counts": dict(self.counts),
            **{section.name: [dict(row) for row in section.rows] for section in self.sections},
            "next": list(self.next),
        }
