"""Check data against a JSON Schema and say all that is wrong in words an operator can act on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from jsonschema import Draft202012Validator, TypeChecker, validators

from canonical.hints import did_you_mean

Path: TypeAlias = tuple[str | int, ...]
_Error: TypeAlias = Any  # jsonschema's ValidationError, whose parts are typed as possibly unset

_TYPE_NAMES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a block of keys",
    "null": "nothing",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not fit: where, what, and what to do."""

    path: Path
    message: str
    hint: str = ""


def check_shape(data: object, schema: Mapping[str, Any]) -> tuple[list[Fault], Any]:
    """All faults of the data, and the data without the parts that have faults."""
    judge = _Validator(schema)
    faults = [fault for error in judge.iter_errors(data) for fault in _faults(error)]
    pruned, found = data, faults
    while found:
        for path in sorted({fault.path for fault in found}, key=_from_the_back, reverse=True):
            pruned = _without(pruned, path)
        found = [fault for error in judge.iter_errors(pruned) for fault in _faults(error)] if pruned != {} else []
    return faults, pruned


def _is_integer(checker: TypeChecker, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(checker: TypeChecker, value: object) -> bool:
    return _is_integer(checker, value) or (isinstance(value, float) and math.isfinite(value))


_CHECKER = Draft202012Validator.TYPE_CHECKER.redefine_many({"integer": _is_integer, "number": _is_number})
_extend: Any = validators.extend
_Validator = _extend(Draft202012Validator, type_checker=_CHECKER)


def _from_the_back(path: Path) -> tuple[tuple[bool, int, str], ...]:
    """Sorts list items by number, so that taking one away does not move those still to go."""
    return tuple((isinstance(part, int), part if isinstance(part, int) else 0, str(part)) for part in path)


def _without(data: Any, path: Path) -> Any:
    """The data less the part at a path; less everything when the path is the root."""
    if not path:
        return {}
    head, rest = path[0], path[1:]
    if isinstance(data, dict) and head in data:
        if not rest:
            return {key: value for key, value in data.items() if key != head}
        return {key: _without(value, rest) if key == head else value for key, value in data.items()}
    if isinstance(data, list) and isinstance(head, int) and head < len(data):
        if not rest:
            return data[:head] + data[head + 1 :]
        return [_without(item, rest) if number == head else item for number, item in enumerate(data)]
    return data


def _faults(error: _Error, base: Path = ()) -> Iterator[Fault]:
    path = (*base, *error.path)
    if error.validator == "anyOf":
        yield from _alternatives(error, path)
    elif error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        for key in error.instance:
            if key not in known:
                yield Fault((*path, key), f"unknown key {key}", did_you_mean(key, known))
    elif error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        yield Fault(path, f"{_name(path)} needs the key {', '.join(missing)}", _about(error, missing))
    elif "propertyNames" in error.schema_path:
        yield Fault((*path, error.instance), f"not a valid name: {error.instance}", _about_name(error))
    else:
        yield Fault(path, *_value_fault(error, path))


def _alternatives(error: _Error, path: Path) -> Iterator[Fault]:
    """Judge a value by the alternative whose kind it has; name all kinds when it has none of them."""
    groups: dict[object, list[_Error]] = {}
    for part in error.context:
        groups.setdefault(part.schema_path[0], []).append(part)
    for parts in groups.values():
        if not any(part.validator == "type" and not part.path for part in parts):
            for part in parts:
                yield from _faults(part, path)
            return
    kinds = [part.validator_value for part in error.context if part.validator == "type" and not part.path]
    wanted = " or ".join(dict.fromkeys(_TYPE_NAMES.get(str(kind), str(kind)) for kind in kinds))
    yield Fault(path, f"{_name(path)} must be {wanted}, not {_seen(error.instance)}")


def _value_fault(error: _Error, path: Path) -> tuple[str, str]:
    name, limit, seen = _name(path), error.validator_value, _seen(error.instance)
    if error.validator == "enum":
        return f"{name} cannot be {seen}", did_you_mean(str(error.instance), [str(choice) for choice in limit])
    if error.validator == "type":
        return f"{name} must be {_TYPE_NAMES.get(str(limit), str(limit))}, not {seen}", _type_hint(str(limit), seen)
    words = {
        "minimum": f"must be {limit} or more",
        "exclusiveMinimum": f"must be above {limit}",
        "maximum": f"must be {limit} or less",
        "minItems": "must not be empty",
        "minProperties": "must not be empty",
        "minLength": "must not be empty",
        "pattern": f"is not valid: {seen}",
    }
    return f"{name} {words.get(str(error.validator), error.message)}", str(error.schema.get("description", ""))


def _type_hint(wanted: str, seen: str) -> str:
    return "write it in quotes" if wanted == "string" and not seen.startswith(("a ", "nothing")) else ""


def _name(path: Path) -> str:
    """What to call the place: its own key, with the list it is in where it is an item."""
    if not path:
        return "the file"
    if isinstance(path[-1], int):
        return f"item {path[-1] + 1} of {_name(path[:-1])}"
    return path[-1]


def _seen(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a block of keys"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _about(error: _Error, missing: list[str]) -> str:
    properties = error.schema.get("properties", {})
    return str(properties.get(missing[0], {}).get("description", ""))


def _about_name(error: _Error) -> str:
    return str(error.schema.get("description", ""))
