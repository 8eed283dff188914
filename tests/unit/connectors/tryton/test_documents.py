"""What becomes of an order on its way to a sale: prices, taxes, charges, names; and that the shipped mappings fit."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.errors import ConfigError, SkippableError
from canonical.money import exponent
from connectors.base import Effect
from connectors.manifest import load_fields, load_manifest
from connectors.tryton.options import SaleOptions, read_options
from connectors.tryton.order import Buyer, Charge, Line, NewOrder, Place, Tax, check_order, read_document
from connectors.tryton.parties import code_of, name_of
from connectors.tryton.salelines import lines_of, most_rounding, total_of
from mappings.documents import load_documents
from mappings.documents.lint import Offer, lint_documents

AMOUNTS = st.integers(-(10**7), 10**7)


def order(*lines: Line, currency: str = "EUR", **more: object) -> NewOrder:
    return NewOrder("shop-o1-1", "shop", currency, Decimal(0), lines, **more)  # type: ignore[arg-type]


def line(units: int, amount: str | Decimal, *taxes: Tax, discount: str = "0") -> Line:
    return Line("7", "MUG", units, Decimal(amount), "Mug", Decimal(discount), taxes)


def tax(amount: str, rate: str | None = "0.19") -> Tax:
    return Tax(Decimal(amount), "VAT", None if rate is None else Decimal(rate))


def test_the_shipped_mappings_fit_what_the_connector_offers() -> None:
    manifest, catalog = load_manifest("connectors.tryton"), load_fields("connectors.tryton")
    documents = {name: one.documents for name, one in manifest.resources.items()}
    offer = Offer(catalog.resources, documents, {name: one.document for name, one in manifest.effects.items()})
    assert [str(problem) for problem in lint_documents(load_documents("tryton", None), {"tryton": offer})] == []


@given(units=st.integers(1, 2000), minor=AMOUNTS, currency=st.sampled_from(["EUR", "JPY", "TND"]))
def test_lines_come_to_the_amount_however_the_server_rounds_halves(units: int, minor: int, currency: str) -> None:
    unit = Decimal(1).scaleb(-exponent(currency))
    amount = minor * unit
    made = lines_of(order(line(units, amount), currency=currency), SaleOptions())
    assert sum(one.quantity for one in made) == units
    assert len(made) <= 2
    for rounding in (ROUND_HALF_EVEN, ROUND_HALF_UP):
        sums = [(Decimal(one.unit_price) * one.quantity).quantize(unit, rounding=rounding) for one in made]
        assert sum(sums) == amount
    assert all(Decimal(one.unit_price) == round(Decimal(one.unit_price), 4) for one in made)


def test_a_price_of_four_decimals_is_taken_where_one_is_enough() -> None:
    (made,) = lines_of(order(line(3, "10.00")), SaleOptions())
    assert (made.quantity, made.unit_price) == (3, "3.3333")


def test_taxes_in_the_price_are_taken_out_of_it() -> None:
    found = order(line(1, "11.90", tax("1.90")), taxes_included=True)
    assert total_of(found) == Decimal("11.90")
    goods, taxed = lines_of(found, SaleOptions())
    assert (goods.unit_price, taxed.unit_price, taxed.description) == ("10", "1.9", "VAT 19 %")
    (known,) = lines_of(found, SaleOptions(taxes={Decimal("0.19"): 4}))
    assert (known.unit_price, known.taxes) == ("10", (4,))


def test_a_rate_is_the_same_however_it_is_written() -> None:
    options = read_options({"taxes": "0.190=4, 0=5"})
    (made,) = lines_of(order(line(1, "10.00", tax("1.90"), tax("0", "0.00"))), options)
    assert made.taxes == (4, 5)


@pytest.mark.parametrize("rate", ["0.07", None])
def test_a_tax_that_tryton_does_not_have_is_named(rate: str | None) -> None:
    with pytest.raises(SkippableError, match="no tax of Tryton is given for"):
        lines_of(order(line(1, "10.00", tax("0.70", rate))), SaleOptions(taxes={Decimal("0.19"): 4}))


def test_only_taxed_lines_may_be_off_by_rounding() -> None:
    plain = order(line(1, "10.00"))
    assert most_rounding(plain, lines_of(plain, SaleOptions())) == 0
    options = SaleOptions(taxes={Decimal("0.19"): 4})
    taxed = order(line(1, "10.00", tax("1.90")), line(2, "10.00", tax("1.90")))
    assert most_rounding(taxed, lines_of(taxed, options)) == Decimal("0.03")


def test_charges_are_sold_by_their_kind_or_as_whatever_is_left() -> None:
    charges = (Charge("shipping", Decimal("4.90")), Charge("gift_card", Decimal(-5)), Charge("tip", Decimal(1), "Thx"))
    made = lines_of(order(charges=charges), read_options({"charge_products": "shipping=41 *=42"}))
    assert [(one.product, one.unit_price, one.description) for one in made] == [
        (41, "4.9", "Shipping"),
        (42, "-5", "Gift card"),
        (42, "1", "Thx"),
    ]


@pytest.mark.parametrize(
    "settings",
    [
        {"web_shop": "main"},
        {"sale_state": "done"},
        {"taxes": "19"},
        {"taxes": "x=1"},
        {"charge_products": "postage=1"},
        {"charge_products": "tip=1 tip=2"},
        {"without_address": "maybe"},
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        read_options(settings)


@pytest.mark.parametrize(
    ("buyer", "code"),
    [
        (Buyer(id="gid://shopify/Customer/7", email="a@b.example"), "shop-7"),
        (
            Buyer(email="A@b.example "),
            code_of(NewOrder("other", "web", "EUR", Decimal(0), (), buyer=Buyer(email="a@B.example"))),
        ),
        (Buyer(), "shop-o1-1"),
    ],
)
def test_a_party_is_known_by_the_customer_else_the_mail_else_the_order(buyer: Buyer, code: str) -> None:
    assert code_of(order(buyer=buyer)).startswith(code)
    assert code_of(order(buyer=Buyer(email="a@B.example"))) == code_of(order(buyer=Buyer(email=" A@b.example ")))


@pytest.mark.parametrize(
    ("buyer", "place", "name"),
    [
        (Buyer(name="  Zoë   😀 "), Place(name="Bo"), "Zoë 😀"),
        (Buyer(), Place(company="Looms"), "Looms"),
        (Buyer(email="a@b.example"), Place(), "a@b.example"),
        (Buyer(), Place(), "Guest shop-o1-1"),
    ],
)
def test_a_party_always_has_a_name(buyer: Buyer, place: Place, name: str) -> None:
    assert name_of(order(buyer=buyer, delivery=place)) == name


def test_an_order_without_any_address_is_taken_only_where_that_is_said() -> None:
    effect = Effect("sale.create", "shop-o1-1", {})
    with pytest.raises(SkippableError) as refused:
        check_order(effect, order(line(1, "1")), addressless=False)
    assert refused.value.reason == "missing_address"
    check_order(effect, order(line(1, "1")), addressless=True)


def test_a_document_of_another_shape_is_refused() -> None:
    with pytest.raises(SkippableError, match="nope"):
        read_document(Effect("sale.create", "shop-o1-1", {"nope": 1}), NewOrder)
