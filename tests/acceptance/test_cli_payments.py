"""``crossdock audit payments`` over real HTTP: a shop, a payment processor, and some weeks of their money."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.simulation import CatalogItem, serve
from connectors.stripe.simulator import StripeSimulator
from connectors.woocommerce.simulator import Switches, WooSimulator
from crossdock.cli.app import App
from crossdock.cli.main import run
from crossdock.clock import SystemClock

CONFIG = """\
database: sqlite:///hub.sqlite
connections:
  web:
    connector: woocommerce
    allow_private_network: true
    settings: {{url: "{web}", consumer_key: "${{file:key}}", consumer_secret: "${{file:secret}}"}}
    currency: {currency}
  pay:
    connector: stripe
    allow_private_network: true
    settings: {{api_key: "${{file:stripe}}", api_base: "{pay}"}}
    currency: USD
orders:
  web: {{go_live: "2020-01-01T00:00:00Z"}}
payments:
  pay: {{channels: [web], gateways: [stripe]}}
"""
SECRETS = {"key": "ck_simulated", "secret": "cs_simulated", "stripe": "sk_test_simulated"}
DAY = 86_400


@dataclass
class Till:
    """A shop, an account that pays out in its own currency, and the hub that reads both."""

    folder: Path
    web: WooSimulator
    pay: StripeSimulator
    currency: str
    places: int
    began: int = field(default_factory=lambda: int(datetime.now(UTC).timestamp()) - 20 * DAY)

    def day(self, number: int) -> AbstractContextManager[None]:
        """Let what follows happen on a day of the account, counted from its first."""
        return self.pay.account.moment(self.began + number * DAY)

    def sell(self, units: int, *, taken: str | None = None, noted: str | None = None) -> tuple[int, str]:
        """An order at ten a unit, and its charge: of another amount, or noted in the shop otherwise, if it is told."""
        number = self.web.checkout.place({"S1": units}, status="pending")
        charge = self.pay.admin.pay(self.minor(taken or str(10 * units)), self.currency.lower())
        intent = str(self.pay.snapshot()["charge"][charge]["payment_intent"])
        self.web.checkout.pay(number, intent if noted is None else noted)
        return number, charge

    def minor(self, amount: str) -> int:
        """An amount as the processor counts."""
        return int(Decimal(amount).scaleb(self.places))

    def pay_out(self, **more: Any) -> str:
        """What is available goes to the bank."""
        made = self.pay.admin.pay_out(self.pay.account.exchange.home, **more)
        assert made is not None
        return made

    def audit(self, code: int) -> dict[str, Any]:
        """The report as JSON, which tells the same exit code; every reason in it comes with what to do."""
        document: dict[str, Any] = json.loads(self._run(code, "--format", "json"))
        assert document["exit_code"] == code, document
        told = document["exceptions"] + document["payouts"]
        assert all(bool(one["advice"]) is bool(one["reason"]) for one in told), told
        return document

    def shows(self, code: int) -> str:
        """The report as a person reads it."""
        return self._run(code)

    def order(self, number: int) -> dict[str, Any]:
        """One order as `orders show` tells it, after everything was read."""
        app = App(config=self.folder / "crossdock.yaml")
        with redirect_stdout(io.StringIO()):
            run(["sync"], app)
        out = io.StringIO()
        with redirect_stdout(out):
            run(["orders", "show", str(number), "--format", "json"], app)
        document: dict[str, Any] = json.loads(out.getvalue())
        return document

    def lists(self) -> dict[str, str]:
        """Where the chargeback of each order stands, by `orders list`."""
        out = io.StringIO()
        with redirect_stdout(out):
            run(["orders", "list", "--format", "json"], App(config=self.folder / "crossdock.yaml"))
        return {one["number"]: one["dispute"] for one in json.loads(out.getvalue())["orders"]}

    def decides(self, *what: str) -> None:
        """A person decides about an order, after everything was read."""
        with redirect_stdout(io.StringIO()):
            run(["sync"], App(config=self.folder / "crossdock.yaml"))
            assert run(["orders", *what], App(config=self.folder / "crossdock.yaml")) == 0

    def _run(self, code: int, *options: str) -> str:
        out = io.StringIO()
        with redirect_stdout(out):
            assert run(["audit", "payments", *options], App(config=self.folder / "crossdock.yaml")) == code
        return out.getvalue()


@pytest.fixture
def open_till(tmp_path: Path) -> Iterator[Callable[..., Till]]:
    """Opens a shop that sells in a currency, and an account that pays out in another, or in the same."""
    with ExitStack() as stack:

        def make(currency: str = "EUR", places: int = 2, home: str = "usd") -> Till:
            clock = SystemClock()
            web = WooSimulator(clock=clock, currency=currency, switches=Switches(price_decimals=places))
            web.load([CatalogItem("S1", "Thing", Decimal(10), {"WH1": 999})])
            pay = StripeSimulator(clock=clock, home=home, rates={"eur": "1.0837"})
            for name, text in SECRETS.items():
                (tmp_path / name).write_text(text)
                (tmp_path / name).chmod(0o600)
            urls = {one.name: stack.enter_context(serve(one)).base_url for one in (web, pay)}
            text = CONFIG.format(web=urls["woocommerce"], pay=urls["stripe"], currency=currency)
            (tmp_path / "crossdock.yaml").write_text(text)
            return Till(tmp_path, web, pay, currency, places)

        yield make


@pytest.fixture
def till(open_till: Callable[..., Till]) -> Till:
    """Euros are charged, dollars are paid out."""
    return open_till()


def figures(document: dict[str, Any]) -> list[tuple[str, dict[str, str], str | None]]:
    """Each payout: its amount, its parts, the fees; they make each other up."""
    for one in document["payouts"]:
        if not one["reason"]:
            assert sum(map(Decimal, one["parts"].values())) - Decimal(one["fees"]) == Decimal(one["amount"])
    return [(one["amount"], one["parts"], one["fees"]) for one in document["payouts"]]


def reasons(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["reason"], one["subject"], one["amount"]) for one in document["exceptions"]]


def test_charges_a_refund_a_chargeback_that_was_won_and_a_bill_are_explained_in_the_currency_of_the_bank(
    till: Till,
) -> None:
    with till.day(0):
        till.sell(3)
        number, refunded = till.sell(7)
        _, claimed = till.sell(5)
    with till.day(3):
        till.pay_out()
        till.pay.admin.refund(refunded, 1001)
        till.web.checkout.refund(number, "10.01", {}, restock=False)
        till.pay.admin.close_claim(till.pay.admin.charge_back(claimed), won=True)
        till.pay.admin.bill(123, "usd")
        till.sell(12)
    with till.day(6):
        till.pay_out()
        till.sell(1)
    audit = till.audit(0)
    # 30, 70 and 50 euros at 1.0837, halves to even; 2.9 % and 30 cents of each; a chargeback costs 15.
    assert (
        figures(audit)
        == [
            ("156.94", {"charge": "162.55"}, "5.61"),
            (
                "98.89",
                {
                    "charge": "130.04",
                    "dispute": "-54.18",
                    "dispute_reversal": "54.18",
                    "fee": "-1.23",
                    "refund": "-10.85",
                },
                "19.07",
            ),
        ][:1]
        + figures(audit)[1:]
    )
    assert audit["counts"] == {"matched": 5, "exceptions": 0, "payouts": 2, "payouts_explained": 2}
    assert [(one["amount"], one["currency"]) for one in audit["balances"]] == [("10.23", "USD")]


def test_a_chargeback_is_an_exception_of_its_order_with_its_fee_in_the_payout(till: Till) -> None:
    with till.day(0):
        lost, lost_charge = till.sell(2)
        asked, asked_charge = till.sell(9)
        _, warned = till.sell(4)
        till.sell(8)
    with till.day(3):
        till.pay.admin.close_claim(till.pay.admin.charge_back(lost_charge), won=False)
        claim = till.pay.admin.charge_back(asked_charge)
        till.pay.admin.charge_back(warned, warning=True)
        till.pay_out()
    audit = till.audit(5)
    assert reasons(audit) == [("dispute_lost", f"web {lost}", "20.00"), ("disputed", f"web {asked}", "90.00")]
    assert [one["detail"].split(" ", 1)[1] for one in audit["exceptions"]] == [
        "lost: fraudulent",
        "needs_response: fraudulent",
    ]
    assert audit["next"][0] == f"crossdock orders show {lost}"
    ((_, parts, fees),) = figures(audit)
    assert (parts["dispute"], fees) == ("-119.20", "38.43")
    till.decides("release", str(lost))
    audit = till.audit(5)
    assert reasons(audit) == [("disputed", f"web {asked}", "90.00")]
    assert [(one["reason"], one["subject"]) for one in audit["acknowledged"]] == [("dispute_lost", f"web {lost}")]
    till.pay.admin.close_claim(claim, won=False)
    till.decides("release", str(asked))
    assert "acknowledged" in till.shows(0)


def test_a_refund_that_a_person_said_is_for_no_order_is_no_exception_any_more(till: Till) -> None:
    with till.day(0):
        stray = till.pay.admin.pay(1500, "eur")
        till.pay.admin.refund(stray, 500)
    assert [reason for reason, _, _ in reasons(till.audit(5))] == ["charge_without_order", "refund_without_order"]
    till.decides("match", "1", "--none")
    audit = till.audit(5)
    assert [reason for reason, _, _ in reasons(audit)] == ["charge_without_order"]
    assert [one["reason"] for one in audit["acknowledged"]] == ["refund_without_order"]


def test_a_payout_that_the_bank_sent_back_is_told_until_its_money_went_out_again(till: Till) -> None:
    with till.day(0):
        till.sell(10)
    with till.day(3):
        returned = till.pay_out()
    with till.day(5):
        till.pay.admin.bounce(returned)
    audit = till.audit(5)
    assert [(one["status"], one["reason"], one["amount"]) for one in audit["payouts"]] == [
        ("failed", "payout_returned", "104.93")
    ]
    assert [one["amount"] for one in audit["balances"]] == ["104.93"]
    assert "payout_returned" in till.shows(5)
    till.pay_out()
    audit = till.audit(0)
    assert figures(audit)[1] == ("104.93", {"payout_reversal": "104.93"}, "0.00")
    assert audit["balances"] == []


def test_every_thing_that_does_not_match_is_told_with_its_reason_and_what_to_do(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    with till.day(0):
        till.pay.admin.pay(4200, "eur", {"order_id": "77"})
        short, _ = till.sell(3, taken="29.99")
        by_hand, charge = till.sell(4)
        till.pay.admin.refund(charge, 500)
        unbooked, _ = till.sell(6)
        till.web.checkout.refund(unbooked, "1.00", {}, restock=False)
    unknown = till.web.checkout.place({"S1": 1}, transaction_id="pi_unknown")
    till.web.checkout.place({"S1": 1}, payment_method="cod")
    audit = till.audit(5)
    assert sorted(reasons(audit)) == [
        ("amount_differs", f"web {short}", "-0.01"),
        ("charge_without_order", "ch_0000000000000001", "42.00"),
        ("order_without_charge", f"web {unknown}", "10.00"),
        ("refund_not_booked", f"web {unbooked}", "-1.00"),
        ("refund_not_on_channel", f"web {by_hand}", "5.00"),
    ]
    assert {one["reason"]: one["count"] for one in audit["reasons"]} == dict.fromkeys(
        [reason for reason, _, _ in reasons(audit)], 1
    )
    shown = till.shows(5)
    assert "paid with pi_unknown" in shown
    assert all(one["advice"] in shown for one in audit["exceptions"])
    assert f"next: crossdock orders show {short}" in shown


def test_what_cannot_be_itemized_yet_or_ever_is_no_difference_and_says_so(till: Till) -> None:
    with till.day(0):
        till.sell(10)
    with till.day(3):
        till.pay.admin.pay_out_by_hand(100, "usd")
        late = till.pay_out(reconciled=False)
    audit = till.audit(0)
    assert [one["reason"] for one in audit["payouts"]] == ["not_itemizable", "not_yet"]
    till.pay.admin.reconcile(late)
    audit = till.audit(0)
    assert [one["reason"] for one in audit["payouts"]] == ["not_itemizable", ""]
    assert audit["counts"]["payouts_explained"] == 1


@pytest.mark.parametrize(
    ("currency", "places", "off"), [("JPY", 0, "1"), ("EUR", 2, "0.01"), ("KWD", 3, "0.010")], ids=str
)
def test_one_unit_too_much_is_told_in_any_currency(
    open_till: Callable[..., Till], currency: str, places: int, off: str
) -> None:
    till = open_till(currency, places, currency.lower())
    with till.day(0):
        till.sell(70)
        _, charge = till.sell(30)
        wrong, _ = till.sell(20, taken=str(Decimal(200) + Decimal(off)))
    with till.day(3):
        till.pay.admin.refund(charge)
        till.pay_out()
    audit = till.audit(5)
    assert ("amount_differs", f"web {wrong}", off) in reasons(audit)
    assert audit["counts"]["payouts_explained"] == 1


def test_a_processor_that_cannot_be_read_is_an_error_and_not_a_clean_sheet(till: Till) -> None:
    till.sell(1)
    till.audit(0)
    (till.folder / "stripe").write_text("sk_test_other")
    audit = till.audit(1)
    assert {one["connection"] for one in audit["unread"]} == {"pay"}
    assert audit["next"] == ["crossdock doctor"]


def test_an_order_is_shown_with_what_the_processor_booked_for_it_and_nothing_of_another(till: Till) -> None:
    with till.day(0):
        till.sell(2)
        number, charge = till.sell(7)
    with till.day(3):
        payout = till.pay_out()
        till.pay.admin.refund(charge, 1001)
        till.web.checkout.refund(number, "10.01", {}, restock=False)
    shown = till.order(number)
    assert [(one["kind"], one["status"], one["amount"], one["currency"]) for one in shown["payments"]] == [
        ("charge", "succeeded", "70.00", "EUR"),
        ("refund", "succeeded", "10.01", "EUR"),
    ]
    # 70 euros at 1.0837 are 75.86 dollars; 2.9 % and 30 cents of it are 2.50.
    assert [(one["fee"], one["net"], one["booked_currency"]) for one in shown["payments"]] == [
        ("2.50", "73.36", "USD"),
        ("0.00", "-10.85", "USD"),
    ]
    assert [one["payout"] for one in shown["payments"]] == [f"{payout} paid", "not paid out yet"]
    assert (shown["mismatches"], shown["orders"][0]["dispute"]) == ([], "")


def test_a_chargeback_stands_beside_the_state_of_its_order_until_it_is_won(till: Till) -> None:
    with till.day(0):
        won, won_charge = till.sell(1)
        lost, lost_charge = till.sell(2)
        other, _ = till.sell(3)
    with till.day(3):
        claims = [till.pay.admin.charge_back(one) for one in (won_charge, lost_charge)]
    shown = till.order(won)
    assert (shown["orders"][0]["dispute"], shown["mismatches"][0]["reason"]) == ("needs_response", "disputed")
    assert any("10.00 EUR claimed back" in one["text"] for one in shown["why"])
    till.pay.admin.close_claim(claims[0], won=True)
    till.pay.admin.close_claim(claims[1], won=False)
    assert (till.order(won)["orders"][0]["dispute"], till.order(won)["mismatches"]) == ("", [])
    assert till.order(lost)["next"] == [f"crossdock orders release {lost}   (once the loss is booked)"]
    assert till.lists() == {str(won): "", str(lost): "lost", str(other): ""}
    till.decides("release", str(lost))
    shown = till.order(lost)
    assert (shown["orders"][0]["dispute"], "booked" in str(shown["next"])) == ("lost", False)
    assert [one["acknowledged"] for one in shown["mismatches"]] == ["yes"]


def test_an_order_shows_money_that_does_not_match_as_the_audit_does(till: Till) -> None:
    with till.day(0):
        short, _ = till.sell(3, taken="29.99")
        _, charge = till.sell(4)
    double = till.web.checkout.place({"S1": 4}, transaction_id=charge)
    unknown = till.web.checkout.place({"S1": 1}, transaction_id="pi_unknown")
    cash = till.web.checkout.place({"S1": 1}, payment_method="cod")
    told = {number: [one["reason"] for one in till.order(number)["mismatches"]] for number in (short, double, unknown)}
    assert told == {
        short: ["amount_differs"],
        double: ["charge_of_two_orders"],
        unknown: ["order_without_charge"],
    }
    assert (till.order(cash)["payments"], till.order(cash)["mismatches"]) == ([], [])
    assert {one["reason"] for one in till.audit(5)["exceptions"]} >= {
        reason for ones in told.values() for reason in ones
    }
