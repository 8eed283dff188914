"""Lays the operator's mapping file over the shipped one, key by key, remembering which file says what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from canonical.errors import Problem
from mappings.source import DataPath, Document, Place, Plain

_WHOLE = ("when", "redacted_when", "match")
"""Under these keys an entry replaces the one below it as a whole."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The data of several files as one, with the place of each part."""

    data: Plain
    places: Mapping[DataPath, Place]
    values: Mapping[DataPath, Place]

    def pointing(self) -> dict[DataPath, Place]:
        """The place to point at for each part: of a group its key, of a single value the value itself."""
        groups = {path[:-1] for path in self.places if path}
        return {path: place if path in groups else self.values[path] for path, place in self.places.items()}

    def problem(self, path: DataPath, message: str, hint: str = "") -> Problem:
        """A finding about the part at a path."""
        for length in range(len(path), -1, -1):
            place = self.places.get(path[:length])
            if place is not None:
                return Problem(message, place.file, place.line, place.column, hint)
        return Problem(message, hint=hint)


def merge(documents: Sequence[Document]) -> Merged:
    """One mapping from the shipped file and the operator's; a key with ``null`` takes the key away."""
    places: dict[DataPath, Place] = {}
    values: dict[DataPath, Place] = {}
    data: Plain = {}
    for document in documents:
        if document.data is None and data:
            continue  # a file of comments changes nothing
        data = _laid_over(data, document.data, document, (), places, values)
    return Merged(data, places, values)


def _laid_over(
    below: Plain,
    above: Plain,
    document: Document,
    path: DataPath,
    places: dict[DataPath, Place],
    values: dict[DataPath, Place],
) -> Plain:
    merging = isinstance(below, dict) and isinstance(above, dict) and not (len(path) > 1 and path[-2] in _WHOLE)
    if not merging:
        _forget(path, places, values)
    if not merging or path not in places:
        places[path] = Place(document.file, *document.position(path))
        values[path] = Place(document.file, *document.value_position(path))
    if isinstance(above, list):
        return [_laid_over(None, v, document, (*path, i), places, values) for i, v in enumerate(above)]
    if not isinstance(above, dict):
        return above
    result: dict[str, Plain] = dict(below) if merging and isinstance(below, dict) else {}
    for key, value in above.items():
        inner = (*path, key)
        if value is None and key in result:
            del result[key]
            _forget(inner, places, values)
        else:
            result[key] = _laid_over(result.get(key), value, document, inner, places, values)
    return result


def _forget(path: DataPath, *tables: dict[DataPath, Place]) -> None:
    for table in tables:
        for known in [known for known in table if known[: len(path)] == path]:
            del table[known]
