"""Ownership: which connection decides a slot; exactly one does (R14)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from canonical.slot import Slot


@dataclass(frozen=True, slots=True)
class OwnershipRule:
    """One line of the ownership table; scope ``*`` covers every scope that no other rule names."""

    entity: str
    field: str
    scope: str
    owner: str
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        scope = f"[{self.scope}]" if self.scope else ""
        return f"{self.entity}.{self.field}{scope}"


class Ownership:
    """The ownership table, resolved: the exact scope wins over ``*``."""

    def __init__(self, rules: Iterable[OwnershipRule]) -> None:
        self.rules = tuple(rules)
        self._exact = {(rule.entity, rule.field, rule.scope): rule for rule in self.rules}

    def rule_of(self, entity: str, slot: Slot) -> OwnershipRule | None:
        """The rule that decides a slot, or None when nobody owns it."""
        exact = self._exact.get((entity, slot.field, slot.scope))
        return exact or self._exact.get((entity, slot.field, "*"))

    def owner_of(self, entity: str, slot: Slot) -> str | None:
        """The connection that decides a slot, or None."""
        rule = self.rule_of(entity, slot)
        return rule.owner if rule else None

    def fields_of(self, owner: str, entity: str) -> frozenset[str]:
        """The fields of an entity of which this connection owns at least one scope."""
        return frozenset(rule.field for rule in self.rules if rule.owner == owner and rule.entity == entity)


def duplicates(rules: Iterable[OwnershipRule]) -> list[tuple[OwnershipRule, OwnershipRule]]:
    """Pairs of rules that name the same slot: a slot with two owners."""
    seen: dict[tuple[str, str, str], OwnershipRule] = {}
    found: list[tuple[OwnershipRule, OwnershipRule]] = []
    for rule in rules:
        key = (rule.entity, rule.field, rule.scope)
        if key in seen:
            found.append((seen[key], rule))
        seen.setdefault(key, rule)
    return found
