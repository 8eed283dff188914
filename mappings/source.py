"""YAML files with positions: plain data, and for each part of it the file, line and column it came from.

Scalars follow the YAML 1.2 core schema, with three things left as text on purpose: ``yes``/``no``/``on``/``off``,
dates, and digits with a leading zero (an article number is not a number). Keys are always text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import yaml

from canonical.errors import ConfigError, Problem

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"
DataPath: TypeAlias = tuple[str | int, ...]

_MAX_NODES = 200_000
_MAX_DEPTH = 60
_MAX_LENGTH = 16 * 1024 * 1024
_OPENERS = ("[", "{", "- ", "-\t", "? ", "?\t")
_HARMLESS = 1000
"""So many openers cannot nest deep enough to be a danger; what nests by lines grows too long before."""
_Loader = yaml.CBaseLoader if yaml.__with_libyaml__ else yaml.BaseLoader
_TAGS = tuple(f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map"))
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_FLAGS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file; line and column count from 1."""

    file: str = ""
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """The plain data of one YAML file, and where each part of it stands."""

    data: Plain
    file: str
    keys: Mapping[DataPath, tuple[int, int]] = field(default_factory=dict, repr=False)
    values: Mapping[DataPath, tuple[int, int]] = field(default_factory=dict, repr=False)

    def position(self, path: DataPath) -> tuple[int, int]:
        """Line and column of the key (or list item) at a path, or of its nearest ancestor that exists."""
        return _nearest(self.keys, path)

    def value_position(self, path: DataPath) -> tuple[int, int]:
        """Line and column of the value at a path, or of its nearest ancestor that exists."""
        return _nearest(self.values, path)

    def problem(self, path: DataPath, message: str, hint: str = "") -> Problem:
        """A finding about the part at a path."""
        line, column = self.position(path)
        return Problem(message, self.file, line, column, hint)


def load_yaml(path: Path, name: str | None = None) -> Document:
    """Read a YAML file; ConfigError with file, line and column when it is not one.

    ``name`` is what messages call the file; its path by default.
    """
    file = name or str(path)
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError([Problem("the file is not UTF-8 text", file)]) from error
    except OSError as error:
        raise ConfigError([Problem(f"the file cannot be read: {error.strerror}", file)]) from error
    return parse_yaml(text, file)


def parse_yaml(text: str, file: str = "") -> Document:
    """Read YAML from a text; ConfigError with file, line and column when it is not YAML."""
    if len(text) > _MAX_LENGTH:
        raise ConfigError([Problem(f"the file is too large: it may have {_MAX_LENGTH} characters", file)])
    if sum(map(text.count, _OPENERS)) > _HARMLESS and _is_too_deep(text):
        raise ConfigError([Problem("the file is nested too deeply", file)])
    try:
        root = yaml.compose(text, Loader=_Loader)
    except UnicodeEncodeError as error:
        raise ConfigError([Problem("the file is not UTF-8 text", file)]) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        said = ", ".join(part for part in (error.context, error.problem) if part)
        lines = text.splitlines()[line - 1 : line] if mark else []
        hint = "indent with spaces; YAML takes no tabs" if lines and "\t" in lines[0] else ""
        raise ConfigError([Problem(f"not valid YAML: {said}", file, line, column, hint)]) from error
    except yaml.YAMLError as error:
        raise ConfigError([Problem(f"not valid YAML: {str(error).splitlines()[0]}", file)]) from error
    return _Builder(file).document(root)


def _is_too_deep(text: str) -> bool:
    """Whether a text nests deeper than is allowed; the YAML library would overflow the stack on it and end the process.

    What is no YAML is left to be told by who builds it, which gets no further.
    """
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_Loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _MAX_DEPTH:
                return True
    except (yaml.YAMLError, UnicodeEncodeError):
        return False
    return False


def _nearest(places: Mapping[DataPath, tuple[int, int]], path: DataPath) -> tuple[int, int]:
    for length in range(len(path), -1, -1):
        if path[:length] in places:
            return places[path[:length]]
    return (1, 1)


def _scalar(node: yaml.ScalarNode) -> str | int | float | bool | None:
    text: str = node.value
    if node.style:
        return text
    if text in _NULLS:
        return None
    if text in _FLAGS:
        return _FLAGS[text]
    if len(text) > 40:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text


class _Builder:
    """Turns composed nodes into plain data, noting positions; bounded, since aliases can multiply."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.keys: dict[DataPath, tuple[int, int]] = {}
        self.values: dict[DataPath, tuple[int, int]] = {}
        self.problems: list[Problem] = []
        self.nodes = 0

    def document(self, root: yaml.Node | None) -> Document:
        data = None if root is None else self.build(root, ())
        if self.problems:
            raise ConfigError(self.problems)
        return Document(data, self.file, self.keys, self.values)

    def note(self, node: yaml.Node, message: str, hint: str = "") -> None:
        self.problems.append(Problem(message, self.file, node.start_mark.line + 1, node.start_mark.column + 1, hint))

    def build(self, node: yaml.Node, path: DataPath) -> Plain:
        self.nodes += 1
        if self.nodes > _MAX_NODES or len(path) > _MAX_DEPTH:
            self.note(node, "the file grows too large through its aliases, or is nested too deeply")
            raise ConfigError(self.problems)
        place = (node.start_mark.line + 1, node.start_mark.column + 1)
        self.values[path] = place
        self.keys.setdefault(path, place)
        if node.tag not in _TAGS:
            self.note(node, f"the tag {node.tag!r} is not allowed here", "leave the tag out")
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        return _scalar(node) if isinstance(node, yaml.ScalarNode) else None

    def mapping(self, node: yaml.MappingNode, path: DataPath) -> dict[str, Plain]:
        result: dict[str, Plain] = {}
        first: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.note(key, "a key must be a plain text")
                continue
            name: str = key.value
            if name in first:
                self.note(key, f"the key {name!r} is there twice", f"the first is in line {first[name]}")
                continue
            first[name] = key.start_mark.line + 1
            self.keys[*path, name] = (key.start_mark.line + 1, key.start_mark.column + 1)
            result[name] = self.build(value, (*path, name))
        return result
