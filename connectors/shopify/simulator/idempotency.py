"""What ``@idempotent`` does: a key stands for one call with its arguments, for as long as keys are remembered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import msgspec

from connectors.shopify.simulator.context import Args, Context, failed, user_error
from connectors.shopify.simulator.switches import Switches

Payload: TypeAlias = dict[str, Any]

REQUIRED_SINCE = "2026-04"
_MAX_KEY = 255


@dataclass(frozen=True, slots=True)
class _Attempt:
    fingerprint: bytes
    at: datetime
    payload: dict[str, Any]


class IdempotencyLog:
    """The calls whose key is still remembered."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._attempts: dict[str, _Attempt] = {}

    def run(self, operation: str, args: Args, context: Context, execute: Callable[[], Payload]) -> Payload:
        """Execute a mutation, or answer what its key already stands for."""
        key = self._key(operation, context)
        if key is None:
            return execute()
        fingerprint = operation.encode() + msgspec.json.encode(args, order="deterministic")
        earlier = self._remembered(key, context.now)
        if earlier is not None and self._switches.idempotency_honored:
            context.platform.log.write(operation)
            return _answer_again(earlier, fingerprint)
        payload = execute()
        self._attempts[key] = _Attempt(fingerprint, context.now, payload)
        return payload

    def _key(self, operation: str, context: Context) -> str | None:
        if context.key is None and self._switches.idempotency_enforced and context.version >= REQUIRED_SINCE:
            raise failed(f"The @idempotent directive is required for {operation} but was not given.", "BAD_REQUEST")
        if context.key is not None and not 0 < len(context.key.strip()) <= _MAX_KEY:
            raise failed(f"An idempotency key has 1 to {_MAX_KEY} characters and is not blank.", "BAD_REQUEST")
        return context.key

    def _remembered(self, key: str, now: datetime) -> _Attempt | None:
        attempt = self._attempts.get(key)
        if attempt is not None and (now - attempt.at).total_seconds() > self._switches.idempotency_retention:
            del self._attempts[key]
            return None
        return attempt


def _answer_again(earlier: _Attempt, fingerprint: bytes) -> dict[str, Any]:
    if earlier.fingerprint != fingerprint:
        return _refused("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "This key was used with other parameters.")
    if earlier.payload["userErrors"]:
        return _refused("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", "The earlier request with this key failed.")
    return earlier.payload


def _refused(code: str, message: str) -> dict[str, Any]:
    return {"userErrors": [user_error(None, message, code)]}
