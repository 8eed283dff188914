"""The named transforms of document mappings: what each does, in which direction, and what it takes in brackets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias

from mappings import readers as r
from mappings.documents import steps as s
from mappings.documents.reach import Frame, Get, getter, is_absent
from mappings.model import MappingContext
from mappings.readers import BadValueError

Step: TypeAlias = Callable[[Any, Frame], Any]
"""One step of a value's way; None when nothing is left of it."""


class Takes(Enum):
    """What a transform takes in brackets."""

    NOTHING = "nothing"
    CURRENCY = "the path of the currency"
    TEXT = "a text"
    PLACES = "a number of decimal places"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a step is made from: the connection, the text in brackets, and how deep in lists it stands."""

    context: MappingContext
    argument: str = ""
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Transform:
    """A named transform; ``instead`` is the one for the other direction, where this one serves one only."""

    name: str
    about: str
    make: Callable[[Setting], Step]
    takes: Takes = Takes.NOTHING
    instead: str = ""


def make_step(text: str, context: MappingContext, depth: int, *, writing: bool) -> Step:
    """The step that a mapping names."""
    name, argument = split_call(text)
    return (WRITING if writing else READING)[name].make(Setting(context, argument, depth))


def split_call(text: str) -> tuple[str, str]:
    """A transform's name and what stands in its brackets, which may be any text."""
    head, bracket, rest = text.partition("(")
    return (head, rest[:-1]) if bracket and rest.endswith(")") else (text, "")


def _plain(step: Callable[[Any], Any]) -> Callable[[Setting], Step]:
    return lambda _: lambda value, frame: step(value)


def _with_currency(step: Callable[[Any, str], Any]) -> Callable[[Setting], Step]:
    def make(setting: Setting) -> Step:
        ours = setting.context.currency
        find: Get = getter(setting.argument, setting.depth) if setting.argument else lambda frame: ours
        return lambda value, frame: step(value, _currency(find(frame), setting.argument))

    return make


def _currency(value: Any, path: str) -> str:
    if is_absent(value) or type(value) is not str:
        raise BadValueError("invalid_value", f"there is no currency at {path}" if path else "the currency is not known")
    return value


def _with_text(step: Callable[[Any, str], Any]) -> Callable[[Setting], Step]:
    return lambda setting: lambda value, frame: step(value, setting.argument)


def _round(setting: Setting) -> Step:
    places = int(setting.argument)
    return lambda value, frame: s.rounded(value, places)


def _code_of_location(setting: Setting) -> Step:
    codes = setting.context.locations
    return lambda value, frame: codes.get(r.read_text(value))


def _id_of_location(setting: Setting) -> Step:
    ids: dict[str, str] = {}
    for external_id, code in setting.context.locations.items():
        ids.setdefault(code, external_id)

    def find(value: Any, frame: Frame) -> str:
        found = ids.get(r.read_text(value))
        if found is None:
            raise BadValueError("unknown_location", f"the location {value!r} has no id on this connection")
        return found

    return find


def _percent(value: Any) -> Decimal:
    return s.to_number(value).scaleb(-2, s.EXACT)


def _to_percent(value: Any) -> Decimal:
    return s.to_number(value).scaleb(2, s.EXACT)


_C, _T = Takes.CURRENCY, Takes.TEXT
_BOTH = (
    Transform("text", "text; a number in digits, an instant in ISO 8601", _plain(s.to_text)),
    Transform("trim", "text without blanks around it", _plain(lambda value: s.to_text(value).strip())),
    Transform("upper", "text in capitals", _plain(lambda value: r.read_text(value).upper())),
    Transform("lower", "text in small letters", _plain(lambda value: r.read_text(value).lower())),
    Transform("prefix", "text with this before it", _with_text(lambda value, text: text + s.to_text(value)), _T),
    Transform("unprefix", "text less this at its beginning", _with_text(s.without_prefix), _T),
    Transform("gid_number", "the number at the end of a global id", _plain(s.last_digits)),
    Transform("decimal", "an exact number", _plain(s.to_number)),
    Transform("integer", "a whole number", _plain(r.read_integer)),
    Transform("negate", "the number with the other sign", _plain(s.negate)),
    Transform("absolute", "the number without its sign", _plain(s.absolute)),
    Transform("round", "the number with at most so many decimals", _round, Takes.PLACES),
    Transform("flag", "true or false", _plain(r.read_flag)),
)
_READING = (
    Transform("instant", "ISO 8601 with a zone", _plain(s.instant), instead="text"),
    Transform("utc", "ISO 8601 that is UTC", _plain(s.utc_instant), instead="to_utc"),
    Transform("unix", "seconds since 1970", _plain(s.unix_instant), instead="to_unix"),
    Transform("date", "a date, as its beginning in UTC", _plain(s.day_instant), instead="to_date"),
    Transform("minor", "whole minor units", _with_currency(s.from_minor), _C, instead="to_minor"),
    Transform("percent", "a fraction from percents", _plain(_percent), instead="to_percent"),
    Transform("comma_set", "texts between commas", _plain(r.read_comma_set), instead="to_commas"),
    Transform("set", "texts in order, without doubles", _plain(r.read_set)),
    Transform("location", "our code of the platform's location", _code_of_location),
)
_WRITING = (
    Transform("to_utc", "ISO 8601 in UTC without its zone", _plain(s.utc_text), instead="utc"),
    Transform("to_unix", "seconds since 1970", _plain(s.unix_seconds), instead="unix"),
    Transform("to_date", "the date in UTC", _plain(s.day_text), instead="date"),
    Transform("date", "the date in UTC", _plain(s.day_text)),
    Transform("to_minor", "whole minor units", _with_currency(s.to_minor), _C, instead="minor"),
    Transform("money", "text with the decimals of the currency", _with_currency(s.in_currency), _C),
    Transform("number", "a number of JSON", _plain(s.json_number), instead="decimal"),
    Transform("to_percent", "percents from a fraction", _plain(_to_percent), instead="percent"),
    Transform("to_commas", "texts between commas", _plain(s.list_text), instead="comma_set"),
    Transform("location", "the platform's id of our location", _id_of_location),
)

READING: Mapping[str, Transform] = {one.name: one for one in (*_BOTH, *_READING)}
"""The transforms of documents that are read."""

WRITING: Mapping[str, Transform] = {one.name: one for one in (*_BOTH, *_WRITING)}
"""The transforms of documents that are written."""
