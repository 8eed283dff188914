"""Shopify's answers in our error tree."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest

from canonical.errors import (
    AmbiguousError,
    AuthenticationError,
    CrossdockError,
    FatalError,
    ProtocolError,
    RetriableError,
    ThrottledError,
)
from connectors.http import Answer
from connectors.shopify.verdict import QueryTooDearError, StillRunningError, TokenRefusedError, verdict
from connectors.simulation import Ticker


def answer(body: Any, status: int = 200, operation: str = "productVariants", **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Answer(status, httpx.Headers(headers), content, Ticker().now(), 0.1, operation, "shop_eu")


def failed(code: str, message: str = "no", data: Any = None, **extensions: Any) -> dict[str, Any]:
    return {"data": data, "errors": [{"message": message, "extensions": {"code": code, **extensions}}]}


def throttle(requested: float, available: float) -> dict[str, Any]:
    status = {"maximumAvailable": 2000, "currentlyAvailable": available, "restoreRate": 100}
    cost = {"requestedQueryCost": requested, "actualQueryCost": None, "throttleStatus": status}
    return {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}], "extensions": {"cost": cost}}


@pytest.mark.parametrize("status", [200, 429])
def test_a_throttled_answer_waits_until_the_bucket_holds_the_cost(status: int) -> None:
    error = verdict(answer(throttle(500, 100), status))
    assert isinstance(error, ThrottledError)
    assert error.retry_after == 4.0


def test_a_throttled_answer_without_its_cost_names_no_wait() -> None:
    error = verdict(answer(failed("THROTTLED")))
    assert isinstance(error, ThrottledError)
    assert error.retry_after is None


def test_retry_after_wins_over_the_cost_when_the_status_says_throttled() -> None:
    error = verdict(answer(throttle(500, 100), 429, **{"retry-after": "7"}))
    assert isinstance(error, ThrottledError)
    assert error.retry_after == 7.0


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"data": {}}, 200, None),
        ({"data": {}, "errors": None}, 200, None),
        (failed("ACCESS_DENIED"), 200, FatalError),
        (failed("MAX_COST_EXCEEDED"), 200, QueryTooDearError),
        (failed("INTERNAL_SERVER_ERROR"), 200, RetriableError),
        (failed("undefinedField"), 200, ProtocolError),
        ({"errors": [{"message": "syntax error"}]}, 200, ProtocolError),
        ({"errors": "[API] Invalid API key or access token"}, 401, TokenRefusedError),
        ({"errors": "Not Found"}, 404, ProtocolError),
        ({"errors": "Unavailable Shop"}, 402, FatalError),
        ({"errors": "Locked"}, 423, FatalError),
        (b"<html>busy</html>", 503, RetriableError),
    ],
)
def test_each_kind_of_failure_has_its_place(body: Any, status: int, kind: type[CrossdockError] | None) -> None:
    error = verdict(answer(body, status))
    assert error is None if kind is None else type(error) is kind


def test_missing_access_names_the_scope_to_grant() -> None:
    error = verdict(answer(failed("ACCESS_DENIED", requiredAccess="`read_inventory` access scope.")))
    assert error is not None
    assert "`read_inventory` access scope" in error.hint


def test_an_error_beside_the_result_of_a_write_leaves_its_effect_open() -> None:
    body = failed("ACCESS_DENIED", data={"written": {"userErrors": []}})
    assert type(verdict(answer(body, operation="productVariantsBulkUpdate"))) is AmbiguousError
    body = failed("ACCESS_DENIED", data={"written": None})
    assert type(verdict(answer(body, operation="productVariantsBulkUpdate"))) is FatalError


def test_a_key_still_in_use_means_wait_and_repeat() -> None:
    error = {"code": "IDEMPOTENCY_CONCURRENT_REQUEST", "message": "in progress", "field": None}
    body = {"data": {"written": {"inventoryAdjustmentGroup": None, "userErrors": [error]}}}
    assert isinstance(verdict(answer(body, operation="inventorySetQuantities")), StillRunningError)


def test_a_refused_grant_is_about_the_credentials() -> None:
    error = verdict(answer({"error": "invalid_client"}, 400, operation="oauth.access_token"))
    assert isinstance(error, AuthenticationError)
    assert "client_secret" in error.hint
