"""What an HTTP status means in terms of what the caller can do about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from canonical.errors import (
    AuthenticationError,
    CrossdockError,
    FatalError,
    ProtocolError,
    RetriableError,
    ThrottledError,
)
from connectors.http.answer import Answer, parse_http_date

Verdict: TypeAlias = Callable[[Answer], CrossdockError | None]
"""A platform's own reading of an answer; None when it is good."""

_REQUEST_TIMEOUT, _TOO_EARLY, _THROTTLED = 408, 425, 429


def parse_retry_after(text: str, now: datetime) -> float | None:
    """Seconds to wait from a Retry-After value, in seconds or as an HTTP date (RFC 9110); None when it is neither."""
    text = text.strip()
    if not text:
        return None
    try:
        return max(0.0, float(text)) if float(text) < float("inf") else None
    except ValueError:
        date = parse_http_date(text)
    return max(0.0, (date - now).total_seconds()) if date else None


def retry_after(answer: Answer) -> float | None:
    """Seconds the platform asks us to wait, by its own clock where it shows one."""
    text = answer.headers.get("retry-after") or answer.headers.get("x-retry-after") or ""
    return parse_retry_after(text, answer.server_date or answer.started)


def http_verdict(answer: Answer) -> CrossdockError | None:
    """Judge an answer by its status alone; platforms call it first and then look inside."""
    status = answer.status
    if status < 300:
        return None
    said = f"{answer.place}: status {status}: {answer.excerpt()}"
    if status < 400:
        return ProtocolError(said, hint="the site redirects; check the URL of this connection")
    if status == _THROTTLED:
        return ThrottledError(said, retry_after=retry_after(answer))
    if status >= 500 or status in (_REQUEST_TIMEOUT, _TOO_EARLY):
        return RetriableError(said, retry_after=retry_after(answer), hint="the platform has trouble; it is tried again")
    return _refusal(status, said, html=answer.is_html)


def _refusal(status: int, said: str, *, html: bool) -> CrossdockError:
    if status == 401:
        return AuthenticationError(said, hint="check the key, secret or token of this connection")
    if status == 403:
        hint = "a firewall may block us" if html else "give the key of this connection the rights it needs"
        return AuthenticationError(said, hint=hint)
    if status == 404:
        return ProtocolError(said, hint="check the URL and the API version of this connection")
    return FatalError(said, hint="the platform refused the request as it is")
