"""Lay a table out in so many columns of text: cells are wrapped between words, and nothing is cut off; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from textwrap import wrap

PIPED = 120
"""The width of text that goes to no terminal, where COLUMNS says none."""
_GAP = 2
_TALLEST = 6


def piped_width(environ: Mapping[str, str]) -> int:
    """How wide text may be that goes to no terminal."""
    told = environ.get("COLUMNS", "")
    return int(told) if told.isdecimal() and int(told) else PIPED


def table_lines(table: Sequence[Sequence[str]], figures: Sequence[bool], width: int) -> list[str] | None:
    """The rows aligned and as wide as told, figures to the right; None where that would leave it unreadable."""
    natural = [max(len(row[number]) for row in table) for number in range(len(figures))]
    least = [
        most if right else max(_longest_word(row[number]) for row in table)
        for number, (most, right) in enumerate(zip(natural, figures, strict=True))
    ]
    widths = _shrunk(natural, least, width - _GAP * (len(figures) - 1))
    if widths is None:
        return None
    rows = [[_wrapped(text, size) for text, size in zip(row, widths, strict=True)] for row in table]
    if any(len(cell) > _TALLEST for row in rows for cell in row):
        return None
    needed = [max(len(part) for row in rows for part in row[number]) for number in range(len(figures))]
    return [line for row in rows for line in _row_lines(row, needed, figures)]


def wrapped_lines(text: str, width: int) -> list[str]:
    """A line of text, wrapped with what follows set in."""
    return wrap(text, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False) or [text]


def _shrunk(natural: Sequence[int], least: Sequence[int], width: int) -> list[int] | None:
    """Widths that sum to what there is, taken from the widest columns first; None where their words do not fit."""
    if sum(least) > width and sum(natural) > width:
        return None
    widths = list(natural)
    while sum(widths) > width:
        spare = [number for number, size in enumerate(widths) if size > least[number]]
        widths[max(spare, key=lambda number: widths[number])] -= 1
    return widths


def _row_lines(row: Sequence[Sequence[str]], widths: Sequence[int], figures: Sequence[bool]) -> Iterator[str]:
    for parts in zip_longest(*row, fillvalue=""):
        padded = (
            text.rjust(size) if right else text.ljust(size)
            for text, size, right in zip(parts, widths, figures, strict=True)
        )
        yield (" " * _GAP).join(padded).rstrip()


def _wrapped(text: str, width: int) -> list[str]:
    if len(text) <= width:
        return [text]
    return wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _longest_word(text: str) -> int:
    return max((len(word) for word in text.split()), default=0)
