"""What is kept under an idempotency key: the answer of the first request that was carried out, failures included."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connectors.simulation import SimRequest, SimResponse
from connectors.stripe.simulator.errors import StripeError

_LONGEST = 255


@dataclass(frozen=True, slots=True)
class _Saved:
    what: tuple[str, str, bytes]
    response: SimResponse
    at: int
    request_id: str


class Idempotency:
    """The keys of one account."""

    def __init__(self, retention_seconds: Callable[[], int]) -> None:
        self._retention = retention_seconds
        self._saved: dict[str, _Saved] = {}
        self.under_way: set[str] = set()

    def replay(self, key: str, request: SimRequest, now: int) -> SimResponse | None:
        """The answer saved under a key, marked as such; None for a new or forgotten key."""
        if not key:
            return None
        if len(key) > _LONGEST:
            raise StripeError(400, f"Idempotency keys are at most {_LONGEST} characters long.")
        if key in self.under_way:
            text = f"There is currently another in-progress request using this Idempotency-Key: {key}."
            raise StripeError(409, text, code="idempotency_key_in_use", kind="idempotency_error")
        saved = self._saved.get(key)
        if saved is None or now - saved.at >= self._retention():
            return None
        if saved.what != _what(request):
            text = f"Keys can only be used with the parameters of their first request: {key}."
            raise StripeError(400, text, kind="idempotency_error")
        headers: Mapping[str, str] = {
            **saved.response.headers,
            "idempotent-replayed": "true",
            "original-request": saved.request_id,
        }
        return SimResponse(saved.response.status, headers, saved.response.body)

    def save(self, key: str, request: SimRequest, response: SimResponse, request_id: str, now: int) -> None:
        """Keep the answer of a request that was carried out."""
        if key:
            self._saved[key] = _Saved(_what(request), response, now, request_id)


def _what(request: SimRequest) -> tuple[str, str, bytes]:
    return request.method, request.path, request.body
