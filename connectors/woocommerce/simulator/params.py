"""Query parameters of lists, read and checked against their schema; unknown ones are ignored, as WordPress does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from connectors.woocommerce.simulator.errors import WooError, invalid_params
from connectors.woocommerce.simulator.schema import STATUSES, STOCK_STATUSES, TYPES

Params: TypeAlias = dict[str, Any]
Parser: TypeAlias = Callable[[list[str]], Any]

_DATE = re.compile(r"^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$")
_STATUS_FILTER = ("any", *(status for status in STATUSES if status != "auto-draft"))


@dataclass(frozen=True, slots=True)
class Stamp:
    """A date of a filter: naive texts are compared in the site's or in UTC's columns, zoned ones are UTC."""

    at: datetime
    zoned: bool


def _integer(minimum: int | None = None, maximum: int | None = None) -> Parser:
    def parse(values: list[str]) -> int:
        number = int(values[-1])
        if (minimum is not None and number < minimum) or (maximum is not None and number > maximum):
            raise ValueError(f"must be between {minimum} (inclusive) and {maximum} (inclusive)")
        return number

    return parse


def _choice(*choices: str) -> Parser:
    def parse(values: list[str]) -> str:
        if values[-1] not in choices:
            raise ValueError(f"is not one of {', '.join(choices)}.")
        return values[-1]

    return parse


def _choices(*choices: str) -> Parser:
    def parse(values: list[str]) -> list[str]:
        found = _words(values)
        for each in found:
            if each not in choices:
                raise ValueError(f"is not one of {', '.join(choices)}.")
        return found

    return parse


def _words(values: list[str]) -> list[str]:
    return [word.strip() for value in values for word in value.split(",") if word.strip()]


def _integers(values: list[str]) -> list[int]:
    return [int(word) for word in _words(values)]


def _flag(values: list[str]) -> bool:
    text = values[-1].lower()
    if text not in ("true", "false", "1", "0", ""):
        raise ValueError("is not of type boolean.")
    return text in ("true", "1")


def _stamp(values: list[str]) -> Stamp:
    if not _DATE.match(values[-1]):
        raise ValueError("is not a valid date.")
    at = datetime.fromisoformat(values[-1])
    return Stamp(at.replace(tzinfo=UTC), zoned=False) if at.tzinfo is None else Stamp(at.astimezone(UTC), zoned=True)


def _text(values: list[str]) -> str:
    return values[-1]


_ORDERINGS = ("date", "id", "include", "title", "slug", "modified", "menu_order", "price", "popularity", "rating")

_PARSERS: dict[str, Parser] = {
    "page": _integer(minimum=1),
    "per_page": _integer(minimum=1, maximum=100),
    "offset": _integer(minimum=0),
    "order": _choice("asc", "desc"),
    "orderby": _choice(*_ORDERINGS),
    "search": _text,
    "slug": _text,
    "sku": _words,
    "search_sku": _text,
    "search_name_or_sku": _text,
    "after": _stamp,
    "before": _stamp,
    "modified_after": _stamp,
    "modified_before": _stamp,
    "dates_are_gmt": _flag,
    "include": _integers,
    "exclude": _integers,
    "parent": _integers,
    "parent_exclude": _integers,
    "status": _choice(*_STATUS_FILTER),
    "include_status": _choices(*_STATUS_FILTER),
    "exclude_status": _choices(*_STATUS_FILTER),
    "type": _choice(*TYPES),
    "include_types": _choices(*TYPES),
    "exclude_types": _choices(*TYPES),
    "stock_status": _choice(*STOCK_STATUSES),
    "featured": _flag,
    "on_sale": _flag,
    "virtual": _flag,
    "downloadable": _flag,
    "tag": _integers,
    "min_price": _text,
    "max_price": _text,
    "has_price": _flag,
}
_NOT_SIMULATED = frozenset({"category", "shipping_class", "attribute", "attribute_term", "attributes", "tax_class"})


def parse_params(
    query: Iterable[tuple[str, str]], *, ignored: frozenset[str] = frozenset(), orderby_modified: bool = True
) -> Params:
    """Read the parameters of a list; WooError with all problems at once."""
    found: dict[str, list[str]] = {}
    for name, value in query:
        found.setdefault(name.partition("[")[0], []).append(value)
    params: Params = {}
    problems: dict[str, str] = {}
    for name, values in found.items():
        if name in _NOT_SIMULATED:
            raise WooError("simulator_not_simulated", f"This simulator cannot filter by {name}.", 501)
        if name in _PARSERS and name not in ignored:
            _parse_one(name, values, params, problems)
    if params.get("orderby") == "modified" and not orderby_modified:
        problems["orderby"] = "orderby is not one of date, id, include, title, slug."
    if problems:
        raise invalid_params(problems)
    return params


def _parse_one(name: str, values: list[str], params: Params, problems: dict[str, str]) -> None:
    try:
        params[name] = _PARSERS[name](values)
    except ValueError as error:
        problems[name] = f"{name} {error}"
