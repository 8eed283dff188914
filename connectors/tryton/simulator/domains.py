"""Search domains: lists of clauses, joined by AND unless the first word is OR, nested at will."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import Any

from connectors.tryton.simulator.wire import unknown

Test = Callable[[Any], bool]
Getter = Callable[[str], Callable[[Any], Any]]

_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_OPERATORS = {"=", "!=", "in", "not in", "like", "ilike", *_ORDERED}


class ManyRead:
    """Reads a field of many related records: a condition on it holds when it holds for any of them."""

    def __init__(self, read: Callable[[Any], list[Any]]) -> None:
        self._read = read

    def __call__(self, record: Any) -> list[Any]:
        """The values of all of them."""
        return self._read(record)


def compiled(domain: Sequence[Any], getter: Getter) -> Test:
    """A test for records; ``getter`` gives the reader of a field by its name."""
    if not domain:
        return lambda record: True
    if is_clause(domain):
        return _clause(str(domain[0]), str(domain[1]), domain[2], getter)
    if domain[0] == "OR":
        return _either([compiled(part, getter) for part in domain[1:]])
    parts = domain[1:] if domain[0] == "AND" else domain
    return _both([compiled(part, getter) for part in parts if part])


def is_clause(domain: Sequence[Any]) -> bool:
    """Whether a list is a single condition."""
    return len(domain) >= 3 and isinstance(domain[0], str) and isinstance(domain[1], str) and domain[1] in _OPERATORS


def conditions(domain: Sequence[Any]) -> list[Sequence[Any]]:
    """The conditions that all must hold, as far as they are plain; those inside an OR are left out."""
    if not domain or domain[0] == "OR":
        return []
    if is_clause(domain):
        return [domain]
    return [one for part in domain if isinstance(part, list) for one in conditions(part)]


def names(domain: Sequence[Any]) -> set[str]:
    """Every field a domain asks about."""
    if not domain:
        return set()
    if is_clause(domain):
        return {str(domain[0])}
    return {name for part in domain if isinstance(part, list) for name in names(part)}


def _clause(name: str, sign: str, value: Any, getter: Getter) -> Test:
    read = getter(name)
    if isinstance(read, ManyRead):
        test = _condition(sign, value, lambda one: one)
        return lambda record: any(test(one) for one in read(record))
    return _condition(sign, value, read)


def _condition(sign: str, value: Any, read: Callable[[Any], Any]) -> Test:
    if sign == "=":
        return lambda record: read(record) == value
    if sign == "!=":
        return lambda record: read(record) != value
    if sign in ("in", "not in"):
        wanted, absent = set(value), sign == "not in"
        return lambda record: (read(record) in wanted) is not absent
    if sign == "like":
        start = str(value).rstrip("%")
        return lambda record: str(read(record)).startswith(start)
    if sign == "ilike":
        pattern = _pattern(str(value))
        return lambda record: pattern.fullmatch(str(read(record) or "")) is not None
    compare = _ORDERED.get(sign)
    if compare is None:
        raise unknown(sign)
    return lambda record: (found := read(record)) is not None and compare(found, value)


def _pattern(text: str) -> re.Pattern[str]:
    """A pattern of SQL: any text for %, any letter for _, and either as itself after a backslash."""
    parts = re.findall(r"\\.|.", text, re.DOTALL)
    words = {"%": ".*", "_": "."}
    said = (words.get(part) or re.escape(part[-1]) for part in parts)
    return re.compile("".join(said), re.IGNORECASE | re.DOTALL)


def _either(tests: list[Test]) -> Test:
    if len(tests) == 2:
        first, second = tests
        return lambda record: first(record) or second(record)
    return lambda record: any(test(record) for test in tests)


def _both(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda record: first(record) and second(record)
    return lambda record: all(test(record) for test in tests)
