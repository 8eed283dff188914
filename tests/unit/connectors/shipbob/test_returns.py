"""Goods that come back to ShipBob: read with what changed, told by message, and shown with their order."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from canonical.errors import SkippableError
from canonical.fulfillment import ShippedLine, TargetReturn
from canonical.status import ReturnStatus
from connectors.shipbob.records import return_record
from tests.unit.connectors.shipbob.stage import MAPPINGS, Stage, made


def sent_back(stage: Stage, reference: str = "shop-1-1") -> int:
    order = made(stage.create(reference=reference))
    stage.settle()
    stage.account.admin.ship_all(order)
    return stage.account.admin.send_back(stage.account.admin.shipments(order)[0], {"TEA": 1})


def read(shown: dict[str, Any]) -> TargetReturn:
    found = MAPPINGS["target_return"].decode(return_record(msgspec.json.encode(shown)))
    assert isinstance(found, TargetReturn)
    return found


@pytest.mark.parametrize("spaced", [True, False])
def test_a_return_names_its_shipment_and_its_units(stage: Stage, spaced: bool) -> None:
    stage.account.switches.return_status_spaced = spaced
    number = sent_back(stage)
    (page,) = stage.connector.lookup("returns", (), [str(number)])
    found = MAPPINGS["target_return"].decode(page.records[0])
    assert isinstance(found, TargetReturn)
    shipment = stage.account.account.returns[number].shipment_id
    assert (found.id, found.shipment_id, found.status) == (str(number), str(shipment), ReturnStatus.OPEN)
    assert found.lines == (ShippedLine(quantity=1, sku="TEA"),)


def test_a_delta_shows_what_was_made_and_what_was_completed_since(stage: Stage) -> None:
    old, done = sent_back(stage, "a-1-1"), sent_back(stage, "a-2-1")
    stage.settle()
    cursor = stage.cursor("returns")
    stage.settle()
    assert stage.changed("returns", cursor) == []
    while stage.account.admin.process_return(done) != "Completed":
        pass
    stage.account.admin.process_return(old)
    new = sent_back(stage, "a-3-1")
    assert [one["id"] for one in stage.changed("returns", cursor)] == [new, done]


def test_the_next_delta_starts_where_the_first_of_its_reads_began(stage: Stage) -> None:
    """What is made between the two reads of a delta is in neither, and must be in the next one."""
    cursor = stage.cursor("returns")
    stage.settle()
    pages = []
    for page in stage.connector.changed_since("returns", (), cursor):
        pages.append(page)
        stage.clock.advance(7200)
    assert [page.cursor is not None for page in pages] == [False, True]
    late = sent_back(stage)
    stage.account.account.returns[late].created = pages[0].as_of
    assert [one["id"] for one in stage.changed("returns", str(pages[-1].cursor))] == [late]


def test_a_full_read_has_all_pages_the_oldest_first(stage: Stage) -> None:
    order = made(stage.create())
    shipment = stage.account.admin.shipments(order)[0]
    numbers = [stage.account.admin.send_back(shipment, {"TEA": 1}) for _ in range(23)]
    assert [one["id"] for one in stage.pull("returns")] == numbers
    assert stage.calls("return") == 3


@pytest.mark.parametrize(
    ("status", "expected"), [("Completed", ReturnStatus.CLOSED), ("Cancelled", ReturnStatus.CANCELED)]
)
def test_a_return_ends(status: str, expected: ReturnStatus) -> None:
    shown = {"id": 7, "status": status, "insert_date": "2026-11-02T08:00:00Z"}
    assert read(shown).status is expected


def test_a_status_that_nobody_knows_is_told_and_not_guessed() -> None:
    with pytest.raises(SkippableError):
        read({"id": 7, "status": "Lost", "insert_date": "2026-11-02T08:00:00Z"})
