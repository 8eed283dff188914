"""Show reports: tables for people, wrapped text for pipes, JSON for programs; progress on stderr only."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Literal, Protocol

from crossdock.cli.outcome import Outcome
from crossdock.cli.report import Column, Report, Section
from crossdock.cli.wrapping import piped_width, table_lines, wrapped_lines

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress
    from rich.table import Table

_INSTANT = re.compile(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)(?=$|: )")
_UNBOUNDED = 100_000
_STYLES = {
    "ok": "green",
    "passed": "green",
    "applied": "green",
    "error": "bold red",
    "failed": "bold red",
    "warning": "yellow",
    "held": "yellow",
}


class Output:
    """Where a command's result goes, and in which form."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json

    def emit(self, report: Report) -> Outcome:
        """Show a report on stdout and give back its outcome; its notes go to stderr."""
        for one in report.notes:
            self.note(one)
        if self.as_json:
            print(json.dumps(report.document(), indent=2, ensure_ascii=False, default=plain))
        elif sys.stdout.isatty():
            _show_rich(report)
        else:
            print("\n".join(text_lines(report, piped_width(os.environ))))
        return report.outcome

    def note(self, text: str) -> None:
        """A line for people on stderr."""
        print(text, file=sys.stderr)

    def say(self, text: str) -> None:
        """A line for people on stdout; nothing in JSON output."""
        if not self.as_json:
            print(text)

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Progress of long work on stderr; silent in pipes and JSON output."""
        if self.as_json or not sys.stderr.isatty():
            yield SilentProgress()
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            yield ShownProgress(bars, {})


class Progress(Protocol):
    """Told by long work how far it is."""

    def at(self, label: str, done: int, total: int | None = None) -> None:
        """So many of so many are done; the total may not be known."""
        ...


class SilentProgress:
    """Shows nothing."""

    def at(self, label: str, done: int, total: int | None = None) -> None:
        """Pass over."""


@dataclass(frozen=True, slots=True)
class ShownProgress:
    """A bar per label."""

    bars: RichProgress
    tasks: dict[str, int]

    def at(self, label: str, done: int, total: int | None = None) -> None:
        """Move the label's bar."""
        from rich.progress import TaskID

        if label not in self.tasks:
            self.tasks[label] = int(self.bars.add_task(label, total=total))
        self.bars.update(TaskID(self.tasks[label]), completed=done, total=total)


def text_lines(report: Report, width: int = _UNBOUNDED) -> Iterator[str]:
    """The report as plain aligned text, nothing cut off; what is too wide is wrapped, or told line by line."""
    for number, section in enumerate(section for section in report.sections if section.rows or section.empty):
        yield from [""] if number else []
        yield from _section_lines(section, width)
    if report.counts:
        yield count_line(report.counts)
    if report.summary:
        yield report.summary
    yield from (f"next: {step}" for step in report.next)


def count_line(counts: Mapping[str, int | float | str | None]) -> str:
    """Counts in one line: ``changes 12, calls 2``."""
    return ", ".join(f"{name.replace('_', ' ')} {cell(value)}" for name, value in counts.items())


def cell(value: object) -> str:
    """A value as a table shows it, always in one line."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(cell(item) for item in value)
    return " ".join(str(plain(value)).split())


def _section_lines(section: Section, width: int) -> Iterator[str]:
    if section.title:
        yield section.title
    if not section.rows:
        if section.empty:
            yield section.empty
        return
    columns = shown_columns(section)
    table = [[column.title for column in columns], *_cells(section, columns)]
    lines = table_lines(table, [column.figures for column in columns], width)
    if lines is not None:
        yield from lines
        return
    for line in record_lines(section):
        yield from wrapped_lines(line, width)


def shown_columns(section: Section) -> list[Column]:
    """The columns that hold something in some row."""
    return [
        column for column in section.columns if column.keep or any(_holds(row.get(column.key)) for row in section.rows)
    ]


def _holds(value: object) -> bool:
    return value is not None and value not in ("", [])


def to_seconds(text: str) -> str:
    """An instant that a text starts with, to the second and readable: ``2026-11-22 04:24:00Z``."""
    return _INSTANT.sub(r"\1 \2Z", text)


def _cells(section: Section, columns: Sequence[Column]) -> list[list[str]]:
    return [[to_seconds(cell(row.get(column.key))) for column in columns] for row in section.rows]


def record_lines(section: Section) -> Iterator[str]:
    """The rows one below the other as ``title: value`` lines, for a terminal too narrow for the table."""
    columns = shown_columns(section)
    for number, (row, line) in enumerate(zip(section.rows, _cells(section, columns), strict=True)):
        yield from [""] if number else []
        told: list[str] = []
        for column, text in zip(columns, line, strict=True):
            if not column.keep and not _holds(row.get(column.key)):
                continue
            # A column without a title goes on where the one before it ends, as a currency does.
            if told and not column.title:
                told[-1] += f" {text}"
            else:
                told.append(f"{column.title}: {text}" if column.title else text)
        yield from told


def _show_rich(report: Report) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    for section in report.sections:
        if not section.rows:
            if section.empty:
                console.print(section.empty, markup=False, soft_wrap=True)
            continue
        table = _rich_table(section)
        if _fits(console, table):
            console.print(table)
            continue
        for text in ([section.title] if section.title else []) + list(record_lines(section)) + [""]:
            console.print(text, markup=False, soft_wrap=True)
    rest = Report(report.command, report.outcome, (), report.counts, report.summary, report.next)
    for text in text_lines(rest):
        console.print(text, markup=False, soft_wrap=True)


def _rich_table(section: Section) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, title=section.title or None, title_justify="left", pad_edge=False)
    columns = shown_columns(section)
    for column in columns:
        justify: Literal["left", "right"] = "right" if column.figures else "left"
        table.add_column(column.title, justify=justify, overflow="fold", no_wrap=True)
    for line in _cells(section, columns):
        table.add_row(*(Text(text, style=_STYLES.get(text, "")) for text in line))
    return table


def _fits(console: Console, table: Table) -> bool:
    """Whether the terminal is wide enough to show every cell of the table whole in one line."""
    from rich.measure import Measurement

    return Measurement.get(console, console.options.update(max_width=_UNBOUNDED), table).maximum <= console.width


def plain(value: object) -> object:
    """What JSON has no word for, as text."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(str(item) for item in value)
    return value if isinstance(value, (str, int, float)) else str(value)
