"""Platform paths as WooCommerce wants them: names for ``_fields``, nested objects for writes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from canonical.errors import DataError
from connectors.base import JSON

_LIST = re.compile(r"^(?P<list>[^.\[\]]+)\[")
_ENTRY = re.compile(r"^(?P<list>[^.\[\]]+)\[(?P<key>[^=\]]+)=(?P<value>[^\]]*)\]\.(?P<name>[^.\[\]]+)$")


def field_name(path: str) -> str:
    """What ``_fields`` takes for a path: lists only as a whole, since names inside them empty the list."""
    match = _LIST.match(path)
    return match["list"] if match else path


def field_names(paths: Iterable[str], always: Iterable[str]) -> str:
    """The value of ``_fields``: what the connector needs itself and what was asked for, each once."""
    return ",".join(dict.fromkeys([*always, *map(field_name, paths)]))


def item_of(external_id: str, values: Mapping[str, JSON]) -> dict[str, JSON]:
    """One entry of a batch: the id and every value in its place."""
    item: dict[str, JSON] = {"id": number_of(external_id)}
    for path, value in values.items():
        _assign(item, path, value)
    return item


def number_of(external_id: str) -> int:
    """The number of a record; DataError when the id is not one."""
    if not (external_id.isascii() and external_id.isdigit()):
        raise DataError(f"{external_id!r} is not a WooCommerce id", hint="unlink the record and link it again")
    return int(external_id)


def _assign(item: dict[str, JSON], path: str, value: JSON) -> None:
    entry = _ENTRY.match(path)
    if entry is not None:
        held = item.setdefault(entry["list"], [])
        if isinstance(held, list):
            held.append({entry["key"]: entry["value"], entry["name"]: value})
        return
    *outer, name = path.split(".")
    for step in outer:
        inner = item.setdefault(step, {})
        if not isinstance(inner, dict):
            raise DataError(f"{path}: {step} cannot hold a value and fields at once")
        item = inner
    item[name] = value
