"""What the shelf tells by itself, signed over a time and the body; the reader is right unless told not to be."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

import msgspec

from connectors.conformance import Posted, WebhookCase
from connectors.manifest import WebhookSpec
from connectors.simulation import Simulator
from connectors.webhooks import Accepted, Contents, RecordRef, Refused, Verdict

TOPIC = "thing.moved"
SPEC = WebhookSpec("made up", "Shelf-Signature", {TOPIC: ("things",)}, "made up", tolerance_seconds=60)


def signature(secret: str, at: str, body: bytes) -> str:
    return f"{at} {hmac.new(secret.encode(), at.encode() + body, hashlib.sha256).hexdigest()}"


@dataclass
class ShelfReader:
    """The connector's side; ``mistake`` names the one thing it does wrong."""

    mistake: str
    _numbers: count[int] = field(default_factory=count)

    def verify(self, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> Verdict:
        name = "Shelf-Signature" if self.mistake == "knows one spelling" else "shelf-signature"
        found = headers if self.mistake == "knows one spelling" else {key.lower(): one for key, one in headers.items()}
        given = found.get(name, "")
        known = [one for one in secrets if one]
        if self.mistake == "keeps one secret":
            known = known[:1]
        if not known and self.mistake != "needs no secret":
            return Refused("no_secret")
        at, _, _ = given.partition(" ")
        right = [signature(secret, at, body) for secret in known]
        if self.mistake == "looks at the head":
            right = [one[:40] for one in right]
            given = given[:40]
        if not given and self.mistake != "believes the unsigned":
            return Refused("unsigned")
        if given and known and given not in right and self.mistake != "believes everybody":
            return Refused("bad_signature")
        if given and self.mistake != "forgets the time" and abs(now.timestamp() - float(at)) > 60:
            return Refused("too_old")
        return self._accepted(body)

    def _accepted(self, body: bytes) -> Verdict:
        told = msgspec.json.decode(body) if body else {}
        topic = str(told.get("topic", ""))
        if self.mistake == "refuses strangers" and topic != TOPIC:
            return Refused("malformed")
        number = str(next(self._numbers)) if self.mistake == "counts messages" else str(told.get("number", ""))
        return Accepted(topic, number, self.read(topic, body))

    def read(self, topic: str, body: bytes) -> Contents:
        try:
            told = msgspec.json.decode(body)
        except msgspec.DecodeError:
            return Contents()
        thing = told.get("thing") if isinstance(told, dict) else None
        if topic != TOPIC or not thing:
            return Contents()
        return Contents((RecordRef("things", "t0" if self.mistake == "names another" else str(thing)),))


def case(mistake: str) -> WebhookCase:
    return WebhookCase(ShelfReader(mistake), "secret", "another", _post, _stranger)


def _post(simulator: Simulator, index: int, secret: str) -> Posted:
    told = {"topic": TOPIC, "thing": f"t{index}", "number": f"m{index}"}
    return _posted(simulator, told, secret, frozenset({("things", f"t{index}")}))


def _stranger(simulator: Simulator, secret: str) -> Posted:
    return _posted(simulator, {"topic": "lamp.lit", "thing": "t1"}, secret, frozenset())


def _posted(simulator: Simulator, told: dict[str, str], secret: str, about: frozenset[tuple[str, str]]) -> Posted:
    body = msgspec.json.encode(told)
    return Posted(
        {"Shelf-Signature": signature(secret, str(int(simulator.clock.now().timestamp())), body)}, body, about
    )
