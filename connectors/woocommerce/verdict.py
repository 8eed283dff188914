"""What an answer of WordPress means, and what to do about it."""

from __future__ import annotations

import msgspec

from canonical.errors import AuthenticationError, CrossdockError, FatalError, ProtocolError
from connectors.http import Answer, http_verdict

_OAUTH_CLOCK = "Invalid timestamp"
_REFUSED_WITH_500 = frozenset(
    {
        "woocommerce_rest_invalid_order",
        "woocommerce_rest_invalid_order_refund",
        "woocommerce_rest_cannot_create_order_refund",
    }
)
"""Codes of refunds that were not made: what was begun is taken back first. Their status says 500 nevertheless."""


class NoRouteError(ProtocolError):
    """The shop has no such route: its version is too old, or a plugin switched it off."""


class NotThereError(FatalError):
    """The record in the address does not exist."""


class TooLargeError(FatalError):
    """The shop takes no call this large; nothing was applied."""


class RefusedError(FatalError):
    """The shop refused the request as it is, before it did anything; ``code`` is its word for why."""

    def __init__(self, message: str = "", *, hint: str = "", code: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code


class Refusal(msgspec.Struct, frozen=True):
    """The error body of WordPress."""

    code: str | int = ""
    message: str = ""


def refusal_of(answer: Answer) -> Refusal:
    """Code and message of an error answer, empty when it is not one of WordPress."""
    try:
        return msgspec.json.decode(answer.content, type=Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Refusal()


def verdict(answer: Answer) -> CrossdockError | None:
    """Judge an answer: by its code where WordPress gives one, else by its status; None when it is good."""
    if answer.status < 400:
        return None
    said = refusal_of(answer)
    text = f"{answer.place}: {said.code}: {answer.redact(said.message)}" if said.code else ""
    if answer.status in (401, 403) and said.code:
        return AuthenticationError(text, hint=_key_advice(str(said.code), said.message))
    if answer.status == 404:
        return _not_found(answer, str(said.code), text)
    if answer.status == 413:
        return TooLargeError(text or f"{answer.place}: status 413: {answer.excerpt()}")
    if answer.status == 400 or said.code in _REFUSED_WITH_500:
        return RefusedError(text or f"{answer.place}: status 400: {answer.excerpt()}", code=str(said.code))
    return http_verdict(answer)


def _key_advice(code: str, message: str) -> str:
    if _OAUTH_CLOCK in message:
        return "the clocks of this machine and of the shop differ too much; set them"
    if "permission" in message:
        return "give the key read/write permission in WooCommerce, Settings, Advanced, REST API"
    if "cannot_" in code or "missing" in code.lower() or "Consumer key is missing" in message:
        return (
            "the shop did not see our keys: over plain http only auth: oauth1 works; if its server strips the "
            "Authorization header set query_string_auth: true; else the key's user lacks the right"
        )
    return "check consumer_key and consumer_secret; a key dies with the user it was made for"


def _not_found(answer: Answer, code: str, text: str) -> CrossdockError:
    if code == "rest_no_route":
        return NoRouteError(text, hint="WooCommerce must be active and its version recent enough")
    if code:
        return NotThereError(text)
    return ProtocolError(
        f"{answer.place}: status 404 and no WordPress API: {answer.excerpt()}",
        hint="check url, and that permalinks are set to anything but plain in WordPress, Settings, Permalinks",
    )
