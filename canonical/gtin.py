"""GTIN: the trade item numbers GTIN-8, UPC-A, EAN-13 and GTIN-14."""

from __future__ import annotations

_LENGTHS = (8, 12, 13, 14)


def check_digit(digits: str) -> int:
    """Check digit for the digits before it: weights 3, 1, 3, 1 from the right (GS1)."""
    return -(3 * sum(map(int, digits[-1::-2])) + sum(map(int, digits[-2::-2]))) % 10


def is_valid(text: str) -> bool:
    """Whether the text is a GTIN of a known length whose check digit fits."""
    code = text.strip()
    if len(code) not in _LENGTHS or not (code.isascii() and code.isdigit()):
        return False
    return check_digit(code[:-1]) == int(code[-1])


def canonical(text: str) -> str | None:
    """The 14-digit form for comparison, or None when the text is not a GTIN."""
    return text.strip().zfill(14) if is_valid(text) else None
