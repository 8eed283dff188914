"""The one HTTP transport: budgets, retries, redaction, read-only mode, a record of every exchange.

The transport itself is loaded on first use, since httpx is slow to import and many commands need no network.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from connectors.http.answer import Answer
from connectors.http.budget import Budget, NoBudget, PointsBudget, WindowBudget
from connectors.http.errors import ReadOnlyError
from connectors.http.records import Outgoing, RequestRecord
from connectors.http.redaction import Redactor
from connectors.http.retry import RetryPolicy
from connectors.http.verdict import Verdict, http_verdict, parse_retry_after, retry_after

if TYPE_CHECKING:
    from connectors.http.transport import Transport

__all__ = [
    "Answer",
    "Budget",
    "NoBudget",
    "Outgoing",
    "PointsBudget",
    "ReadOnlyError",
    "Redactor",
    "RequestRecord",
    "RetryPolicy",
    "Transport",
    "Verdict",
    "WindowBudget",
    "http_verdict",
    "parse_retry_after",
    "retry_after",
]


def __getattr__(name: str) -> Any:
    if name == "Transport":
        return import_module("connectors.http.transport").Transport
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
