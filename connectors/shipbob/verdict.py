"""What an answer of ShipBob means, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from canonical.errors import AuthenticationError, CrossdockError, FatalError
from connectors.http import Answer, http_verdict

_INVALID, _NOT_THERE, _UNPROCESSABLE = 400, 404, 422
_WORDS = ("detail", "title", "message")


class RefusedError(FatalError):
    """ShipBob refused the request as it is and did nothing; ``status`` says how, ``said`` is what it said."""

    def __init__(self, message: str, status: int, said: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.said = said

    @property
    def unprocessable(self) -> bool:
        """Whether it was well formed and cannot be carried out as things are."""
        return self.status == _UNPROCESSABLE


def verdict(answer: Answer) -> CrossdockError | None:
    """Judge an answer by its status and by what it says; None when it is good."""
    status = answer.status
    if status in (401, 403) and not answer.is_html:
        hint = "check token" if status == 401 else "give the token the right it lacks, and check channel_id"
        return AuthenticationError(_text(answer, said_in(answer)), hint=hint)
    if status not in (_INVALID, _NOT_THERE, _UNPROCESSABLE) or answer.is_html:
        return http_verdict(answer)
    said = said_in(answer)
    hint = "ShipBob refused the request as it is"
    if status == _NOT_THERE:
        hint = "there is no such record, or version and api_base of this connection are wrong"
    return RefusedError(_text(answer, said), status, said, hint=hint)


def said_in(answer: Answer) -> str:
    """What an answer says of its own status: field by field, or as a problem; empty when it says nothing."""
    try:
        body = msgspec.json.decode(answer.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    if not isinstance(body, dict):
        return answer.redact(str(body)) if body else ""
    problem = next((str(body[word]) for word in _WORDS if isinstance(body.get(word), str) and body[word]), "")
    return answer.redact(problem or "; ".join(_by_field(body)))


def _by_field(body: Mapping[str, Any]) -> Iterator[str]:
    for field, messages in body.items():
        if isinstance(messages, list):
            yield f"{field}: {' '.join(str(message) for message in messages)}"
        elif isinstance(messages, str):
            yield f"{field}: {messages}"


def _text(answer: Answer, said: str) -> str:
    return f"{answer.place}: status {answer.status}: {said or answer.excerpt() or 'no reason given'}"
