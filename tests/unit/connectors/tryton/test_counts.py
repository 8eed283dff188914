from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from canonical.errors import AmbiguousError
from connectors.base import JSON, Call, RowStatus, WriteRow
from connectors.simulation import Fault
from connectors.simulation.messages import SimRequest
from tests.servers.tryton.world import World


def _row(world: World, number: int, sku: str, units: JSON, expected: JSON = None, place: str = "WH1") -> WriteRow:
    before = {} if expected is None else {"quantity": expected}
    where = world.warehouse_ids.get(place, place)
    return WriteRow(number, "stock", world.product_ids[sku], {"quantity": units}, before, scope_id=where)


def _pack(world: World, *rows: WriteRow) -> list[Call]:
    keys = iter(f"key-{number}" for number in range(100))
    return world.connect().pack(rows, lambda: next(keys))


def _statuses(outcome: Any) -> dict[int, RowStatus]:
    return {number: one.status for number, one in outcome.items()}


def _calls(method: str) -> Any:
    def matches(request: SimRequest) -> bool:
        return bool(json.loads(request.body)["method"].endswith(method))

    return matches


def test_each_warehouse_has_a_document_of_its_own(world: World) -> None:
    calls = _pack(world, _row(world, 1, "BOOK", 1), _row(world, 2, "BOOK", 2, place="WH2"), _row(world, 3, "MUG-01", 3))
    assert [(call.target, call.rows) for call in calls] == [
        (world.warehouse_ids["WH1"], (1, 3)),
        (world.warehouse_ids["WH2"], (2,)),
    ]
    assert len({call.key for call in calls}) == 2


def test_a_product_stands_in_a_document_once(world: World) -> None:
    assert [call.rows for call in _pack(world, _row(world, 1, "BOOK", 1), _row(world, 2, "BOOK", 2))] == [(1,), (2,)]


def test_the_key_of_the_call_is_what_the_document_carries(world: World) -> None:
    (call,) = _pack(world, _row(world, 1, "BOOK", 9))
    world.connect().push(call)
    assert list(world.simulator.snapshot()["notes"].values()) == [call.key]


@pytest.mark.parametrize("units", [-1, "-0.5", "many", None, True])
def test_what_is_no_count_is_rejected_without_a_document(world: World, units: JSON) -> None:
    (call,) = _pack(world, _row(world, 1, "BOOK", units), _row(world, 2, "MUG-01", 5))
    assert _statuses(world.connect().push(call)) == {1: RowStatus.REJECTED, 2: RowStatus.APPLIED}


def test_a_warehouse_that_does_not_exist_is_rejected(world: World) -> None:
    (call,) = _pack(world, _row(world, 1, "BOOK", 5, place="4711"))
    outcome = world.connect().push(call)
    assert outcome[1].status is RowStatus.REJECTED
    assert "4711" in outcome[1].message


def test_services_cannot_be_counted(world: World) -> None:
    (call,) = _pack(world, _row(world, 1, "WRAP", 5), _row(world, 2, "BOOK", 5))
    assert _statuses(world.connect().push(call)) == {1: RowStatus.REJECTED, 2: RowStatus.UNTOUCHED}


def test_a_negative_figure_can_be_counted_away(world: World) -> None:
    world.merchant.set_stock("BOOK", "WH1", -4)
    (call,) = _pack(world, _row(world, 1, "BOOK", 2, "-4"))
    assert _statuses(world.connect().push(call)) == {1: RowStatus.APPLIED}
    assert world.simulator.quantity("BOOK", "WH1") == 2


def test_a_negative_figure_is_read_as_it_is(world: World) -> None:
    world.merchant.set_stock("BOOK", "WH1", -4)
    page = next(world.connect().lookup("stock", ["levels[].quantity"], [world.product_ids["BOOK"]]))
    assert json.loads(bytes(page.records[0]))["levels"][0]["quantity"] == "-4"


def test_a_confirmation_that_takes_effect_late_is_booked_once(world: World) -> None:
    connector = world.connect()
    (call,) = _pack(world, _row(world, 1, "BOOK", 11, "3"))
    world.simulator.faults.add(Fault("late_effect", when=_calls("inventory.confirm"), delay=10))
    with pytest.raises(AmbiguousError):
        connector.push(call)
    world.clock.sleep(connector.manifest.writes["stock.inventory"].settle_seconds)
    assert _statuses(connector.resolve(call)) == {1: RowStatus.APPLIED}
    assert [one for one in world.simulator.log.effects() if one.startswith("stock ")] == [
        f"stock BOOK@{world.simulator.admin.warehouse('WH1').zones['storage']} +8"
    ]


def test_a_creation_that_never_arrived_leaves_nothing(world: World) -> None:
    connector = world.connect()
    (call,) = _pack(world, _row(world, 1, "BOOK", 11, "3"))
    world.wire.cut("stock.inventory.create", reached=False)
    with pytest.raises(AmbiguousError):
        connector.push(call)
    assert _statuses(connector.resolve(call)) == {1: RowStatus.UNTOUCHED}
    assert world.simulator.snapshot()["documents"] == {}


def test_a_draft_without_its_reference_is_deleted_when_the_goods_have_moved(world: World) -> None:
    connector = world.connect()
    (call,) = _pack(world, _row(world, 1, "BOOK", 11, "3"))
    world.wire.cut("stock.inventory.create", reached=True)
    with pytest.raises(AmbiguousError):
        connector.push(call)
    world.merchant.set_stock("BOOK", "WH1", 7)
    assert _statuses(connector.resolve(call)) == {1: RowStatus.UNTOUCHED}
    assert world.simulator.snapshot()["documents"] == {}
    assert world.simulator.quantity("BOOK", "WH1") == 7


def test_an_adopted_draft_is_found_again_after_a_second_crash(world: World) -> None:
    connector = world.connect()
    (call,) = _pack(world, _row(world, 1, "BOOK", 11, "3"))
    world.wire.cut("stock.inventory.create", reached=True)
    with pytest.raises(AmbiguousError):
        connector.push(call)
    world.wire.cut("stock.inventory.confirm", reached=True)
    with pytest.raises(AmbiguousError):
        connector.resolve(call)
    assert _statuses(connector.resolve(call)) == {1: RowStatus.APPLIED}
    assert world.simulator.quantity("BOOK", "WH1") == 11


def test_a_draft_of_somebody_else_is_left_alone(world: World) -> None:
    connector = world.connect()
    (call,) = _pack(world, _row(world, 1, "BOOK", 11, "3"))
    (other,) = _pack(world, _row(world, 1, "BOOK", 12, "3"))
    world.wire.cut("stock.inventory.create", reached=True)
    with pytest.raises(AmbiguousError):
        connector.push(other)
    assert _statuses(connector.resolve(call)) == {1: RowStatus.UNTOUCHED}
    assert [one["state"] for one in world.simulator.snapshot()["documents"].values()] == ["draft"]


def test_a_call_without_an_effect_of_its_own_is_not_taken_for_done_when_the_figure_happens_to_fit(world: World) -> None:
    connector = world.connect()
    (call,) = _pack(world, _row(world, 1, "BOOK", 11, "3"))
    world.merchant.set_stock("BOOK", "WH1", 11)
    assert _statuses(connector.resolve(call)) == {1: RowStatus.UNTOUCHED}


def test_a_warning_of_the_server_rejects_the_row_and_leaves_no_draft(world: World) -> None:
    class Asking(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if b"inventory.confirm" not in request.read():
                return world.inner.handle_request(request)
            error = ["UserWarning", ["over_tolerance.1", "Are you sure about BOOK?", ""]]
            return httpx.Response(200, json={"id": 1, "error": error}, request=request)

    world.wire._inner = Asking()
    (call,) = _pack(world, _row(world, 1, "BOOK", 999))
    outcome = world.connect().push(call)
    assert outcome[1].status is RowStatus.REJECTED
    assert "Are you sure" in outcome[1].message
    assert world.simulator.snapshot()["documents"] == {}


def test_a_document_of_many_rows_costs_three_writes(world: World) -> None:
    skus = [sku for sku in world.product_ids if sku.startswith("MUG")]
    (call,) = _pack(world, *(_row(world, number, sku, 50) for number, sku in enumerate(skus)))
    connector = world.connect(page_size=100)
    assert set(_statuses(connector.push(call)).values()) == {RowStatus.APPLIED}
    assert world.simulator.log.writes() == 3
