"""Secrets by reference: ``${env:NAME}`` and ``${file:PATH}``, read at use and never shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from canonical.errors import ConfigError, Problem
from canonical.hints import did_you_mean

_REFERENCE = re.compile(r"\$\{(?P<kind>[^:{}]*)(?::(?P<name>[^{}]*))?\}")
_KINDS = ("env", "file")


class Secret:
    """A text that shows itself only to who asks for it by name."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written anywhere")


def is_reference(text: object) -> bool:
    """Whether a setting's value refers to something outside the file."""
    return isinstance(text, str) and _REFERENCE.search(text) is not None


def malformed(text: str) -> Iterator[tuple[str, str]]:
    """Message and hint for each reference in a text that can never be resolved."""
    for match in _REFERENCE.finditer(text):
        kind, name = match["kind"], match["name"]
        if kind not in _KINDS:
            hint = did_you_mean(kind, _KINDS) if name is not None else f"write ${{env:{kind}}}"
            yield f"{match[0]} is not a reference", hint
        elif not name:
            yield f"{match[0]} names nothing", "write ${env:NAME} or ${file:PATH}"


class Resolver:
    """Reads references: environment first, then ``.env`` beside the configuration; remembers them."""

    def __init__(self, environ: Mapping[str, str], base: Path, revealed: set[str] | None = None) -> None:
        self._environ = {**read_env_file(base / ".env"), **environ}
        self._base = base
        self.revealed: set[str] = set() if revealed is None else revealed
        """Every text read so far, for redaction."""

    def resolve(self, text: str) -> Secret:
        """The text with its references replaced; ConfigError when one cannot be read."""
        return Secret(_REFERENCE.sub(self._value, text))

    def _value(self, match: re.Match[str]) -> str:
        kind, name = match["kind"], match["name"] or ""
        value = self._from_environment(name) if kind == "env" else self._from_file(name)
        if value:
            self.revealed.add(value)
        return value

    def _from_environment(self, name: str) -> str:
        value = self._environ.get(name, "")
        if not value:
            hint = f"set it, or write {name}=… into {self._base / '.env'}"
            raise ConfigError([Problem(f"the environment variable {name} is not set", hint=hint)])
        return value

    def _from_file(self, name: str) -> str:
        path = self._base / name
        try:
            return path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a text file"
            raise ConfigError([Problem(f"cannot read the secret file {path}: {reason}")]) from error


def read_env_file(path: Path) -> dict[str, str]:
    """NAME=value lines of a file; blank lines, ``#`` lines and ``export`` are passed over, quotes taken off.

    ConfigError when there is a file and it cannot be read.
    """
    if not path.is_file():
        return {}
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ConfigError([Problem(f"the file cannot be read: {reason}", file=str(path))]) from error
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, separator, value = line.strip().removeprefix("export ").partition("=")
        if separator and not name.startswith("#"):
            value = value.strip()
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
            found[name.strip()] = value[1:-1] if quoted else value
    return found
