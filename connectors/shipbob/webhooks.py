"""What ShipBob tells by itself, signed as the Standard Webhooks say: over an id, a time and the body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from connectors.manifest import topics_of
from connectors.payloads import decoded
from connectors.signatures import from_base64, lowered, off_time, seconds, signed
from connectors.webhooks import Accepted, Contents, RecordRef, Refused, Verdict

TOLERANCE_SECONDS = 300.0
_PREFIX, _RETURNS = "whsec_", "return."


class _Payload(msgspec.Struct):
    id: int | str | None = None
    order_id: int | str | None = None
    shipments: list[msgspec.Raw] | None = None


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> Verdict:
    """Judge a message by the subscription's secret, whose part behind ``whsec_`` is the key in base64."""
    found = lowered(headers)
    known = [key for secret in secrets if (key := from_base64(secret.removeprefix(_PREFIX)))]
    if not known:
        return Refused("no_secret")
    number, at, given = (found.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not given:
        return Refused("unsigned")
    stamp = seconds(at)
    if stamp is None or not number:
        return Refused("malformed")
    parts = [part.partition(",") for part in given.split(" ")]
    signatures = [from_base64(value) for version, _, value in parts if version == "v1"]
    if not signed(f"{number}.{at}.".encode() + body, known, signatures):
        return Refused("bad_signature")
    late = off_time(stamp, now, TOLERANCE_SECONDS)
    if late:
        return Refused(late)
    topic = found.get("x-webhook-topic", "")
    return Accepted(topic, number, read(topic, body))


def read(topic: str, body: bytes) -> Contents:
    """The order that a message about a shipment, or about the order itself, names; the return of one about a return."""
    resources = topics_of("connectors.shipbob").get(topic, ())
    payload = (decoded(body, _Payload) if resources else None) or _Payload()
    itself = topic.startswith(_RETURNS) or (payload.order_id is None and payload.shipments is not None)
    number = str((payload.id if itself else payload.order_id) or "")
    if not (number.isascii() and number.isdigit()):
        return Contents()
    return Contents(tuple(RecordRef(resource, number) for resource in resources))
