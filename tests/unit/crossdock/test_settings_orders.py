"""Order flows, routing and payments as an operator writes them; every mistake is named with its place."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from canonical.errors import ConfigError
from crossdock.settings.hub import hub_config
from crossdock.settings.lint import checked, find_problems
from crossdock.settings.platforms import InstalledPlatforms
from crossdock.settings.secrets import Resolver
from sync.config import HubConfig
from sync.orders.routes import ExportWhen, Shortage
from sync.payments.refunds import RefundsBy

CONFIG = """\
database: sqlite:///hub.sqlite
connections:
  erp: {connector: memory, settings: {world: so-erp}, currency: EUR}
  shop: {connector: memory, settings: {world: so-shop}, currency: EUR}
  tpl: {connector: memory, settings: {world: so-tpl}, currency: EUR}
locations:
  WH1: {erp: WH1, shop: WH1, tpl: WH1}
  WH2: {erp: WH2, shop: WH2}
ownership:
  variant.sku: erp
  inventory.stock[*]: erp
pools:
  main: {locations: [WH1, WH2]}
flows:
  stock: {kind: inventory, source: erp, targets: {shop: {pool: main}}}
orders:
  shop: {go_live: "2026-11-27T08:00:00+01:00", books: [erp], %s}
routing:
  - {to: tpl, locations: [WH1], %s}
"""


def _hub(tmp_path: Path, orders: str = "export_when: paid", routing: str = "name: first") -> HubConfig:
    return _read(tmp_path, CONFIG % (orders, routing))


def _read(tmp_path: Path, text: str) -> HubConfig:
    path = tmp_path / "crossdock.yaml"
    path.write_text(text, encoding="utf-8")
    return hub_config(checked(path, InstalledPlatforms()), Resolver({}, tmp_path))


def _refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        _read(tmp_path, text)
    return "\n".join(f"{one} {one.hint}" for one in caught.value.problems)


def test_an_order_flow_arrives_as_written_with_its_go_live_in_utc(tmp_path: Path) -> None:
    orders = "export_when: authorized, unpaid_hours: 1.5, reserve_statuses: [processing], notify_customer: true"
    flow = _hub(tmp_path, orders).orders["shop"]
    assert flow.go_live == datetime(2026, 11, 27, 7, tzinfo=UTC)
    assert (flow.name, flow.channel, flow.targets) == ("orders_shop", "shop", ("erp",))
    assert (flow.export_when, flow.notify_customer) == (ExportWhen.AUTHORIZED, True)
    assert flow.reserve.unpaid_for == timedelta(minutes=90)
    assert flow.reserve.platform_statuses == frozenset({"processing"})


@pytest.mark.parametrize(
    ("said", "found"),
    [("", RefundsBy.MANUAL), (", refunds: processor", RefundsBy.PROCESSOR), (", refunds: request", RefundsBy.REQUEST)],
)
def test_nobody_is_asked_to_pay_a_refund_unless_it_says_so(tmp_path: Path, said: str, found: RefundsBy) -> None:
    text = CONFIG % ("export_when: paid", "name: first") + f"payments:\n  tpl: {{channels: [shop]{said}}}\n"
    assert _read(tmp_path, text).processors["tpl"].refunds is found


def test_unpaid_orders_reserve_for_three_days_unless_told_otherwise(tmp_path: Path) -> None:
    assert _hub(tmp_path).orders["shop"].reserve.unpaid_for == timedelta(hours=72)
    assert _hub(tmp_path, "unpaid_hours: null").orders["shop"].reserve.unpaid_for is None


def test_a_rule_arrives_as_written(tmp_path: Path) -> None:
    routing = (
        "channels: [shop], countries: [DE, AT], skus: ['MUG-*'], tags: [vip], cut_off: '14:30', method: dhl, "
        "methods: {EXP: express}, split: false, shortage: send"
    )
    (rule,) = _hub(tmp_path, routing=routing).routes
    assert (rule.name, rule.to, rule.locations) == ("tpl", "tpl", ("WH1",))
    assert (rule.channels, rule.countries) == (frozenset({"shop"}), frozenset({"DE", "AT"}))
    assert (rule.skus, rule.tags, rule.cut_off) == (("MUG-*",), frozenset({"vip"}), time(14, 30))
    assert (rule.method, dict(rule.methods), rule.split, rule.shortage) == (
        "dhl",
        {"EXP": "express"},
        False,
        Shortage.SEND,
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2026-11-27T08:00:00+01:00", "tomorrow", "go_live is no instant: tomorrow"),
        ("2026-11-27T08:00:00+01:00", "2026-11-27T08:00:00", "has no time zone"),
        ("books: [erp]", "books: [erb]", "there is no connection erb"),
        ("books: [erp]", "books: [erp, shop]", "shop is where the orders come from"),
        ("books: [erp]", "books: []", "erp counts the stock that shop sells, but hears of no order of it"),
        ("  shop: {go_live", "  shopp: {go_live", "there is no connection shopp"),
        ("to: tpl", "to: tpll", "there is no connection tpll"),
        ("locations: [WH1], name", "locations: [WH9], name", "there is no location WH9"),
        ("name: first", "channels: [web]", "no orders of web flow"),
        ("name: first", "cut_off: '25:00'", "25:00 is no time of day"),
        (
            "name: first",
            "countries: [Germany]",
            "not valid: Germany (A country by its two capital letters",
        ),
        ("name: first", "shortage: pray", "shortage"),
        ("export_when: paid", "export_when: sometime", "export_when"),
        ("export_when: paid", "unpaid_hours: 0", "unpaid_hours"),
        ("export_when: paid", "reserv_statuses: []", "reserv_statuses"),
    ],
)
def test_a_mistake_is_refused_with_its_name(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = CONFIG % ("export_when: paid", "name: first")
    assert old in text
    assert said in _refused(tmp_path, text.replace(old, new))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = (CONFIG % ("export_when: paid", "channels: [web]")).replace("books: [erp]", "books: [erp, erb]")
    told = _refused(tmp_path, text.replace("locations: [WH1], channels", "locations: [WH9], channels"))
    assert all(one in told for one in ("erb", "web", "WH9"))


@pytest.mark.parametrize(
    ("payments", "said"),
    [
        ("books: {channels: [shop]}", "books shows no charges"),
        ("books: {channels: [shop], refunds: request}", "cannot be asked to pay refunds"),
        ("erp: {channels: [web]}", "no orders of web flow"),
        ("bank: {channels: [shop]}", "there is no connection bank"),
        ("erp: {channels: []}", "channels"),
    ],
)
def test_a_processor_must_show_charges_and_serve_a_channel_with_orders(
    tmp_path: Path, payments: str, said: str
) -> None:
    books = "  books: {connector: tryton, settings: {url: https://erp.example, database: d, username: u, password: p}}"
    text = (CONFIG % ("export_when: paid", "name: first")).replace("locations:", f"{books}\nlocations:", 1)
    assert said in _refused(tmp_path, f"{text}payments:\n  {payments}\n")


def test_a_changed_rule_is_another_configuration(tmp_path: Path) -> None:
    assert _hub(tmp_path).version != _hub(tmp_path, routing="tags: [vip]").version


@pytest.mark.parametrize(("setting", "named"), [("", True), (", web_shop: 0", True), (", web_shop: 3", False)])
def test_books_that_lack_the_setting_they_need_for_orders_are_named(
    tmp_path: Path, setting: str, *, named: bool
) -> None:
    account = f"{{url: https://erp.example, database: d, username: u, password: p{setting}}}"
    text = CONFIG % ("export_when: soon", "name: first")
    text = text.replace("locations:", f"  books: {{connector: tryton, settings: {account}}}\nlocations:", 1)
    text = text.replace("books: [erp]", "books: [erp, books]").replace("export_when: soon", "")
    path = tmp_path / "crossdock.yaml"
    path.write_text(text, encoding="utf-8")
    said = [str(one) for one in find_problems(path, InstalledPlatforms())]
    assert any("books is asked for orders: set web_shop" in one for one in said) is named, said
