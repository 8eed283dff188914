"""Collects everything that is wrong with a configuration file, each with its place."""

from __future__ import annotations

from collections.abc import Callable

from canonical.errors import Problem
from crossdock.settings.check import Path


class Findings:
    """Problems of one file, in the order of its lines when asked for."""

    def __init__(self, file: str, position: Callable[[Path], tuple[int, int]]) -> None:
        self._file = file
        self._position = position
        self._problems: dict[Problem, None] = {}
        self._wrong: set[str | int] = set()

    def error(self, path: Path, message: str, hint: str = "") -> None:
        """Something the operator must correct."""
        self._add(path, message, hint, "error")
        self._wrong.update(path[:1])

    def warning(self, path: Path, message: str, hint: str = "") -> None:
        """Something that works but is probably not meant."""
        self._add(path, message, hint, "warning")

    def line(self, path: Path) -> int:
        """The line of a place in the file."""
        return self._position(path)[0]

    def wrong(self, *blocks: str) -> bool:
        """Whether an error was found so far in one of these blocks."""
        return not self._wrong.isdisjoint(blocks)

    @property
    def problems(self) -> list[Problem]:
        """All problems by line."""
        return sorted(self._problems, key=lambda problem: (problem.line, problem.column))

    def _add(self, path: Path, message: str, hint: str, severity: str) -> None:
        line, column = self._position(path)
        problem = Problem(message, self._file, line, column, hint, severity)
        self._problems.setdefault(problem)
