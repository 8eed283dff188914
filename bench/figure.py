"""One figure: what was measured, what it should be, and how it came about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """A line of the table; ``met`` is None for a number without a goal."""

    name: str
    measured: str
    goal: str = ""
    note: str = ""
    met: bool | None = None


def at_most(name: str, value: float, limit: float, note: str, *, digits: int = 2, unit: str = "") -> Figure:
    """A figure that should not be above a limit."""
    return Figure(name, f"{value:.{digits}f}{unit}", f"<= {limit:g}{unit}", note, value <= limit)


def spread(values: Sequence[float]) -> str:
    """Lowest and highest of the repeats behind a median."""
    return f"median of {len(values)}, {min(values):.2f} to {max(values):.2f}"


def middle(values: Sequence[float]) -> float:
    """The median."""
    return float(median(values))


def quantile(values: Sequence[float], share: float) -> float:
    """The value that so large a share of all is below."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def table(figures: Sequence[Figure]) -> str:
    """Figures as aligned text."""
    rows = [("figure", "measured", "goal", "", "note")]
    rows += [(f.name, f.measured, f.goal, {True: "met", False: "missed", None: ""}[f.met], f.note) for f in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]) for row in rows
    ]
    return "\n".join([lines[0], "-" * min(160, len(max(lines, key=len))), *lines[1:]])
