"""Refusals as the platform writes them: status 200, a message and a code."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError

NOT_FOUND, INVALID, TAKEN, INTERNAL = 5, 3, 4, 1


class RefusedError(GraphQLError):
    """A request that the platform refuses."""

    def __init__(self, message: str, code: int = INVALID) -> None:
        super().__init__(message)
        self.code = code


def absent(kind: str) -> RefusedError:
    """There is no such record."""
    return RefusedError(f"{kind} not found", NOT_FOUND)


def shown(error: GraphQLError, request_id: str) -> dict[str, Any]:
    """An error as it is answered."""
    root = str(error.path[0]) if error.path else ""
    code = error.code if isinstance(error, RefusedError) else getattr(error.original_error, "code", None)
    found: dict[str, Any] = {"message": error.message, "request_id": request_id}
    if root:
        found |= {"operation": root, "field": str((error.path or [root])[-1])}
    return found if code is None else {**found, "code": code}
