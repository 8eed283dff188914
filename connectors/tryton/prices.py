"""Writing fields of templates: many in one transaction, each guarded by the lock token it was read with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from canonical.errors import SkippableError
from canonical.money import to_decimal
from connectors.base import JSON, Call, CallOutcome, RowOutcome, RowStatus, WriteRow
from connectors.tryton.client import STALE, TrytonClient
from connectors.tryton.reads import ARCHIVED_TOO
from connectors.tryton.wire import decimal_value

OPERATION = "product.write"
_TEMPLATE = "model.product.template"
_STALE = RowOutcome(RowStatus.STALE, "the template was changed meanwhile")
_UNTOUCHED = RowOutcome(RowStatus.UNTOUCHED, "the server writes all of a call or nothing")


class _Template(msgspec.Struct):
    """One template's part of a call: the values, the rows they come from, and the token they were read with."""

    id: int
    values: dict[str, Any]
    rows: list[int]
    version: str = ""


class _Body(msgspec.Struct):
    """A call: what is written, and rows that could not be put into it."""

    templates: list[_Template]
    refused: dict[int, str]


def pack(rows: Sequence[WriteRow], size: int) -> list[Call]:
    """Compose calls of so many rows; variants of one template share its values and stay together."""
    return [_call(part) for part in _parts(rows, size)]


def push(client: TrytonClient, call: Call) -> CallOutcome:
    """Write the templates of a call in one transaction."""
    body = msgspec.json.decode(call.body, type=_Body)
    outcome = {number: RowOutcome(RowStatus.REJECTED, why) for number, why in body.refused.items()}
    if body.templates:
        written = _write(client, body.templates)
        outcome.update({number: written[one.id] for one in body.templates for number in one.rows})
    return outcome


def _write(client: TrytonClient, templates: list[_Template]) -> dict[int, RowOutcome]:
    params = [part for one in templates for part in ([one.id], one.values)]
    guards = {f"product.template,{one.id}": one.version for one in templates if one.version}
    try:
        client.call(f"{_TEMPLATE}.write", *params, context={"_timestamp": guards} if guards else {})
    except SkippableError as error:
        if error.reason == STALE:
            return _moved(client, templates)
        refused = RowOutcome(RowStatus.REJECTED, str(error)) if len(templates) == 1 else _UNTOUCHED
        return {one.id: refused for one in templates}
    return {one.id: RowOutcome(RowStatus.APPLIED) for one in templates}


def _moved(client: TrytonClient, templates: list[_Template]) -> dict[int, RowOutcome]:
    """Which templates made the server refuse the call: those whose token is another one now."""
    domain = [["id", "in", [one.id for one in templates]]]
    rows = client.read(f"{_TEMPLATE}.search_read", domain, 0, None, None, ["_timestamp"], context=ARCHIVED_TOO).result
    tokens = {row["id"]: row["_timestamp"] for row in rows}
    moved = {one.id for one in templates if one.version and tokens.get(one.id) != one.version}
    if not moved:
        moved = {one.id for one in templates if one.version}
    return {one.id: _STALE if one.id in moved else _UNTOUCHED for one in templates}


def _parts(rows: Sequence[WriteRow], size: int) -> Iterator[list[list[WriteRow]]]:
    """Groups of rows of one template each, so many rows together, never a group torn apart."""
    groups: dict[str, list[WriteRow]] = {}
    for row in rows:
        groups.setdefault(row.parent_id, []).append(row)
    part: list[list[WriteRow]] = []
    for group in groups.values():
        if part and sum(map(len, part)) + len(group) > size:
            yield part
            part = []
        part.append(group)
    if part:
        yield part


def _call(groups: list[list[WriteRow]]) -> Call:
    body = _Body([], {})
    for group in groups:
        numbers = [row.number for row in group]
        try:
            body.templates.append(_template(group, numbers))
        except ValueError as problem:
            body.refused.update(dict.fromkeys(numbers, str(problem)))
    rows = tuple(row.number for group in groups for row in group)
    return Call(OPERATION, msgspec.json.encode(body), rows, "products")


def _template(group: list[WriteRow], numbers: list[int]) -> _Template:
    """What is written to one template; ValueError when its variants disagree or a value is none."""
    parent = group[0].parent_id
    if not (parent.isascii() and parent.isdigit()):
        raise ValueError(f"the template of the variant is not known: {parent!r}")
    values: dict[str, Any] = {}
    for row in group:
        for path, value in row.values.items():
            wanted = _VALUES[path](value)
            if values.setdefault(path, wanted) != wanted:
                raise ValueError(f"variants of template {parent} share one {path}, and two values are wanted")
    tokens = sorted({row.version.rpartition("=")[2] for row in group if row.version})
    return _Template(int(parent), values, numbers, tokens[0] if tokens else "")


def _price(value: JSON) -> Any:
    if value is None:
        return None
    if isinstance(value, (str, int, Decimal)):
        return decimal_value(to_decimal(value))
    raise ValueError(f"not an exact price: {value!r}")


def _name(value: JSON) -> Any:
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError("a template must have a name")


_VALUES: dict[str, Callable[[JSON], Any]] = {"list_price": _price, "name": _name}
