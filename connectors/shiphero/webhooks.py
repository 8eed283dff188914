"""What ShipHero tells by itself: signed over the body alone, which also says what it is about."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from connectors.manifest import topics_of
from connectors.signatures import from_base64, keys, lowered, signed
from connectors.webhooks import Accepted, Contents, RecordRef, Refused, Verdict


class _Order(msgspec.Struct):
    order_id: int | str | None = None
    order_uuid: str | None = None


class _Payload(_Order):
    webhook_type: str = ""
    fulfillment: _Order | None = None


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> Verdict:
    """Judge a message by the secret that ShipHero told once, when the webhook was made; it covers no time."""
    found = lowered(headers)
    known = keys(secrets)
    if not known:
        return Refused("no_secret")
    given = found.get("x-shiphero-hmac-sha256", "")
    if not given:
        return Refused("unsigned")
    if not signed(body, known, [from_base64(given)]):
        return Refused("bad_signature")
    payload = _payload(body)
    topic = payload.webhook_type
    return Accepted(topic, found.get("x-shiphero-message-id", ""), _contents(topic, payload))


def read(topic: str, body: bytes) -> Contents:
    """The order a message names; those about stock name SKUs, by which records are not looked up."""
    return _contents(topic, _payload(body))


def _payload(body: bytes) -> _Payload:
    try:
        return msgspec.json.decode(body, type=_Payload)
    except msgspec.DecodeError:
        return _Payload()


def _contents(topic: str, payload: _Payload) -> Contents:
    resources = topics_of("connectors.shiphero").get(topic, ())
    named = dict.fromkeys(_ids(payload))
    return Contents(tuple(RecordRef(resource, one) for resource in resources for one in named))


def _ids(payload: _Payload) -> Iterator[str]:
    """Global ids: as told, or made of the older number, which messages carry."""
    for one in (payload, payload.fulfillment or _Order()):
        number = str(one.order_id or "")
        if one.order_uuid:
            yield one.order_uuid
        elif number.isascii() and number.isdigit():
            yield base64.b64encode(f"Order:{number}".encode()).decode()
        elif number:
            yield number
