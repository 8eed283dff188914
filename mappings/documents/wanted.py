"""Every path a document mapping reads, in the form of a field catalog, and where the file says so."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from msgspec import UNSET

from canonical.errors import Problem
from canonical.hints import did_you_mean
from mappings.documents.layers import list_depth
from mappings.documents.reach import parse_reach
from mappings.documents.sources import paths_in
from mappings.documents.spec import DocumentBody, DocumentSpec, Fields, ListSpec, SourceSpec, source_of
from mappings.documents.transforms import split_call
from mappings.paths import PathError
from mappings.pipeline import names_of
from mappings.source import DataPath
from mappings.spec import Conditions

CURRENCY_CALLS = ("minor", "to_minor", "money")
"""The transforms that take the path of a currency."""

_SELECTION = re.compile(r"\[[^\[\]]*\]")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A path that is read: in catalog form, as written, where it stands, and the prefix of what it is looked from."""

    path: str
    text: str
    at: DataPath
    around: str = ""
    is_list: bool = False


def wanted_paths(body: DocumentBody) -> list[Wanted]:
    """The paths of values a mapping reads, in the order of the file, doubles included; wrong paths are left out.

    A list of which nothing is read but that it is there counts as a value.
    """
    found = list(_layer(body.fields, body.lists, (), ("",)))
    values = [one for one in found if not one.is_list]
    read = {one.path for one in values}
    lone = [one for one in found if one.is_list and not any(_is_inside(path, one.path) for path in read)]
    return values + lone


def wanted_lists(body: DocumentBody) -> list[Wanted]:
    """The lists a mapping goes through."""
    return [one for one in _layer(body.fields, body.lists, (), ("",)) if one.is_list]


def check_paths(spec: DocumentSpec, known: Collection[str], owner: str) -> Iterator[Problem]:
    """Every path a mapping reads that is not among the known ones, which are in catalog form."""
    forms = {_SELECTION.sub("[]", path) for path in known}
    around = {form[: at.end()] for form in forms for at in re.finditer(r"\[\]\.", form)}
    for one in _layer(spec.body.fields, spec.body.lists, (), ("",)):
        form = _SELECTION.sub("[]", one.path)
        if form in forms or (one.is_list and f"{form}[]." in around):
            continue
        start = one.around if one.path.startswith(one.around) else ""
        inside = [path.removeprefix(start) for path in (*forms, *_lists(around)) if path.startswith(start)]
        hint = did_you_mean(one.path.removeprefix(start), inside)
        what = "list" if one.is_list else "path"
        yield spec.problem(one.at, f"{owner} has no {what} {one.path!r}", hint)


def _lists(around: Collection[str]) -> list[str]:
    return [prefix.removesuffix("[].") for prefix in around]


def _is_inside(path: str, around: str) -> bool:
    return path == around or path.startswith(f"{around}[].")


def _layer(
    fields: Fields, lists: Mapping[str, Sequence[ListSpec]], at: DataPath, prefixes: tuple[str, ...]
) -> Iterator[Wanted]:
    for name, one in fields.items():
        yield from _field(source_of(one), (*at, "fields", name), prefixes)
    for name, portions in lists.items():
        for number, portion in enumerate(portions):
            place = (*at, "lists", name, number)
            inner = prefixes
            if portion.each:
                lead = _catalog_form(portion.each.removesuffix("[]"), prefixes)
                if lead is None:
                    continue
                yield Wanted(lead, portion.each, (*place, "each"), prefixes[-1], is_list=True)
                inner = (*prefixes, *_prefixes(lead, list_depth(portion.each)))
            if portion.when is not UNSET:
                yield from _conditions(portion.when, (*place, "when"), inner)
            yield from _layer(portion.fields, portion.lists, place, inner)


def _prefixes(lead: str, count: int) -> tuple[str, ...]:
    """The prefix of an element of each of the last lists of a path."""
    parts = lead.split("[].")
    first = len(parts) - count
    return tuple("[].".join(parts[: first + number + 1]) + "[]." for number in range(count))


def _field(source: SourceSpec, at: DataPath, prefixes: tuple[str, ...]) -> Iterator[Wanted]:
    for kind, path, number in paths_in(source):
        yield from _path(path, (*at, kind) if number is None else (*at, kind, number), prefixes)
    for number, text in enumerate([] if source.read is UNSET else names_of(source.read)):
        name, argument = split_call(text)
        if argument and name in CURRENCY_CALLS:
            place = (*at, "read") if isinstance(source.read, str) else (*at, "read", number)
            yield from _path(argument, place, prefixes)
    if source.when is not UNSET:
        yield from _conditions(source.when, (*at, "when"), prefixes)


def _conditions(conditions: Conditions, at: DataPath, prefixes: tuple[str, ...]) -> Iterator[Wanted]:
    for path in conditions:
        yield from _path(path, (*at, path), prefixes)


def _path(text: str, at: DataPath, prefixes: tuple[str, ...]) -> Iterator[Wanted]:
    form = _catalog_form(text, prefixes)
    if form is not None:
        yield Wanted(form, text, at, prefixes[-1])


def _catalog_form(text: str, prefixes: tuple[str, ...]) -> str | None:
    """A path from the record on; an element that is itself the value has the path of its list."""
    try:
        reach = parse_reach(text, len(prefixes) - 1)
    except PathError:
        return None
    rest = text.lstrip("^")
    while rest.startswith("../"):
        rest = rest[3:]
    prefix = prefixes[reach.level]
    return prefix.removesuffix("[].") if rest == "." else prefix + rest
