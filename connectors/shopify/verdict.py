"""What Shopify's answers mean: HTTP status, top-level errors and throttling, in our error tree."""

from __future__ import annotations

import msgspec

from canonical.errors import (
    AmbiguousError,
    AuthenticationError,
    CrossdockError,
    FatalError,
    ProtocolError,
    RetriableError,
    ThrottledError,
)
from connectors.http import Answer, http_verdict, retry_after
from connectors.shopify.cost import cost_of
from connectors.shopify.documents import SET_QUANTITIES, WRITES
from connectors.shopify.effectdocs import EFFECTS
from connectors.shopify.shapes import Cost, Envelope, TopError, UserError

DOWNLOAD_SUFFIX = ".bulk_download"
TOKEN_OPERATION = "oauth.access_token"  # noqa: S105 - the name of a request, no secret

_STATUS_HINTS = {
    402: "the shop is frozen; its owner must settle the plan in the admin",
    404: "check the shop's domain and the API version of this connection",
    423: "the shop is locked; ask Shopify support why",
}
_PASSING = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT"})
_STILL_RUNNING = "IDEMPOTENCY_CONCURRENT_REQUEST"


class TokenRefusedError(AuthenticationError):
    """Shopify refused the access token."""


class QueryTooDearError(FatalError):
    """A query costs more points than one query may."""


class StillRunningError(ThrottledError):
    """An earlier request with the same idempotency key has not ended yet."""


class _Payload(msgspec.Struct, frozen=True, rename="camel"):
    user_errors: list[UserError] = []


class _Written(msgspec.Struct, frozen=True):
    written: _Payload | None = None


class _WriteAnswer(msgspec.Struct, frozen=True):
    data: _Written | None = None


def verdict(answer: Answer) -> CrossdockError | None:
    """Judge an answer; None when its data can be used."""
    by_status = _by_status(answer)
    if by_status is not None or answer.operation == TOKEN_OPERATION:
        return by_status
    try:
        envelope = msgspec.json.decode(answer.content, type=Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return answer.problem()
    problems = envelope.problems()
    if not problems:
        return _still_running(answer) if answer.operation == SET_QUANTITIES else None
    cost = envelope.extensions.cost if envelope.extensions else None
    return _by_problems(answer, problems, cost)


def _by_status(answer: Answer) -> CrossdockError | None:
    error = http_verdict(answer)
    if error is None:
        return None
    if answer.operation == TOKEN_OPERATION and answer.status in (400, 401, 403):
        return AuthenticationError(
            f"{answer.place}: Shopify gives no access token (status {answer.status}): {answer.excerpt()}",
            hint="check client_id and client_secret, and that the app is installed on this shop",
        )
    if answer.operation.endswith(DOWNLOAD_SUFFIX) and answer.status in (401, 403, 404, 410):
        said = f"{answer.place}: the result of the bulk operation is not there any more (status {answer.status})"
        return RetriableError(said, hint="results are kept for a week; read again")
    if answer.status == 401:
        hint = "check the access token, or client_id and client_secret, of this connection"
        return TokenRefusedError(f"{answer.place}: Shopify refused the access token", hint=hint)
    if answer.status == 429:
        return ThrottledError(f"{answer.place}: throttled", retry_after=retry_after(answer) or _pause(cost_of(answer)))
    if answer.status in _STATUS_HINTS:
        error.hint = _STATUS_HINTS[answer.status]
    return error


def _by_problems(answer: Answer, problems: list[TopError], cost: Cost | None) -> CrossdockError:
    first = problems[0]
    codes = {problem.code for problem in problems}
    said = f"{answer.place}: {answer.redact('; '.join(problem.message for problem in problems[:3]))}"
    if "THROTTLED" in codes:
        return ThrottledError(f"{answer.place}: throttled", retry_after=_pause(cost))
    if (answer.operation in WRITES or answer.operation in EFFECTS) and _has_payload(answer):
        return AmbiguousError(f"{said}; the write may have taken effect")
    if "MAX_COST_EXCEEDED" in codes:
        return QueryTooDearError(said, hint="lower max_query_cost of this connection or map fewer fields")
    if "ACCESS_DENIED" in codes:
        return _access_denied(said, problems)
    if codes & _PASSING:
        return RetriableError(said, hint="Shopify has trouble; it is tried again")
    hint = "the shop is not active" if first.code == "SHOP_INACTIVE" else "check the API version of this connection"
    return ProtocolError(said, hint=hint)


def _access_denied(said: str, problems: list[TopError]) -> CrossdockError:
    scopes = [problem.extensions.required_access or "" for problem in problems if problem.extensions]
    wanted = next((scope.rstrip(".") for scope in scopes if scope), "the access scope it asks for")
    return FatalError(
        said, hint=f"grant the app {wanted} and install it anew; `crossdock doctor` lists what is missing"
    )


def _still_running(answer: Answer) -> CrossdockError | None:
    try:
        found = msgspec.json.decode(answer.content, type=_WriteAnswer)
    except msgspec.ValidationError:
        return None
    payload = found.data.written if found.data else None
    if payload is None or all(error.code != _STILL_RUNNING for error in payload.user_errors):
        return None
    return StillRunningError(f"{answer.place}: a request with this idempotency key is still running")


def _has_payload(answer: Answer) -> bool:
    try:
        found = msgspec.json.decode(answer.content, type=_WriteAnswer)
    except msgspec.ValidationError:
        return True
    return found.data is not None and found.data.written is not None


def _pause(cost: Cost | None) -> float | None:
    """Seconds until the bucket holds what the request asks for."""
    if cost is None or cost.requested_query_cost is None or cost.throttle_status is None:
        return None
    throttle = cost.throttle_status
    missing = cost.requested_query_cost - throttle.currently_available
    return max(0.0, missing / throttle.restore_rate) if throttle.restore_rate > 0 else None
