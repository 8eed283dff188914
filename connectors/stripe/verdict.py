"""What an answer of Stripe means, and what to do about it."""

from __future__ import annotations

import msgspec

from canonical.errors import AuthenticationError, CrossdockError, FatalError, ProtocolError, RetriableError
from connectors.http import Answer, http_verdict

REPLAYED = "idempotent-replayed"
"""The header of an answer that was saved under its key earlier."""
_REQUEST_FAILED, _CONFLICT, _FAILED_ELSEWHERE = 402, 409, 424


class Refusal(msgspec.Struct, frozen=True):
    """The error object of an answer, as far as it is looked at."""

    type: str = ""
    code: str | None = None
    message: str | None = None
    param: str | None = None


class _Body(msgspec.Struct, frozen=True):
    error: Refusal = Refusal()


class RefusedError(FatalError):
    """Stripe refused the request as it is and did nothing; ``refusal`` says why."""

    def __init__(self, message: str, refusal: Refusal, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.refusal = refusal


class NotThereError(RefusedError):
    """There is no such object."""


class KeyReusedError(RefusedError):
    """The idempotency key was used before with other parameters."""


class SavedFailureError(FatalError):
    """Stripe repeats the failure it saved under this idempotency key; this key will never succeed."""


def refusal_of(answer: Answer) -> Refusal:
    """The error object of an answer, empty when there is none."""
    try:
        return msgspec.json.decode(answer.content, type=_Body).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Refusal()


def verdict(answer: Answer) -> CrossdockError | None:
    """Judge an answer by its status and, where Stripe tells one, by its error; None when it is good."""
    status = answer.status
    if status < 400:
        return http_verdict(answer)
    said = refusal_of(answer)
    text = _text(answer, said)
    if status >= 500 and answer.headers.get(REPLAYED) == "true":
        return SavedFailureError(text)
    if status in (_CONFLICT, _FAILED_ELSEWHERE):
        return RetriableError(text, hint="another request with this key, or on this object, is still under way")
    if not said.type or status >= 500 or status == 429:
        return http_verdict(answer)
    if status in (401, 403):
        return AuthenticationError(text, hint=_key_advice(status))
    return _refusal(status, text, said)


def _refusal(status: int, text: str, said: Refusal) -> CrossdockError | None:
    if said.type == "idempotency_error":
        return KeyReusedError(text, said)
    if status == 404 and said.code == "resource_missing":
        return NotThereError(text, said)
    if status == 404:
        return ProtocolError(text, hint="check api_base of this connection")
    hint = "" if status in (400, _REQUEST_FAILED) else "Stripe refused the request as it is"
    return RefusedError(text, said, hint=hint)


def _text(answer: Answer, said: Refusal) -> str:
    if not said.type:
        return f"{answer.place}: status {answer.status}: {answer.excerpt()}"
    word = said.code or said.type
    request = answer.headers.get("request-id", "")
    where = f" (param {said.param})" if said.param else ""
    number = f", request {request}" if request else ""
    return f"{answer.place}: {word}: {answer.redact(said.message or '')}{where}{number}"


def _key_advice(status: int) -> str:
    if status == 401:
        return "check api_key; it may have been rolled or belong to another account or mode"
    return "give the restricted key the right it lacks, in the dashboard under Developers, API keys"
