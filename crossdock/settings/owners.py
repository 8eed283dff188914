"""Read the ownership table: every slot it names exists, and has exactly one owner."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from canonical.fields import ENTITIES, FIELDS, FieldKind, FieldType, ScopeKind
from canonical.hints import did_you_mean
from canonical.ownership import Ownership, OwnershipRule, duplicates
from canonical.slot import Slot, parse_slot
from crossdock.settings.check import Path
from crossdock.settings.findings import Findings

_SCOPE_WORDS = {ScopeKind.LOCATION: "location", ScopeKind.CURRENCY: "currency", ScopeKind.LOCALE: "locale"}


def read_ownership(
    table: Mapping[str, str],
    connections: Collection[str],
    locations: Collection[str],
    file: str,
    findings: Findings,
) -> Ownership:
    """The ownership rules that are right; every problem goes to the findings."""
    rules: list[OwnershipRule] = []
    for text, owner in table.items():
        path: Path = ("ownership", text)
        if owner not in connections:
            findings.error(path, f"there is no connection {owner}", did_you_mean(owner, connections))
        slot = _read_slot(text, locations, path, findings)
        if slot is not None:
            rules.append(OwnershipRule(*slot, owner, file, findings.line(path)))
    for first, second in duplicates(rules):
        message = f"{second} has two owners: {first.owner} (line {first.line}) and {second.owner} (line {second.line})"
        findings.error(("ownership", str(second)), message, "keep one of the two lines")
    return Ownership(rules)


def _read_slot(text: str, locations: Collection[str], path: Path, findings: Findings) -> tuple[str, str, str] | None:
    entity, dot, rest = text.partition(".")
    try:
        slot = parse_slot(rest.strip()) if dot else None
    except ValueError:
        slot = None
    if slot is None:
        findings.error(
            path, f"{text} is not a slot", "write entity.field or entity.field[scope], as in variant.price[EUR]"
        )
        return None
    if entity not in ENTITIES:
        findings.error(path, f"there is no entity {entity}", did_you_mean(entity, ENTITIES))
        return None
    field = FIELDS.get((entity, slot.field))
    if field is None:
        known = [name for owner, name in FIELDS if owner == entity]
        findings.error(path, f"{entity} has no field {slot.field}", did_you_mean(slot.field, known))
        return None
    return (entity, slot.field, slot.scope) if _fits(field, slot, locations, path, findings) else None


def _fits(field: FieldType, slot: Slot, locations: Collection[str], path: Path, findings: Findings) -> bool:
    name = f"{field.entity}.{field.name}"
    if field.kind is FieldKind.EVIDENCE:
        findings.error(path, f"{name} is only read, nobody owns it", "remove this line")
        return False
    if field.scope is ScopeKind.NONE:
        if slot.scope:
            findings.error(path, f"{name} has no scope", f"write {name}")
        return not slot.scope
    word = _SCOPE_WORDS[field.scope]
    if not slot.scope:
        findings.error(path, f"{name} has one value per {word}", f"write {name}[*] for every {word}, or name one")
        return False
    if field.scope is ScopeKind.LOCATION and slot.scope != "*" and slot.scope not in locations:
        findings.error(path, f"there is no location {slot.scope}", did_you_mean(slot.scope, locations))
        return False
    if field.scope is ScopeKind.CURRENCY and slot.scope != "*" and not _is_currency(slot.scope):
        findings.error(path, f"{slot.scope} is not a currency", "three capital letters, as in EUR")
        return False
    return True


def _is_currency(scope: str) -> bool:
    code = scope.partition("@")[0]
    return len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()
