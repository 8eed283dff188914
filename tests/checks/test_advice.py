"""What a person is told of says what to do: every kind of incident that the engine opens has its advice."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from canonical.reasons import advice
from tests.checks.tree import Source, sources

_OPENERS = {"open_incident", "stands"}
"""Functions that open an incident; its kind is their second argument."""


def _kinds(source: Source) -> Iterator[str]:
    """The kinds a file opens, as a text or as a constant of its own; a parameter is somebody else's word."""
    constants = {
        target.id: str(node.value.value)
        for node in source.nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in (node for node in source.nodes if isinstance(node, ast.Call)):
        called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if called not in _OPENERS or len(call.args) < 2:
            continue
        kind = call.args[1]
        if isinstance(kind, ast.Constant):
            yield str(kind.value)
        elif isinstance(kind, ast.Name) and kind.id in constants:
            yield constants[kind.id]


def test_every_kind_of_incident_says_what_to_do() -> None:
    kinds = {kind for source in sources() if source.path.startswith("sync/") for kind in _kinds(source)}
    assert {"given_up", "lost_sale", "webhooks_silent", "privacy_request", "reopened_there"} <= kinds
    assert [kind for kind in sorted(kinds) if not advice(kind)] == []
