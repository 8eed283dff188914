"""Calls that may be asked back: warnings that the operator allows are answered with yes, all others stop the call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.tryton.client import Reply, TrytonClient, WarningError

_SKIP = "model.res.user.warning.skip"
_MOST_WARNINGS = 20


class Asking:
    """Calls methods that change something, and answers for the operator."""

    def __init__(self, client: TrytonClient, allowed: frozenset[str]) -> None:
        self.client = client
        self._allowed = allowed

    def call(self, method: str, *params: Any, context: Mapping[str, Any] | None = None) -> Reply:
        """Call until nothing allowed is asked any more; WarningError for a question that nobody allowed."""
        answered = 0
        while True:
            try:
                return self.client.call(method, *params, context=context)
            except WarningError as warning:
                if warning.kind not in self._allowed or answered >= _MOST_WARNINGS:
                    warning.hint = f"do it in Tryton, or add {warning.kind} to allowed_warnings"
                    raise
                self.client.call(_SKIP, warning.key, False)
                answered += 1
