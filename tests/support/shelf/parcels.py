"""The shelf's effects: parcels sent once, found by their reference or repeated with their key."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec

from canonical.errors import RetriableError, SkippableError
from connectors.base import Call, CallOutcome, Effect, RowOutcome, RowStatus
from connectors.http import Outgoing, Transport
from connectors.manifest import EffectSpec, WriteClass

_CHANCE = count()
EFFECTS = {"parcels.send": WriteClass.SEARCHABLE, "parcels.order": WriteClass.KEYED}


def specs() -> dict[str, EffectSpec]:
    return {name: EffectSpec("made up", "shipment_notice", kind, "parcels") for name, kind in EFFECTS.items()}


class Parcels:
    """Right unless told to make one mistake."""

    def __init__(self, transport: Transport, mistake: str) -> None:
        self._transport = transport
        self._mistake = mistake

    def compose(self, effect: Effect, new_key: Callable[[], str]) -> Call:
        if self._mistake == "sends while composing":
            self._find(effect.reference)
        if not effect.document.get("thing"):
            raise SkippableError("invalid_value", f"parcel {effect.reference}: no thing")
        key = new_key() if effect.operation == "parcels.order" else ""
        body: dict[str, Any] = {**effect.document, "reference": effect.reference, "key": key}
        if self._mistake == "composes by chance":
            body["made"] = next(_CHANCE)
        rows = (1,) if self._mistake == "answers another row" else (0,)
        return Call(effect.operation, msgspec.json.encode(body), rows, "parcels", effect.reference, key)

    def push(self, call: Call) -> CallOutcome:
        if self._mistake == "answers another row":
            return {1: self._send(call)}
        if (done := self._done(call)) is not None and self._mistake != "sends twice":
            return {0: done}
        if self._mistake == "hides lost effects":
            try:
                return {0: self._send(call)}
            except RetriableError:
                return {0: RowOutcome(RowStatus.APPLIED)}
        if self._mistake == "sends two parcels":
            self._send(call)
        if self._mistake == "takes units off itself":
            rows = b'{"rows":[{"id":"t1","to":1}]}'
            self._transport.send(Outgoing("POST", "amounts", rows, operation="amounts"))
        return {0: self._send(call)}

    def resolve(self, call: Call) -> CallOutcome | None:
        if self._mistake == "sends lost ones anew":
            return {0: self._send(call)}
        if self._mistake == "never finds out":
            return None
        try:
            done = self._done(call)
        except RetriableError:
            if self._mistake != "guesses untouched":
                raise
            done = None
        if done is not None:
            return {0: done}
        keyed = call.operation == "parcels.order" and self._mistake != "never repeats"
        return {0: self._send(call) if keyed else RowOutcome(RowStatus.UNTOUCHED)}

    def _done(self, call: Call) -> RowOutcome | None:
        for record in self._find(call.target):
            if record["reference"] == call.target or self._mistake == "takes any hit":
                return RowOutcome(RowStatus.APPLIED, record=msgspec.json.encode(record))
        return None

    def _find(self, reference: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._transport.send(
            Outgoing("GET", f"parcels?about={reference}", operation="find")
        ).json()
        return found

    def _send(self, call: Call) -> RowOutcome:
        body = msgspec.json.decode(call.body)
        if self._mistake == "sends of the wrong thing":
            body["thing"] = "t0"
        said = self._transport.send(Outgoing("POST", "parcels", msgspec.json.encode(body), operation="parcels")).json()
        if "refused" in said and self._mistake != "swallows refused parcels":
            if self._mistake == "refuses without a word":
                return RowOutcome(RowStatus.REJECTED, reason="bad_parcel")
            return RowOutcome(RowStatus.REJECTED, said["refused"], reason="bad_parcel")
        record = None if self._mistake == "keeps the record" else msgspec.json.encode(said)
        return RowOutcome(RowStatus.APPLIED, record=record)
