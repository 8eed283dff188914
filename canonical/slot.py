"""A slot is the smallest thing that can be owned: a field of an entity in a scope (R14)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_SLOT = re.compile(r"^(?P<field>[a-z][a-z0-9_]*)(?:\[(?P<scope>[^\[\]]+)\])?$")


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A field and its scope, written ``price[EUR]``, ``stock[WH1]`` or ``title``.

    The scope is a location code, a currency (with ``@`` and a price list), a locale or a channel; empty when
    the field has just one value.
    """

    field: str
    scope: str = ""

    def __str__(self) -> str:
        return f"{self.field}[{self.scope}]" if self.scope else self.field


@lru_cache(maxsize=4096)
def parse_slot(text: str) -> Slot:
    """Read a slot from its text form; ValueError when it is not one."""
    match = _SLOT.match(text)
    if match is None:
        raise ValueError(f"not a field or field[scope]: {text!r}")
    return Slot(match["field"], match["scope"] or "")
