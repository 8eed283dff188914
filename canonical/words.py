"""Texts for people."""

from __future__ import annotations


def shortened(text: str, longest: int) -> str:
    """A text of at most so many characters; one that is longer ends between two words, with an ellipsis."""
    if len(text) <= longest:
        return text
    whole = text[:longest].rpartition(" ")[0] or text[: longest - 1]
    return f"{whole.rstrip(' ,;:')}…"
