"""The ``query:`` language of lists: terms, AND, OR, NOT, parentheses, comparators, quotes and trailing wildcards.

As on the platform a field that cannot be searched is ignored with a warning, so the answer may hold more than asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from connectors.shopify.simulator.records import Record

Test: TypeAlias = Callable[[Any], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<paren>[()])
          |(?P<minus>-)?(?P<field>[A-Za-z_][\w.]*):(?P<op>>=|<=|>|<)?(?P<value>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^\s()]*)
          |(?P<text>-?"(?:\\.|[^"\\])*"|-?'(?:\\.|[^'\\])*'|[^\s()]+))""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Term:
    """One condition; an empty ``field`` searches the default fields."""

    field: str
    op: str
    value: str


@dataclass(frozen=True, slots=True)
class Match:
    """Which records fit: a test, and when an index knows them, the only candidates."""

    test: Test
    candidates: tuple[Record, ...] | None = None


@dataclass(slots=True)
class Filters:
    """The searchable fields of one type; ``build`` makes the match of one term, None when the field is unknown."""

    build: Callable[[Term], Match | None]
    warnings: list[dict[str, str]] = field(default_factory=list)


EVERYTHING = Match(lambda _: True)


def search(text: str | None, filters: Filters) -> Match:
    """Compile a query text."""
    tokens = _tokens(text or "")
    return _Parser(tokens, filters).parse() if tokens else EVERYTHING


def unquoted(value: str) -> str:
    """A value without its quotes and escapes."""
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return re.sub(r"\\(.)", r"\1", value)


def _tokens(text: str) -> list[str | Term]:
    tokens: list[str | Term] = []
    for found in _TOKEN.finditer(text.strip()):
        if found["paren"]:
            tokens.append(found["paren"])
        elif found["field"]:
            if found["minus"]:
                tokens.append("NOT")
            tokens.append(Term(found["field"].lower(), found["op"] or "", unquoted(found["value"])))
        elif found["text"] in ("AND", "OR", "NOT"):
            tokens.append(found["text"])
        elif found["text"]:
            tokens.extend(_words(found["text"]))
    return tokens


def _words(text: str) -> list[str | Term]:
    if text.startswith("-") and len(text) > 1:
        return ["NOT", Term("", "", unquoted(text[1:]))]
    return [Term("", "", unquoted(text))]


class _Parser:
    """Reads tokens by descending precedence: OR, then AND (also unwritten), then NOT."""

    def __init__(self, tokens: list[str | Term], filters: Filters) -> None:
        self._tokens = tokens
        self._at = 0
        self._filters = filters

    def parse(self) -> Match:
        parts = [self._any()]
        while self._peek() is not None:
            self._at += 1
            if self._peek() is not None:
                parts.append(self._any())
        return _all(parts)

    def _any(self) -> Match:
        parts = [self._every()]
        while self._peek() == "OR":
            self._at += 1
            parts.append(self._every())
        return parts[0] if len(parts) == 1 else _either(parts)

    def _every(self) -> Match:
        parts = [self._one()]
        while (token := self._peek()) is not None and token not in ("OR", ")"):
            if token == "AND":
                self._at += 1
            parts.append(self._one())
        return _all(parts)

    def _one(self) -> Match:
        token = self._peek()
        if token is None or token in ("AND", "OR", ")"):
            return EVERYTHING
        self._at += 1
        if token == "NOT":
            return _negated(self._one())
        if token == "(":
            inner = self._any()
            if self._peek() == ")":
                self._at += 1
            return inner
        return self._term(token) if isinstance(token, Term) else EVERYTHING

    def _term(self, term: Term) -> Match:
        match = self._filters.build(term)
        if match is None:
            self._filters.warnings.append(
                {"field": term.field, "message": "Invalid search field for this query.", "code": "invalid_field"}
            )
            return EVERYTHING
        return match

    def _peek(self) -> str | Term | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None


def _negated(match: Match) -> Match:
    if match is EVERYTHING:
        return match
    test = match.test
    return Match(lambda row: not test(row))


def _all(parts: list[Match]) -> Match:
    parts = [part for part in parts if part is not EVERYTHING]
    if len(parts) < 2:
        return parts[0] if parts else EVERYTHING
    tests = [part.test for part in parts]
    known = [part.candidates for part in parts if part.candidates is not None]
    return Match(lambda row: all(test(row) for test in tests), min(known, key=len) if known else None)


def _either(parts: list[Match]) -> Match:
    if EVERYTHING in parts:
        return EVERYTHING
    tests = [part.test for part in parts]
    known = [part.candidates for part in parts]
    union = _union(candidates for candidates in known if candidates is not None)
    return Match(lambda row: any(test(row) for test in tests), None if None in known else union)


def _union(groups: Iterable[tuple[Record, ...]]) -> tuple[Record, ...]:
    return tuple({row.number: row for group in groups for row in group}.values())
