"""The files of the project, as the checks of the house see them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ("canonical", "mappings", "connectors", "sync", "crossdock")


@dataclass(frozen=True)
class Source:
    """One Python file: its path below the root and its text."""

    path: str
    text: str

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of its syntax tree, walked once for all rules."""
        return list(ast.walk(ast.parse(self.text, self.path)))

    @property
    def is_code(self) -> bool:
        return self.path.split("/")[0] in CODE

    def imports(self) -> Iterator[tuple[str, int]]:
        """Every imported module with its line, wherever in the file it stands."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((name.name, node.lineno) for name in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module, node.lineno
                yield from ((f"{node.module}.{name.name}", node.lineno) for name in node.names)


def files() -> list[str]:
    """Every file of the project that git knows or would take; without git, every file outside hidden folders."""
    if (ROOT / ".git").exists():
        command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
        return sorted(name for name in listed if name and (ROOT / name).is_file())
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return sorted(str(path) for path in found if not any(part.startswith(".") for part in path.parts[:-1]))


def sources() -> list[Source]:
    """Every Python file of the project."""
    return [Source(name, (ROOT / name).read_text(encoding="utf-8")) for name in files() if name.endswith(".py")]


def texts() -> Iterator[tuple[str, str]]:
    """Every text file of the project with its path."""
    for name in files():
        try:
            yield name, (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def platforms() -> set[str]:
    """The names of the shipped platforms: the connector folders that have a manifest."""
    return {path.parent.name for path in (ROOT / "connectors").glob("*/manifest.yaml")}
