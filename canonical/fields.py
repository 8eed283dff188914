"""The catalog of canonical fields: what each entity has, what kind of value, and in which scope."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class FieldKind(Enum):
    """How a field behaves: a value someone owns, a counter, evidence we only read, or an identity."""

    PLAIN = "plain"
    COUNTER = "counter"
    EVIDENCE = "evidence"
    IDENTITY = "identity"


class ScopeKind(Enum):
    """What a field's scope names."""

    NONE = "none"
    LOCATION = "location"
    CURRENCY = "currency"
    LOCALE = "locale"


class ValueKind(Enum):
    """The normal form of a field's value."""

    TEXT = "text"
    HTML = "html"
    DECIMAL = "decimal"
    COUNT = "count"
    FLAG = "flag"
    SET = "set"


@dataclass(frozen=True, slots=True)
class FieldType:
    """One canonical field."""

    entity: str
    name: str
    kind: FieldKind
    value: ValueKind
    scope: ScopeKind
    about: str


_P, _C, _E, _I = FieldKind.PLAIN, FieldKind.COUNTER, FieldKind.EVIDENCE, FieldKind.IDENTITY
_N, _L, _M, _T = ScopeKind.NONE, ScopeKind.LOCATION, ScopeKind.CURRENCY, ScopeKind.LOCALE

_ALL = (
    FieldType("variant", "sku", _I, ValueKind.TEXT, _N, "the stock keeping unit, case-sensitive"),
    FieldType("variant", "gtin", _I, ValueKind.TEXT, _N, "the trade item number, as the owner writes it"),
    FieldType("variant", "title", _P, ValueKind.TEXT, _N, "the name a shopper reads"),
    FieldType("variant", "description", _P, ValueKind.HTML, _N, "the text a shopper reads"),
    FieldType("variant", "tags", _P, ValueKind.SET, _N, "keywords, in no order"),
    FieldType("variant", "weight", _P, ValueKind.DECIMAL, _N, "in kilograms"),
    FieldType("variant", "sellable", _P, ValueKind.FLAG, _N, "may be sold now; false means desired stock 0"),
    FieldType("variant", "price", _P, ValueKind.DECIMAL, _M, "the price asked now"),
    FieldType("variant", "compare_at_price", _P, ValueKind.DECIMAL, _M, "the price before a reduction"),
    FieldType("inventory", "sku", _I, ValueKind.TEXT, _N, "the SKU of the stock item"),
    FieldType("inventory", "gtin", _I, ValueKind.TEXT, _N, "the trade item number of the stock item"),
    FieldType("inventory", "stock", _C, ValueKind.COUNT, _L, "units that can be sold, in stock items"),
    FieldType("inventory", "on_hand", _E, ValueKind.COUNT, _L, "units in the building"),
    FieldType("inventory", "committed", _E, ValueKind.COUNT, _L, "units promised to the platform's own orders"),
    FieldType("inventory", "tracked", _E, ValueKind.FLAG, _N, "whether the platform counts this item at all"),
)

FIELDS: dict[tuple[str, str], FieldType] = {(field.entity, field.name): field for field in _ALL}
ENTITIES: tuple[str, ...] = tuple(dict.fromkeys(field.entity for field in _ALL))


def field_type(entity: str, name: str) -> FieldType:
    """Look a canonical field up; KeyError when there is none."""
    return FIELDS[entity, name]


def currency_fields() -> frozenset[str]:
    """The names of fields that have a value per currency."""
    return frozenset(field.name for field in _ALL if field.scope is ScopeKind.CURRENCY)
