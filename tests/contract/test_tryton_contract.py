"""What the Tryton connector promises, kept against the simulator and against a real server alike."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from canonical.errors import AmbiguousError, AuthenticationError, FatalError
from connectors.base import JSON, Call, Page, RowStatus, WriteRow
from connectors.tryton.connector import TrytonConnector
from tests.servers.tryton.catalog import ARCHIVED, FRACTION, GOODS, GTIN, ITEMS, SERVICE
from tests.servers.tryton.world import World

pytest_plugins = ["tests.servers.tryton.plugin"]
pytestmark = [pytest.mark.xdist_group("tryton"), pytest.mark.timeout(400)]

PRODUCTS = ("code", "active", "template.name", "template.list_price", "identifiers[type=ean].code", "version")
STOCK = ("code", "levels[].location", "levels[].quantity", "levels[].forecast_quantity")


def records(pages: Iterable[Page]) -> dict[str, dict[str, Any]]:
    """All records of some pages, by SKU."""
    found = [json.loads(bytes(record)) for page in pages for record in page.records]
    return {record["code"]: record for record in found}


def level(world: World, record: dict[str, Any], warehouse: str) -> tuple[str, str]:
    """Quantity and forecast at a warehouse."""
    found = next(one for one in record["levels"] if one["location"] == world.warehouse_ids[warehouse])
    return found["quantity"], found["forecast_quantity"]


def figures(world: World, connector: TrytonConnector, sku: str, warehouse: str = "WH1") -> tuple[str, str]:
    """Quantity and forecast of one product, read anew."""
    pages = connector.lookup("stock", STOCK, [world.product_ids[sku]])
    return level(world, records(pages)[sku], warehouse)


def price_row(number: int, record: dict[str, Any], price: JSON, **values: JSON) -> WriteRow:
    written = {"list_price": price, **values}
    return WriteRow(
        number,
        "products",
        str(record["id"]),
        {path: value for path, value in written.items() if value is not None},
        parent_id=str(record["template"]["id"]),
        version=record["version"],
    )


def count_row(world: World, number: int, sku: str, units: JSON, expected: JSON, warehouse: str = "WH1") -> WriteRow:
    place = world.warehouse_ids[warehouse]
    before = {} if expected is None else {"quantity": expected}
    return WriteRow(number, "stock", world.product_ids[sku], {"quantity": units}, before, scope_id=place)


def only(calls: list[Call]) -> Call:
    assert len(calls) == 1
    return calls[0]


def count_call(world: World, connector: TrytonConnector, key: str, *rows: WriteRow) -> Call:
    return only(connector.pack(rows, lambda: f"{world.name}-{key}"))


def statuses(outcome: Any) -> dict[int, RowStatus]:
    return {number: one.status for number, one in outcome.items()}


def test_a_good_connection_passes_every_check(world: World) -> None:
    findings = world.connect().check()
    assert [finding.message for finding in findings if not finding.ok] == []
    assert {"version", "login", "rights", "warehouses", "clock"} <= {finding.check for finding in findings}
    assert next(one for one in findings if one.check == "version").message == "Tryton 8.2"


def test_a_wrong_password_is_named_and_nothing_else_is_tried(world: World) -> None:
    connector = world.connect(password="another one")
    findings = {finding.check: finding for finding in connector.check()}
    assert not findings["login"].ok
    assert "password" in findings["login"].advice
    assert "rights" not in findings
    with pytest.raises(AuthenticationError, match="refuses the user"):
        list(connector.pull("products", PRODUCTS))


def test_an_unknown_database_is_named(world: World) -> None:
    with pytest.raises(FatalError, match="no such database"):
        world.connect(database="nowhere").locations()


def test_a_company_the_user_is_not_in_is_refused(world: World) -> None:
    with pytest.raises(FatalError, match="cannot work in company 77"):
        world.connect(company=77).locations()


def test_warehouses_are_the_locations(world: World) -> None:
    found = {place.external_id: place.name for place in world.connect().locations()}
    assert found == {world.warehouse_ids["WH1"]: "WH1 Main", world.warehouse_ids["WH2"]: "WH2 Second"}


def test_a_full_read_returns_every_variant_once_and_says_so(world: World) -> None:
    pages = list(world.connect().pull("products", PRODUCTS))
    ids = [json.loads(bytes(record))["id"] for page in pages for record in page.records]
    assert len(ids) == len(set(ids)) == len(ITEMS)
    assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
    assert [page.cursor for page in pages[:-1]] == [None] * (len(pages) - 1)
    assert pages[-1].cursor


def test_a_variant_carries_what_its_template_decides(world: World) -> None:
    found = records(world.connect().pull("products", PRODUCTS))
    book = found["BOOK"]
    assert Decimal(book["template"]["list_price"]) == Decimal("9.9999")
    assert book["identifiers"] == [{"id": book["identifiers"][0]["id"], "type": "ean", "code": GTIN}]
    assert book["version"] == f"product.template,{book['template']['id']}={book['template']['_timestamp']}"
    assert {found[f"SHIRT-{size}"]["template"]["id"] for size in "SML"} == {int(world.template_ids["SHIRT-S"])}


def test_a_variant_of_an_archived_template_is_read_and_not_active(world: World) -> None:
    found = records(world.connect().pull("products", PRODUCTS))
    assert found[ARCHIVED]["active"] is False
    assert found["BOOK"]["active"] is True


def test_stock_is_read_for_goods_only_at_every_warehouse(world: World) -> None:
    pages = list(world.connect().pull("stock", STOCK))
    found = records(pages)
    assert SERVICE not in found
    assert set(found) == {item.sku for item in GOODS}
    assert level(world, found["SHIRT-L"], "WH1") == ("5", "5")
    assert level(world, found["SHIRT-L"], "WH2") == ("1", "1")
    assert pages[-1].complete


def test_fractions_survive_as_text(world: World) -> None:
    world.merchant.set_stock(FRACTION, "WH1", Decimal("12.35"))
    assert figures(world, world.connect(), FRACTION) == ("12.35", "12.35")


def test_the_forecast_holds_every_promise_whatever_its_day(world: World) -> None:
    connector = world.connect()
    before = Decimal(figures(world, connector, "MUG-01")[0])
    promised = 0
    shipments = {}
    for offset, units in ((0, 2), (1, 3), (-1, 4), (40, 5)):
        shipments[offset] = world.merchant.book_sale("MUG-01", "WH1", units, world.day(offset))
        promised += units
        assert figures(world, connector, "MUG-01") == (str(before), str(before - promised)), f"day {offset}"
    world.merchant.ship(shipments[-1])
    assert figures(world, connector, "MUG-01") == (str(before - 4), str(before - promised))
    world.merchant.cancel_sale(shipments[40])
    assert figures(world, connector, "MUG-01") == (str(before - 4), str(before - promised + 5))


def test_goods_that_have_not_come_are_not_in_the_forecast(world: World) -> None:
    connector = world.connect()
    before = figures(world, connector, "MUG-02")
    world.merchant.expect("MUG-02", "WH1", 50, world.day(0))
    assert figures(world, connector, "MUG-02") == before


def test_goods_in_the_input_zone_are_in_the_warehouse(world: World) -> None:
    connector = world.connect()
    before = int(figures(world, connector, "MUG-03")[0])
    world.merchant.put_aside("MUG-03", "WH1", 7)
    assert figures(world, connector, "MUG-03") == (str(before + 7), str(before + 7))


def test_a_template_price_change_surfaces_all_its_products(world: World) -> None:
    connector = world.connect()
    cursor = list(connector.pull("products", PRODUCTS))[-1].cursor
    # The span before the cursor is read again: what others did just now is in it.
    earlier = records(connector.changed_since("products", PRODUCTS, str(cursor)))
    world.merchant.set_price("SHIRT-S", Decimal("21.75"))
    found = records(connector.changed_since("products", PRODUCTS, str(cursor)))
    prices = {sku: Decimal(found[sku]["template"]["list_price"]) for sku in ("SHIRT-S", "SHIRT-M", "SHIRT-L")}
    assert set(prices.values()) == {Decimal("21.75")}
    assert set(found) - set(earlier) <= set(prices)


def test_a_stock_move_surfaces_its_product(world: World) -> None:
    connector = world.connect()
    cursor = list(connector.pull("stock", STOCK))[-1].cursor
    world.merchant.set_stock("MUG-04", "WH2", 33)
    pages = list(connector.changed_since("stock", STOCK, str(cursor)))
    assert level(world, records(pages)["MUG-04"], "WH2") == ("33", "33")
    assert not any(page.complete for page in pages)
    assert pages[-1].cursor


def test_a_booked_and_a_cancelled_sale_surface_their_product(world: World) -> None:
    connector = world.connect()
    before = figures(world, connector, "MUG-05")
    cursor = list(connector.pull("stock", STOCK))[-1].cursor
    shipment = world.merchant.book_sale("MUG-05", "WH1", 6)
    booked = records(connector.changed_since("stock", STOCK, str(cursor)))
    assert level(world, booked["MUG-05"], "WH1") == (before[0], str(int(before[1]) - 6))
    world.merchant.cancel_sale(shipment)
    cancelled = records(connector.changed_since("stock", STOCK, str(cursor)))
    assert level(world, cancelled["MUG-05"], "WH1") == before


def test_a_lookup_returns_what_exists_of_what_was_asked(world: World) -> None:
    connector = world.connect()
    wanted = [world.product_ids["MUG-06"], world.product_ids["BOOK"], "999999", "no-number"]
    assert set(records(connector.lookup("products", PRODUCTS, wanted))) == {"MUG-06", "BOOK"}
    assert set(records(connector.lookup("stock", STOCK, wanted))) == {"MUG-06", "BOOK"}


def test_many_templates_are_written_by_one_call(world: World) -> None:
    connector = world.connect()
    found = records(connector.pull("products", PRODUCTS))
    skus = ("MUG-07", "MUG-08", "MUG-09")
    rows = [price_row(number, found[sku], f"11.{number}5", name=f"Mug of {sku}") for number, sku in enumerate(skus)]
    call = only(connector.pack(rows, lambda: "unused"))
    assert statuses(connector.push(call)) == dict.fromkeys(range(3), RowStatus.APPLIED)
    after = records(connector.pull("products", PRODUCTS))
    assert [Decimal(after[sku]["template"]["list_price"]) for sku in skus] == [
        Decimal("11.05"),
        Decimal("11.15"),
        Decimal("11.25"),
    ]
    assert after["MUG-08"]["template"]["name"] == "Mug of MUG-08"
    assert world.wire.count("product.template.write") == 1


def test_a_concurrency_exception_marks_only_the_rows_that_moved(world: World) -> None:
    connector = world.connect()
    found = records(connector.pull("products", PRODUCTS))
    skus = ("MUG-10", "MUG-11", "MUG-12")
    call = only(connector.pack([price_row(n, found[sku], "12.00") for n, sku in enumerate(skus)], lambda: "unused"))
    world.merchant.set_price("MUG-11", Decimal("99.00"))
    assert statuses(connector.push(call)) == {0: RowStatus.UNTOUCHED, 1: RowStatus.STALE, 2: RowStatus.UNTOUCHED}
    after = records(connector.pull("products", PRODUCTS))
    assert [Decimal(after[sku]["template"]["list_price"]) for sku in skus] == [
        Decimal("10.50"),
        Decimal("99.00"),
        Decimal("10.50"),
    ]


def test_a_price_the_server_refuses_is_rejected_alone_and_harms_no_other(world: World) -> None:
    connector = world.connect()
    found = records(connector.pull("products", PRODUCTS))
    good, bad = price_row(1, found["MUG-13"], "13.00"), price_row(2, found["MUG-14"], "13.12345")
    both = connector.push(only(connector.pack([good, bad], lambda: "unused")))
    assert statuses(both) == {1: RowStatus.UNTOUCHED, 2: RowStatus.UNTOUCHED}
    alone = connector.push(only(connector.pack([bad], lambda: "unused")))
    assert alone[2].status is RowStatus.REJECTED
    assert "digits" in alone[2].message
    assert statuses(connector.push(only(connector.pack([good], lambda: "unused")))) == {1: RowStatus.APPLIED}


def test_a_count_brings_the_warehouse_to_the_figure_and_shows_it(world: World) -> None:
    connector = world.connect()
    other = figures(world, connector, "MUG-15", "WH2")
    rows = [count_row(world, 1, "MUG-15", 77, "115"), count_row(world, 2, FRACTION, "8.25", None)]
    outcome = connector.push(count_call(world, connector, "count", *rows))
    assert statuses(outcome) == {1: RowStatus.APPLIED, 2: RowStatus.APPLIED}
    shown = json.loads(bytes(outcome[1].record or b"{}"))
    assert level(world, shown, "WH1") == ("77", "77")
    assert figures(world, connector, "MUG-15", "WH2") == other
    assert figures(world, connector, FRACTION)[0] == "8.25"


def test_a_count_reckons_with_goods_outside_of_the_storage_zone(world: World) -> None:
    connector = world.connect()
    world.merchant.put_aside("MUG-16", "WH1", 10)
    held = figures(world, connector, "MUG-16")[0]
    outcome = connector.push(count_call(world, connector, "zones", count_row(world, 1, "MUG-16", 50, held)))
    assert statuses(outcome) == {1: RowStatus.APPLIED}
    assert figures(world, connector, "MUG-16")[0] == "50"
    few = connector.push(count_call(world, connector, "few", count_row(world, 1, "MUG-16", 9, "50")))
    assert few[1].status is RowStatus.REJECTED
    assert figures(world, connector, "MUG-16")[0] == "50"


def test_a_count_from_another_figure_is_stale_and_books_nothing(world: World) -> None:
    connector = world.connect()
    held = figures(world, connector, "MUG-17")[0]
    rows = [count_row(world, 1, "MUG-17", 5, held), count_row(world, 2, "BOOK", 5, "1000")]
    outcome = connector.push(count_call(world, connector, "stale", *rows))
    assert statuses(outcome) == {1: RowStatus.UNTOUCHED, 2: RowStatus.STALE}
    assert figures(world, connector, "MUG-17")[0] == held
    assert world.wire.count("stock.inventory.create") == 0


def test_goods_that_move_just_before_the_document_is_made_are_noticed(world: World) -> None:
    connector = world.connect()
    held = figures(world, connector, "MUG-18")[0]
    call = count_call(world, connector, "moved", count_row(world, 1, "MUG-18", 5, held))
    world.wire.before("model.stock.inventory.create", lambda: world.merchant.set_stock("MUG-18", "WH1", 60))
    assert statuses(connector.push(call)) == {1: RowStatus.STALE}
    assert figures(world, connector, "MUG-18")[0] == "60"
    assert statuses(connector.resolve(call) or {}) == {1: RowStatus.UNTOUCHED}


def test_goods_that_leave_between_draft_and_confirmation_stay_gone(world: World) -> None:
    connector = world.connect()
    world.merchant.set_stock("MUG-19", "WH1", 20)
    shipment = world.merchant.book_sale("MUG-19", "WH1", 3)
    call = count_call(world, connector, "kept", count_row(world, 1, "MUG-19", 10, "20"))
    world.wire.before("model.stock.inventory.confirm", lambda: world.merchant.ship(shipment))
    outcome = connector.push(call)
    assert statuses(outcome) == {1: RowStatus.APPLIED}
    assert level(world, json.loads(bytes(outcome[1].record or b"{}")), "WH1")[0] == "7"


def test_a_figure_the_unit_does_not_allow_is_rejected_and_leaves_no_draft(world: World) -> None:
    connector = world.connect()
    call = count_call(world, connector, "half", count_row(world, 1, "MUG-20", "1.5", None))
    assert statuses(connector.push(call)) == {1: RowStatus.REJECTED}
    assert statuses(connector.resolve(call) or {}) == {1: RowStatus.UNTOUCHED}


@pytest.mark.parametrize("reached", [False, True])
def test_a_count_whose_confirmation_was_lost_is_booked_exactly_once(world: World, *, reached: bool) -> None:
    connector = world.connect()
    world.merchant.set_stock("MUG-21", "WH1", 40)
    call = count_call(world, connector, f"lost-{reached}", count_row(world, 1, "MUG-21", 25, "40"))
    world.wire.cut("stock.inventory.confirm", reached=reached)
    with pytest.raises(AmbiguousError):
        connector.push(call)
    after_the_crash = world.connect()
    assert statuses(after_the_crash.resolve(call) or {}) == {1: RowStatus.APPLIED}
    assert statuses(after_the_crash.resolve(call) or {}) == {1: RowStatus.APPLIED}
    assert figures(world, connector, "MUG-21")[0] == "25"
    assert world.wire.count("stock.inventory.confirm") == (1 if reached else 2)


def test_a_draft_left_by_a_crash_is_deleted_when_the_goods_have_moved(world: World) -> None:
    connector = world.connect()
    world.merchant.set_stock("SHIRT-M", "WH1", 40)
    call = count_call(world, connector, "old", count_row(world, 1, "SHIRT-M", 25, "40"))
    world.wire.cut("stock.inventory.confirm", reached=False)
    with pytest.raises(AmbiguousError):
        connector.push(call)
    world.merchant.set_stock("SHIRT-M", "WH1", 30)
    assert statuses(connector.resolve(call) or {}) == {1: RowStatus.UNTOUCHED}
    assert world.wire.count("stock.inventory.delete") == 1
    assert figures(world, connector, "SHIRT-M")[0] == "30"


@pytest.mark.parametrize("step", ["stock.inventory.create", "ir.note.create"])
def test_a_draft_cut_off_before_it_had_its_reference_is_found_again(world: World, step: str) -> None:
    connector = world.connect()
    world.merchant.set_stock("SHIRT-S", "WH1", 14)
    call = count_call(world, connector, f"orphan-{step}", count_row(world, 1, "SHIRT-S", 11, "14"))
    world.wire.cut(step, reached=step == "stock.inventory.create")
    with pytest.raises(AmbiguousError):
        connector.push(call)
    assert statuses(connector.resolve(call) or {}) == {1: RowStatus.APPLIED}
    assert figures(world, connector, "SHIRT-S")[0] == "11"
    assert world.wire.count("stock.inventory.confirm") == 1


def test_an_ended_session_in_mid_run_leads_to_one_login(world: World) -> None:
    connector = world.connect()
    pages = connector.pull("products", PRODUCTS)
    next(pages)
    assert world.wire.count("common.db.login") == 1
    world.wire.spoil_sessions(1)
    list(pages)
    assert world.wire.count("common.db.login") == 2


def test_a_write_in_an_ended_session_is_sent_again_after_the_login(world: World) -> None:
    connector = world.connect()
    found = records(connector.pull("products", PRODUCTS))
    world.wire.spoil_sessions(1)
    call = only(connector.pack([price_row(1, found["BOOK"], "8.00")], lambda: "unused"))
    assert statuses(connector.push(call)) == {1: RowStatus.APPLIED}
    assert Decimal(records(connector.pull("products", PRODUCTS))["BOOK"]["template"]["list_price"]) == 8


def test_whether_a_product_is_sold_is_read(world: World) -> None:
    found = records(world.connect().pull("products", ["code", "template.salable"]))
    assert found["BOOK"]["template"]["salable"] is True


def test_a_dry_run_reads_everything_and_writes_nothing(world: World) -> None:
    connector = world.connect(read_only=True)
    found = records(connector.pull("products", PRODUCTS))
    list(connector.pull("stock", STOCK))
    sent = len(world.wire.methods)
    with pytest.raises(FatalError, match="dry run"):
        connector.push(only(connector.pack([price_row(1, found["BOOK"], "1.00")], lambda: "unused")))
    with pytest.raises(FatalError, match="dry run"):
        connector.push(count_call(world, connector, "dry", count_row(world, 1, "BOOK", 1, None)))
    assert not [method for method in world.wire.methods[sent:] if method.endswith(("write", "create", "confirm"))]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/tryton/", {"method": "common.db.login", "params": []}, 405),
        ("/tryton/rpc/", {"method": "model.product.product.search", "params": [[], 0, 1, None, {}]}, 401),
        ("/tryton/rpc/", {"method": "common.db.login", "params": ["admin", {"password": "wrong"}, "en"]}, 401),
        ("/tryton/rpc/", [{"method": "model.product.product.search", "params": []}], 400),
        ("/no-such-database/rpc/", {"method": "common.db.login", "params": ["admin", {}, "en"]}, 404),
    ],
)
def test_the_simulator_answers_strange_requests_as_the_server_does(
    world: World, path: str, body: Any, status: int
) -> None:
    content = {"id": 1, **body} if isinstance(body, dict) else body
    with httpx.Client(transport=world.inner, base_url=world.url) as client:
        assert client.post(path, json=content).status_code == status


@pytest.mark.parametrize(
    ("method", "params", "expected"),
    [
        ("model.product.product.search", [[], 0, 1, None], 422),
        ("model.product.product.unheard_of", [{}], 403),
        ("model.product.product.search_read", [[], 0, 1, None, ["nope"], {}], ["'nope'", ""]),
        ("model.no.such.search", [[], 0, 1, None, {}], "'no.such'"),
        ("model.product.template.write", [[999999], {"name": "x"}, {}], "UserError"),
        ("model.stock.inventory.create", [[{"number": "X"}], {"company": 1}], "UserError"),
        ("model.stock.inventory.confirm", [[999999], {}], "UserError"),
    ],
)
def test_the_simulator_refuses_as_the_server_does(world: World, method: str, params: list[Any], expected: Any) -> None:
    connector = world.connect()
    connector.locations()
    header = connector._client.session().header
    body = {"id": 1, "method": method, "params": params}
    with httpx.Client(transport=world.inner, base_url=world.url, headers={"Authorization": header}) as client:
        answer = client.post("/tryton/rpc/", json=body)
    if isinstance(expected, int):
        assert answer.status_code == expected
        return
    assert answer.status_code == 200
    error = answer.json()["error"]
    assert error == expected if isinstance(expected, list) else error[0] == expected
