"""The models as the server shows them: which fields they have, and how each is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from datetime import date
from functools import partial
from operator import attrgetter
from typing import Any

from connectors.tryton.simulator.state import INPUT, OUTPUT, STORAGE, Line, Location, Record, State, Template, Variant
from connectors.tryton.simulator.wire import unknown

Read = Callable[[Any], Any]
Context = Mapping[str, Any]

UNIT = 1
"""The only unit: pieces, metres, whatever a template counts in."""

COMMON: dict[str, Read] = {
    "id": attrgetter("id"),
    "create_date": attrgetter("created"),
    "write_date": attrgetter("written"),
    "last_modified_at": attrgetter("stamp"),
    "_timestamp": attrgetter("token"),
}
"""Fields of every record."""


@dataclass(frozen=True, slots=True)
class Related:
    """A field that leads to another model: to one record, or to many."""

    model: str
    follow: Read
    many: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """A model's records and fields; figures depend on the context of the call."""

    name: str
    records: Mapping[int, Any]
    fields: Mapping[str, Read]
    relations: Mapping[str, Related]
    figures: Mapping[str, Callable[[Context], Read]]
    hidden: frozenset[int] | set[int] = frozenset()
    archivable: bool = False

    def reader(self, name: str, context: Context) -> Read:
        """How a field of this model is read; the server fails when there is none."""
        if name in self.fields:
            return self.fields[name]
        if name in self.figures:
            return self.figures[name](context)
        raise unknown(name)


def models(state: State, today: Callable[[], date], unsold: Set[int]) -> dict[str, Model]:
    """All models of a catalog and its stock; ``unsold`` are the templates that may not be sold."""
    return {
        "product.template": _templates(state, unsold),
        "product.product": _variants(state, today, unsold),
        "product.identifier": Model("product.identifier", {}, {"type": lambda _: "ean", "code": str}, {}, {}),
        "stock.location": _locations(state),
        "stock.move": _moves(state),
        "stock.inventory": _inventories(state),
        "stock.inventory.line": Model("stock.inventory.line", {}, _LINE, {}, {}),
        "ir.note": Model("ir.note", state.notes, {**COMMON, **plain_fields("resource", "message")}, {}, {}),
    }


def plain_fields(*names: str) -> dict[str, Read]:
    """Fields that are read as they are kept."""
    return {name: attrgetter(name) for name in names}


_LINE: dict[str, Read] = {
    "id": attrgetter("id"),
    "product": attrgetter("product"),
    "quantity": attrgetter("counted"),
    "expected_quantity": attrgetter("found"),
}


def _templates(state: State, unsold: Set[int]) -> Model:
    fields: dict[str, Read] = {
        **COMMON,
        **plain_fields("name", "list_price", "type", "active"),
        "code": lambda _: None,
        "products": lambda one: list(one.variants),
        "rec_name": attrgetter("name"),
        "salable": lambda one: one.id not in unsold,
        "default_uom": lambda _: UNIT,
    }
    return Model("product.template", state.templates, fields, {}, {}, archivable=True)


def _variants(state: State, today: Callable[[], date], unsold: Set[int]) -> Model:
    templates = state.templates

    def of_template(read: Callable[[Template], Any]) -> Read:
        return lambda one: read(templates[one.template])

    def price(one: Variant) -> Any:
        return templates[one.template].list_price if one.list_price is None else one.list_price

    fields: dict[str, Read] = {
        **COMMON,
        **plain_fields("code", "description", "active", "template", "list_price"),
        "suffix_code": attrgetter("code"),
        "name": of_template(attrgetter("name")),
        "type": of_template(attrgetter("type")),
        "list_price_used": price,
        "salable": lambda one: one.template not in unsold,
        "default_uom": lambda _: UNIT,
        "sale_uom": lambda _: UNIT,
        "rec_name": lambda one: (
            f"[{one.code}] {templates[one.template].name}" if one.code else templates[one.template].name
        ),
        "identifiers": lambda one: [one.id] if one.ean else [],
    }
    relations = {
        "template": Related("product.template", lambda one: templates[one.template]),
        "identifiers": Related("product.identifier", lambda one: [one.ean] if one.ean else [], many=True),
    }
    figures = {
        "quantity": partial(_quantity, state),
        "forecast_quantity": partial(_forecast, state, today),
    }
    return Model("product.product", state.variants, fields, relations, figures, state.hidden, archivable=True)


def _locations(state: State) -> Model:
    def zone(name: str) -> Read:
        return lambda one: one.zones.get(name)

    fields: dict[str, Read] = {
        **COMMON,
        **plain_fields("code", "name", "type", "parent", "active"),
        "input_location": zone(INPUT),
        "output_location": zone(OUTPUT),
        "storage_location": zone(STORAGE),
    }
    return Model("stock.location", state.locations, fields, {}, {}, archivable=True)


def _moves(state: State) -> Model:
    fields: dict[str, Read] = {
        **COMMON,
        **plain_fields("product", "state", "quantity", "origin"),
        "internal_quantity": attrgetter("quantity"),
        "from_location": attrgetter("source"),
        "to_location": attrgetter("target"),
        "planned_date": attrgetter("planned"),
        "effective_date": attrgetter("effective"),
        "company": lambda _: 1,
    }
    product = Related("product.product", lambda one: state.variants[one.product])
    return Model("stock.move", state.moves, fields, {"product": product}, {})


def _inventories(state: State) -> Model:
    fields: dict[str, Read] = {
        **COMMON,
        **plain_fields("state", "location", "date"),
        "create_uid": attrgetter("user"),
        "number": lambda one: str(one.id),
        "company": lambda _: 1,
        "lines": lambda one: [line.id for line in one.lines],
    }
    lines: Callable[[Any], list[Line]] = attrgetter("lines")
    return Model(
        "stock.inventory", state.inventories, fields, {"lines": Related("stock.inventory.line", lines, many=True)}, {}
    )


def places_of(state: State, context: Context) -> list[int]:
    """The places a context looks at: one with all inside it, warehouses likewise, several as they are."""
    wanted = [one for one in context.get("locations") or () if one in state.locations]
    whole = context.get("with_childs", len(wanted) == 1 or all(_is_warehouse(state.locations[one]) for one in wanted))
    return [inner for one in wanted for inner in (state.inside(one) if whole else [one])]


def _is_warehouse(location: Location) -> bool:
    return location.type == "warehouse"


def _quantity(state: State, context: Context) -> Read:
    shelves = [state.stock[place] for place in places_of(state, context) if place in state.stock]

    def read(one: Record) -> float:
        units = 0.0
        for shelf in shelves:
            units += shelf.get(one.id, 0.0)
        return units

    return read


def _forecast(state: State, today: Callable[[], date], context: Context) -> Read:
    """What is there, with every open move planned from today up to the end: overdue ones are not counted."""
    there = _quantity(state, context)
    places = set(places_of(state, context))
    now, end = today(), context.get("stock_date_end") or date.max

    def read(one: Record) -> float:
        units: float = there(one)
        for move in state.open_moves.get(one.id, {}).values():
            when = now if move.state == "assigned" else move.planned or date.max
            if now <= when <= end:
                units += move.quantity * ((move.target in places) - (move.source in places))
        return units

    return read
