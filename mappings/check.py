"""What can be said against a mapping without knowing the platform: paths, names, kinds and combinations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from canonical.errors import Problem
from canonical.fields import ENTITIES, FIELDS
from mappings.spec import MappingSpec


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint naming the nearest known word, or the known words when none is near."""
    words = sorted(known)
    near = get_close_matches(word, words, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known are: {', '.join(words)}" if 0 < len(words) <= 20 else ""


def check_spec(spec: MappingSpec) -> list[Problem]:
    """Every problem of a mapping that needs no field catalog."""
    if spec.entity not in ENTITIES:
        return [spec.problem(("entity",), f"unknown entity {spec.entity!r}", did_you_mean(spec.entity, ENTITIES))]
    return list(_unknown_fields(spec))


def _unknown_fields(spec: MappingSpec) -> Iterator[Problem]:
    known = [name for entity, name in FIELDS if entity == spec.entity]
    for name in spec.body.fields:
        if name not in known:
            yield spec.problem(("fields", name), f"{spec.entity} has no field {name!r}", did_you_mean(name, known))
