"""What WooCommerce tells by itself: signed over the body alone; it is told once, whatever the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from connectors.manifest import topics_of
from connectors.payloads import decoded
from connectors.signatures import from_base64, keys, lowered, signed
from connectors.webhooks import Accepted, Contents, Greeting, RecordRef, Refused, Verdict

_PREFIX = "x-wc-webhook-"
_PING = re.compile(rb"webhook_id=\d{1,20}")
_FORM = "application/x-www-form-urlencoded"
# WordPress undoes these in a secret before it signs.
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#039;", "'"), ("&amp;", "&"))


class _Payload(msgspec.Struct):
    id: int | str | None = None


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> Verdict:
    """Judge a message by the webhook's secret; its signature covers no time, so it stays good for ever.

    Whoever makes or moves a webhook in the shop sends an unsigned form first, which must be answered with 200.
    """
    found = lowered(headers)
    if _is_greeting(body, found):
        return Greeting()
    known = keys(one for secret in secrets for one in dict.fromkeys((secret, _plain(secret))))
    if not known:
        return Refused("no_secret")
    given = found.get(f"{_PREFIX}signature", "")
    if not given:
        return Refused("unsigned")
    if not signed(body, known, [from_base64(given)]):
        return Refused("bad_signature")
    topic = found.get(f"{_PREFIX}topic", "").lower()
    # The id of a delivery is shared by all that one webhook sends within a second.
    numbers = (found.get(f"{_PREFIX}id", ""), found.get(f"{_PREFIX}delivery-id", ""))
    return Accepted(topic, ":".join(one for one in numbers if one), read(topic, body))


def read(topic: str, body: bytes) -> Contents:
    """The record a message names; none where the webhook's user lost a right, which makes the body an error."""
    resources = topics_of("connectors.woocommerce").get(topic, ())
    payload = (decoded(body, _Payload) if resources else None) or _Payload()
    number = str(payload.id or "")
    if not (number.isascii() and number.isdigit()):
        return Contents()
    return Contents(tuple(RecordRef(resource, number) for resource in resources))


def _is_greeting(body: bytes, headers: Mapping[str, str]) -> bool:
    # The body first: it is cheap to see of nearly all that it is no greeting.
    if not _PING.fullmatch(body) or any(name.startswith(_PREFIX) for name in headers):
        return False
    return headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM


def _plain(secret: str) -> str:
    for entity, character in _ENTITIES if "&" in secret else ():
        secret = secret.replace(entity, character)
    return secret
