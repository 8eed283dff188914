"""Orders become sales, once and to the cent, in the simulator and in a real server alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from canonical.errors import AmbiguousError, FatalError, SkippableError
from canonical.party import Address, Customer
from canonical.request import RequestCharge
from canonical.status import RequestStatus
from connectors.base import RowStatus
from tests.servers.tryton.trade import ANN, HOME, Trade, line, plain, vat
from tests.servers.tryton.world import World

pytest_plugins = ["tests.servers.tryton.plugin"]
pytestmark = [pytest.mark.xdist_group("tryton"), pytest.mark.timeout(400)]

STEPS = ("party.party.create", "sale.sale.create", "sale.sale.quote", "sale.sale.confirm")


@pytest.fixture
def trade(world: World) -> Trade:
    return Trade(world)


def charge(kind: str, amount: str, title: str = "") -> RequestCharge:
    return RequestCharge(kind=kind, amount=Decimal(amount), title=title)


def test_an_order_becomes_a_sale_with_its_goods_promised(trade: Trade) -> None:
    connector = trade.connect()
    request = trade.request("s-1", [line("MUG-01", 3, "31.50"), line("BOOK", 1, "9.99")], [charge("shipping", "4.90")])
    order = trade.made(connector, request)
    assert (order.reference, order.status, order.closed) == ("s-1", RequestStatus.ACCEPTED, True)
    assert [(one.sku, one.quantity) for one in order.lines] == [("MUG-01", 3), ("BOOK", 1)]
    (sale,) = trade.sales("s-1")
    assert (sale["state"], sale["reference"], Decimal(sale["total_amount"]["decimal"])) == (
        "processing",
        "#s-1",
        Decimal("46.39"),
    )
    assert [one["state"] for one in trade.shipments("s-1")] == ["waiting"]
    assert trade.made(connector, request) == order


def test_eight_deliveries_at_once_make_one_sale_of_one_party(trade: Trade) -> None:
    request = trade.request(
        "s-8", [line("MUG-02")], customer=Customer(external_id="88", name="Eve", email="eve@example.com")
    )
    connectors = [trade.connect() for _ in range(8)]
    for connector in connectors:
        connector.locations()
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda one: one.push(trade.order(one, request))[0], connectors))
    assert {outcome.status for outcome in outcomes} == {RowStatus.APPLIED}, outcomes
    (sale,) = trade.sales("s-8")
    assert sale["state"] == "processing"
    assert len(sale["lines"]) == 1
    assert len(sale["shipments"]) == 1
    assert len(trade.rpc.rows("party.party", [["name", "=", "Eve"]])) == 1
    assert len(trade.rpc.rows("party.address", [["party", "=", sale["party"]]])) == 1


@pytest.mark.parametrize("reached", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_a_sale_whose_answer_was_lost_is_finished_and_not_doubled(trade: Trade, step: str, *, reached: bool) -> None:
    name = f"lost-{step}-{reached}"
    connector = trade.connect()
    buyer = Customer(name="Lost", email=f"{name}@example.com")
    call = trade.order(connector, trade.request(name, [line("MUG-03", 2, "21.00")], customer=buyer))
    trade.world.wire.cut(step, reached=reached)
    with pytest.raises(AmbiguousError):
        connector.push(call)
    after_the_crash = trade.connect()
    found = after_the_crash.resolve(call) or {}
    begun = step not in STEPS[:2] or (step == "sale.sale.create" and reached)
    assert found[0].status is (RowStatus.APPLIED if begun else RowStatus.UNTOUCHED)
    if not begun:
        assert trade.sales(name) == []
        assert after_the_crash.push(call)[0].status is RowStatus.APPLIED
    (sale,) = trade.sales(name)
    assert sale["state"] == "processing"
    assert len(sale["shipments"]) == 1
    assert len(trade.rpc.rows("party.contact_mechanism", [["value", "=", buyer.email]])) == 1


@pytest.mark.parametrize(
    ("currency", "lines", "shipping", "total"),
    [
        ("EUR", [(3, "10.00"), (7, "1.00")], "4.90", "15.90"),
        ("EUR", [(300, "100.01")], "0", "100.01"),
        ("JPY", [(3, "1000"), (7, "10")], "500", "1510"),
        ("TND", [(3, "10.001"), (7, "1.000")], "4.905", "15.906"),
        ("TND", [(997, "1.003")], "0.001", "1.004"),
    ],
)
def test_a_total_is_kept_to_the_last_unit_of_its_currency(
    trade: Trade, currency: str, lines: list[tuple[int, str]], shipping: str, total: str
) -> None:
    connector = trade.connect(sale_state="quotation")
    name = f"cur-{currency}-{total}"
    goods = [line(f"MUG-{at:02d}", units, amount) for at, (units, amount) in enumerate(lines, 4)]
    trade.made(connector, trade.request(name, goods, [charge("shipping", shipping)], currency=currency))
    assert trade.total(name) == Decimal(total)


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("included", [False, True])
def test_taxes_are_those_of_the_order_as_lines_or_as_the_companys_own(
    trade: Trade, *, known: bool, included: bool
) -> None:
    connector = trade.connect(sale_state="confirmed", taxes=trade.taxes if known else "")
    name = f"tax-{known}-{included}"
    # Three lines of 19 % whose taxes the channel rounds one by one: 3 x 0.19, where 19 % of the sum are 0.58.
    gross = "1.20" if included else "1.01"
    goods = [line(f"MUG-{at:02d}", 1, gross, vat("0.19")) for at in (6, 7, 8)]
    goods.append(line("BOOK", 2, "21.40" if included else "20.00", vat("1.40", "0.07")))
    request = trade.request(name, goods, taxes_included=included)
    trade.made(connector, request)
    assert trade.total(name) == request.total
    (sale,) = trade.sales(name)
    found = trade.rpc.rows("sale.line", [["sale", "=", sale["id"]]], "description", "product", "taxes", "amount")
    others = [one["description"] for one in found if not one["product"]]
    assert others == (["Rounding"] if known else ["VAT 19 %", "VAT 7 %"])
    assert sum(len(one["taxes"]) for one in found) == (4 if known else 0)


def test_a_rate_that_no_tax_has_blocks_the_order(trade: Trade) -> None:
    connector = trade.connect(taxes=trade.taxes)
    with pytest.raises(SkippableError, match="rate 0") as refused:
        trade.order(connector, trade.request("rate", [line("MUG-01", 1, "10.00", vat("0.83", "0.0825"))]))
    assert refused.value.reason == "totals_differ"


def test_a_tax_that_is_more_than_rounding_off_leaves_no_sale(trade: Trade) -> None:
    connector = trade.connect(taxes=trade.taxes)
    outcome = connector.push(trade.order(connector, trade.request("off", [line("BOOK", 1, "10.00", vat("1.00"))])))[0]
    assert (outcome.status, outcome.reason) == (RowStatus.REJECTED, "totals_differ")
    assert "11.00 EUR" in outcome.message
    assert "11.90" in outcome.message
    assert trade.sales("off") == []


def test_an_order_of_520_lines_is_made_in_pieces(trade: Trade) -> None:
    connector = trade.connect(sale_state="quotation")
    goods = [line(f"MUG-{at % 21 + 1:02d}", at + 1, "10.03") for at in range(520)]
    request = trade.request("long", goods, customer=Customer())
    call = trade.order(connector, request)
    trade.world.wire.cut("sale.sale.write", reached=True)
    with pytest.raises(AmbiguousError):
        connector.push(call)
    assert (connector.resolve(call) or {})[0].status is RowStatus.APPLIED
    assert trade.total("long") == request.total
    assert sum(one.quantity for one in trade.read(connector, str(trade.sales("long")[0]["id"])).lines) == 520 * 521 / 2


def test_charges_are_sold_as_the_products_given(trade: Trade) -> None:
    wrap = int(trade.world.product_ids["WRAP"])
    connector = trade.connect(sale_state="draft", charge_products=f"shipping={wrap}")
    charges = [charge("shipping", "4.90", "Express"), charge("tip", "1.00"), charge("discount", "-2.00", "SAVE2")]
    trade.made(connector, trade.request("charges", [line("MUG-01")], charges))
    (sale,) = trade.sales("charges")
    found = trade.rpc.rows("sale.line", [["sale", "=", sale["id"]]], "description", "product")
    assert [(one["description"], one["product"]) for one in found[1:]] == [
        ("Express", wrap),
        ("Tip", None),
        ("SAVE2", None),
    ]
    assert trade.total("charges") == Decimal("14.40")


def test_a_customer_is_one_party_whatever_the_address(trade: Trade) -> None:
    connector = trade.connect(sale_state="draft")
    work = Address(
        name="Ann Lee", company="Looms 🧵", street="Mill 2", city="Berlin", postal_code="10999", country="DE"
    )
    first = Customer(external_id="501", name="Zoë 😀 Lee", email="Zoe@Example.com")
    moved = Customer(external_id="501", name="Zoë Lee", email="zoe@work.example")
    guest = Customer(name="Z. Lee", email="zoe@EXAMPLE.com")
    for at, (buyer, place) in enumerate([(first, HOME), (first, HOME), (moved, work), (guest, work)]):
        trade.made(connector, trade.request(f"zoe-{at}", [line("MUG-01")], customer=buyer, shipping_address=place))
    parties = {sale["party"] for at in range(4) for sale in trade.sales(f"zoe-{at}")}
    assert len(parties) == 1
    (party,) = trade.rpc.rows("party.party", [["id", "in", list(parties)]], "name", "code")
    assert party["name"] == "Zoë 😀 Lee"
    streets = [one["street"] for one in trade.rpc.rows("party.address", [["party", "in", list(parties)]], "street")]
    assert streets == ["Road 1\nc/o Bo", "Mill 2"]


def test_of_two_parties_with_one_address_it_is_the_one_that_bought_here_else_the_oldest(trade: Trade) -> None:
    connector = trade.connect(sale_state="draft")
    reach = [["create", [{"type": "email", "value": "twins@example.com"}]]]
    values = [{"name": name, "contact_mechanisms": reach} for name in ("Twin A", "Twin B")]
    older, newer = trade.rpc.call("party.party.create", values)
    buyer = Customer(name="Twin", email="TWINS@example.com")
    trade.made(connector, trade.request("twin-1", [line("MUG-01")], customer=buyer))
    assert trade.sales("twin-1")[0]["party"] == min(older, newer)
    trade.rpc.call("party.contact_mechanism.create", [{"party": newer, "type": "email", "value": "solo@example.com"}])
    solo = Customer(name="Solo", email="solo@example.com")
    trade.made(connector, trade.request("twin-2", [line("MUG-01")], customer=solo))
    assert trade.sales("twin-2")[0]["party"] == newer
    trade.made(connector, trade.request("twin-3", [line("MUG-01")], customer=buyer))
    assert trade.sales("twin-3")[0]["party"] == newer


def test_guests_without_an_address_for_mail_are_a_party_each_or_the_one_given(trade: Trade) -> None:
    connector = trade.connect(sale_state="draft")
    for name in ("blank-1", "blank-2"):
        blank = Address(country="DE", city="Berlin")
        trade.made(connector, trade.request(name, [line("MUG-01")], customer=Customer(), shipping_address=blank))
    first, second = trade.sales("blank-1")[0]["party"], trade.sales("blank-2")[0]["party"]
    assert first != second
    assert trade.rpc.rows("party.party", [["id", "=", first]], "name")[0]["name"] == "Guest #blank-1"
    shared = trade.connect(sale_state="quotation", guest_party=first)
    trade.made(shared, trade.request("blank-3", [line("MUG-01")], customer=Customer()))
    assert trade.sales("blank-3")[0]["party"] == first


def test_what_is_refused_there_is_told_and_leaves_no_draft(trade: Trade) -> None:
    connector = trade.connect(warehouse=0)
    outcome = connector.push(trade.order(connector, trade.request("nowhere", [line("MUG-01")])))[0]
    assert outcome.status is RowStatus.REJECTED
    assert "warehouse" in outcome.message
    assert trade.sales("nowhere") == []
    assert trade.made(trade.connect(), trade.request("nowhere", [line("MUG-01")])).status is RequestStatus.ACCEPTED


def test_an_order_that_changed_since_its_draft_was_left_is_made_anew(trade: Trade) -> None:
    connector = trade.connect()
    call = trade.order(connector, trade.request("edited", [line("MUG-01", 2, "21.00")]))
    trade.world.wire.cut("sale.sale.quote", reached=True)
    with pytest.raises(AmbiguousError):
        connector.push(call)
    changed = trade.request("edited", [line("MUG-01", 1, "10.50"), line("MUG-02")])
    order = trade.made(connector, changed)
    assert [(one.sku, one.quantity) for one in order.lines] == [("MUG-01", 1), ("MUG-02", 1)]
    assert trade.total("edited") == Decimal(21)


def test_a_product_that_is_not_sold_is_named(trade: Trade) -> None:
    connector = trade.connect()
    with pytest.raises(SkippableError) as unlinked:
        trade.order(connector, trade.request("unknown", [line("NOPE")]))
    assert unlinked.value.reason == "unmatched_line"
    template = int(trade.world.template_ids["SHIRT-L"])
    trade.rpc.call("product.template.write", [template], {"salable": False})
    try:
        outcome = connector.push(trade.order(connector, trade.request("unsold", [line("SHIRT-L")])))[0]
    finally:
        trade.rpc.call("product.template.write", [template], {"salable": True})
    assert (outcome.status, outcome.reason) == (RowStatus.REJECTED, "unmatched_line")
    assert "SHIRT-L" in outcome.message
    assert trade.sales("unsold") == []


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"shipping_address": None}, "missing_address"),
        ({"currency": "XTS"}, "invalid_value"),
        ({"shipping_address": Address(street="Road 1", country="ZZ")}, "invalid_value"),
        ({"total": Decimal("10.51")}, "totals_differ"),
    ],
)
def test_bad_input_is_refused_with_its_reason(trade: Trade, more: dict[str, Any], reason: str) -> None:
    connector = trade.connect()
    request = trade.request(f"bad-{reason}", [line("MUG-01")], **more)
    try:
        outcome = connector.push(trade.order(connector, request))[0]
        assert outcome.status is RowStatus.REJECTED
        assert outcome.reason == reason
    except SkippableError as error:
        assert error.reason == reason
    assert trade.sales(request.reference) == []


def test_a_dry_run_makes_nothing(trade: Trade) -> None:
    connector = trade.connect(read_only=True)
    with pytest.raises(FatalError, match="dry run"):
        connector.push(trade.order(connector, trade.request("dry", [line("MUG-01")], customer=ANN)))
    assert trade.sales("dry") == []


def test_sales_are_read_in_pages_and_again_when_they_change(trade: Trade) -> None:
    connector = trade.connect(sale_state="draft")
    made = [trade.made(connector, trade.request(f"page-{at}", [line("MUG-01")])).id for at in range(9)]
    pages = list(connector.pull("sales", ()))
    assert pages[-1].complete
    found = [plain(record) for page in pages for record in page.records]
    assert set(made) <= {str(one["id"]) for one in found}
    assert len(pages) > 1
    cursor = pages[-1].cursor or ""
    changed = {
        str(plain(record)["id"]) for page in connector.changed_since("sales", (), cursor) for record in page.records
    }
    assert set(made) <= changed
    assert connector.lookup("sales", (), ["999999"]) is not None
    assert [page.records for page in connector.lookup("sales", (), ["999999"])] == [[]]
