"""What Stripe tells by itself: signed over a time and the body; of an event only the name of its object is believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from connectors.manifest import topics_of
from connectors.signatures import from_hex, keys, lowered, off_time, seconds, signed
from connectors.webhooks import Accepted, Contents, RecordRef, Refused, Verdict

TOLERANCE_SECONDS = 300.0
_KINDS = {"charges": "charge", "refunds": "refund", "disputes": "dispute", "payouts": "payout"}


class _Object(msgspec.Struct):
    id: str = ""
    object: str = ""
    charge: str | dict[str, msgspec.Raw] | None = None


class _Data(msgspec.Struct):
    object: _Object = msgspec.field(default_factory=_Object)


class _Event(msgspec.Struct):
    id: str = ""
    type: str = ""
    data: _Data = msgspec.field(default_factory=_Data)


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> Verdict:
    """Judge a message by the secret of its endpoint, the whole text of which is the key."""
    known = keys(secrets)
    if not known:
        return Refused("no_secret")
    given = lowered(headers).get("stripe-signature", "")
    if not given:
        return Refused("unsigned")
    parts = [part.strip().partition("=") for part in given.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    stamp = seconds(times[0]) if len(times) == 1 else None
    if stamp is None:
        return Refused("malformed")
    content = times[0].encode() + b"." + body
    if not signed(content, known, [from_hex(value) for name, _, value in parts if name == "v1"]):
        return Refused("bad_signature")
    late = off_time(stamp, now, TOLERANCE_SECONDS)
    if late:
        return Refused(late)
    event = _event(body)
    return Accepted(event.type, event.id, _contents(event.type, event))


def read(topic: str, body: bytes) -> Contents:
    """The object an event names, and the charge it is about; thin events name none."""
    return _contents(topic, _event(body))


def _event(body: bytes) -> _Event:
    try:
        return msgspec.json.decode(body, type=_Event)
    except msgspec.DecodeError:
        return _Event()


def _contents(topic: str, event: _Event) -> Contents:
    resources = topics_of("connectors.stripe").get(topic, ())
    found = event.data.object
    named = ((resource, one) for resource in resources for one in _ids(resource, found))
    return Contents(tuple(RecordRef(resource, one) for resource, one in named))


def _ids(resource: str, found: _Object) -> Iterator[str]:
    kind = _KINDS[resource]
    if found.object == kind and found.id:
        yield found.id
    elif kind == "charge" and isinstance(found.charge, str) and found.charge:
        yield found.charge
