"""The shelf as a conformance subject."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from connectors.base import Effect, RawRecord, WriteRow
from connectors.conformance import EffectCase, Subject, WriteCase
from connectors.simulation import Simulator
from tests.support.shelf.connector import CLASSES, Shelf
from tests.support.shelf.parcels import EFFECTS
from tests.support.shelf.platform import PAGE, ShelfSimulator
from tests.support.shelf.webhooks import case


def subject(mistake: str = "") -> Subject:
    """The shelf, with a connector that makes this mistake."""
    return Subject(
        name="shelf",
        page_size=PAGE,
        resources={"things": ("id", "amount"), "parcels": ("id", "thing")},
        simulator=ShelfSimulator,
        connect=lambda simulator, environment: Shelf(environment, mistake),
        external_ids=lambda simulator, resource: list(getattr(_shelf(simulator).state, resource)),
        id_of=_id_of,
        absent_id=lambda resource: f"{resource[0]}99999",
        snapshot=lambda simulator: _shelf(simulator).snapshot(),
        bookkeeping=frozenset({"changed", "documents"}),
        writes=tuple(_case(operation) for operation in CLASSES),
        effects=tuple(_parcel(operation) for operation in EFFECTS),
        webhooks=case(mistake),
        documents={"parcels": lambda simulator, count: _shelf(simulator).hand_over(count)},
        expire_token=_expire,
        touch=lambda simulator, resource, index: _shelf(simulator).touch(resource, index),
    )


def _case(operation: str) -> WriteCase:
    def row(simulator: Simulator, number: int, index: int, value: int) -> WriteRow:
        path, held = f"{operation}:amount", _held(simulator, index)
        return WriteRow(number, "things", f"t{index}", {path: value}, {path: held})

    bad: Callable[[Simulator, int], WriteRow] | None = None
    if operation != "documents":
        bad = lambda simulator, number: WriteRow(  # noqa: E731
            number, "things", "t99999", {f"{operation}:amount": 1}, {f"{operation}:amount": 0}
        )
    return WriteCase(operation, row, _held, lambda simulator, index: [("things", f"t{index}", "amount")], bad)


def _parcel(operation: str) -> EffectCase:
    def effect(simulator: Simulator, index: int, reference: str) -> Effect:
        return Effect(operation, reference, {"thing": f"t{index}", "units": 2})

    def done(simulator: Simulator, index: int, reference: str) -> int:
        held = _shelf(simulator).state.parcels.values()
        return sum(one.reference == reference and one.thing == f"t{index}" for one in held)

    def bad(simulator: Simulator, reference: str) -> Effect:
        thing = "" if operation == "parcels.send" else "t99999"
        return Effect(operation, reference, {"thing": thing, "units": 2})

    return EffectCase(operation, effect, done, bad, lambda simulator, index, reference: [("parcels",)])


def _held(simulator: Simulator, index: int) -> int:
    return _shelf(simulator).state.things[f"t{index}"].amount


def _expire(simulator: Simulator) -> None:
    _shelf(simulator).generation += 1


def _id_of(resource: str, record: RawRecord) -> str:
    return str(msgspec.json.decode(record)["id"])


def _shelf(simulator: Simulator) -> ShelfSimulator:
    assert isinstance(simulator, ShelfSimulator)
    return simulator
