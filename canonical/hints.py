"""What to say to someone who mistyped a word."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint naming the nearest known word, or all of them when none is near and they are few."""
    words = sorted(set(known))
    lowered = {name.lower(): name for name in words}
    near = get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    if near:
        return f"did you mean {lowered[near[0]]!r}?"
    return f"known are: {', '.join(words)}" if 0 < len(words) <= 20 else ""
