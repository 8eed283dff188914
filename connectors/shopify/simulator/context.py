"""What a resolver is told besides its object: the request's version, rights and time, and where to note effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from graphql import GraphQLError, GraphQLSchema

if TYPE_CHECKING:
    from connectors.shopify.simulator.platform import Platform

Args: TypeAlias = Mapping[str, Any]


@dataclass(slots=True)
class Context:
    """One request; ``now`` is in whole seconds, ``base_url`` is where the simulator was reached.

    ``unpaged``: lists are read whole, as bulk operations do.
    """

    platform: Platform
    schema: GraphQLSchema
    version: str
    scopes: frozenset[str]
    now: datetime
    base_url: str = ""
    key: str | None = None
    unpaged: bool = False
    warnings: list[dict[str, Any]] = field(default_factory=list)


def failed(message: str, code: str, **extensions: Any) -> GraphQLError:
    """A top-level error with the platform's code."""
    return GraphQLError(message, extensions={"code": code, **extensions})


def user_error(field_path: list[str] | None, message: str, code: str = "") -> dict[str, Any]:
    """A validation error inside a payload."""
    return {"field": field_path, "message": message, "code": code or None}


@lru_cache(maxsize=4096)
def instant(at: datetime | None) -> str | None:
    """An instant as the platform writes it."""
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")
