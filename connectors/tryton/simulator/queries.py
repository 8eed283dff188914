"""Reading: searches by domain, and records with the fields that were asked for."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from connectors.tryton.simulator.domains import ManyRead, compiled, conditions, names
from connectors.tryton.simulator.models import Context, Model, Read, Related
from connectors.tryton.simulator.wire import encoded, unknown


class Queries:
    """Answers reading methods from the models."""

    def __init__(self, models: Mapping[str, Model]) -> None:
        self._models = models

    def model(self, name: str) -> Model:
        """A model; the server fails when there is none."""
        if name not in self._models:
            raise unknown(name)
        return self._models[name]

    def search(self, model: Model, domain: Sequence[Any], context: Context) -> list[Any]:
        """The records of a domain in ascending ids, archived ones only when they are asked for."""
        return list(self._matching(model, domain, context))

    def page(
        self, model: Model, domain: Sequence[Any], window: tuple[int, int | None], order: Any, context: Context
    ) -> list[Any]:
        """Some of the records of a domain: how many to skip, and how many at most."""
        offset, limit = window
        found: list[Any] = []
        descending = bool(order) and str(order[0][1]).upper().startswith("DESC")
        rows: Iterable[Any] = self._matching(model, domain, context)
        if descending:
            rows = reversed(list(rows))
        for number, record in enumerate(rows):
            if limit is not None and len(found) >= limit:
                break
            if number >= offset:
                found.append(record)
        return found

    def rows(
        self, model: Model, records: Iterable[Any], wanted: Sequence[str], context: Context
    ) -> list[dict[str, Any]]:
        """Records as the server answers them."""
        shape = self._shape(model, wanted, context)
        return [shape(record) for record in records]

    def _matching(self, model: Model, domain: Sequence[Any], context: Context) -> Iterable[Any]:
        test = compiled(domain, lambda name: self._path(model, name, context))
        if model.archivable and context.get("active_test", True) and "active" not in names(domain):
            active = self._active(model)
        else:
            active = _always
        for number in _candidates(model, domain):
            record = model.records[number]
            if number not in model.hidden and active(record) and test(record):
                yield record

    def _active(self, model: Model) -> Callable[[Any], bool]:
        template = model.relations.get("template")
        if template is None:
            return lambda record: bool(record.active)
        follow = template.follow
        return lambda record: bool(record.active and follow(record).active)

    def _path(self, model: Model, name: str, context: Context) -> Read:
        first, _, rest = name.partition(".")
        if not rest:
            return model.reader(first, context)
        related = self._related(model, first)
        inner = self._path(self.model(related.model), rest, context)
        if related.many:
            return ManyRead(lambda record: _all(inner, related.follow(record)))
        if isinstance(inner, ManyRead):
            return ManyRead(lambda record: inner(related.follow(record)))
        return lambda record: None if (target := related.follow(record)) is None else inner(target)

    def _shape(self, model: Model, wanted: Sequence[str], context: Context) -> Callable[[Any], dict[str, Any]]:
        readers: dict[str, Read] = {"id": model.fields.get("id", lambda one: 0)}
        nested: dict[str, list[str]] = {}
        for name in wanted:
            first, _, rest = name.partition(".")
            if rest:
                nested.setdefault(first, []).append(rest)
            readers[first] = (
                model.reader(first, context) if first in model.fields or not rest else self._key(model, first)
            )
        plain = list(readers.items())
        inner = [(name, *self._nested(model, name, inside, context)) for name, inside in nested.items()]

        def row(record: Any) -> dict[str, Any]:
            found = {name: encoded(read(record)) for name, read in plain}
            for name, related, shape in inner:
                target = related.follow(record)
                found[f"{name}."] = _shaped(shape, target, many=related.many)
                if related.many:
                    found.pop(name, None)
            return found

        return row

    def _nested(
        self, model: Model, name: str, inside: list[str], context: Context
    ) -> tuple[Related, Callable[[Any], dict[str, Any]]]:
        related = self._related(model, name)
        return related, self._shape(self.model(related.model), inside, context)

    def _key(self, model: Model, name: str) -> Read:
        return model.reader(name, {})

    @staticmethod
    def _related(model: Model, name: str) -> Related:
        if name not in model.relations:
            raise unknown(name)
        return model.relations[name]


def _shaped(shape: Callable[[Any], dict[str, Any]], target: Any, *, many: bool) -> Any:
    if many:
        return [shape(one) for one in target]
    return None if target is None else shape(target)


def _all(read: Read, records: Iterable[Any]) -> list[Any]:
    """What is read of some records, in one list."""
    if isinstance(read, ManyRead):
        return [value for record in records for value in read(record)]
    return [read(record) for record in records]


def _always(record: Any) -> bool:
    return True


def _candidates(model: Model, domain: Sequence[Any]) -> Sequence[int]:
    """The ids worth looking at, in ascending order: conditions on the id narrow them."""
    ids: Sequence[int] = list(model.records)
    for name, sign, value, *_ in conditions(domain):
        if name != "id":
            continue
        if sign == "in":
            wanted = set(value)
            return sorted(number for number in wanted if number in model.records)
        if sign == "=":
            return [value] if value in model.records else []
        if sign == ">":
            ids = ids[bisect_right(ids, value) :]
        elif sign == "<":
            ids = ids[: bisect_left(ids, value)]
    return ids
