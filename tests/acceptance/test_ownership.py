"""Every value has one owner: nobody else's value travels, and nothing is written but what a mapping names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from canonical.errors import ConfigError
from connectors.simulation import CatalogItem, Fault
from crossdock.settings.hub import hub_config
from crossdock.settings.lint import checked
from crossdock.settings.platforms import InstalledPlatforms
from crossdock.settings.secrets import Resolver
from sync import adopt
from sync.adopt import approve
from sync.config import Baseline
from sync.hub import Hub
from sync.observe import ReadMode
from sync.planner import plan
from sync.run import lease, look, make_plan, run_sync
from tests.support.findings import applied, lines, open_conflicts
from tests.support.trade import SECRETS, Trade, catalog, open_trade

SKU, OTHER = "SKU-00001", "SKU-00002"


def reconfigured(trade: Trade, folder: Path, *changes: tuple[str, str]) -> Hub:
    """The hub after the operator edited the configuration; the database and the platforms stay."""
    file = folder / "crossdock.yaml"
    text = file.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)
    config = hub_config(checked(file, InstalledPlatforms()), Resolver(SECRETS, folder, set()))
    return Hub(config, trade.hub.database, trade.clock, transports=trade.hub.transports)


def differing(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """The paths at which two nested values differ."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in before.keys() | after.keys():
            yield from differing(before.get(key), after.get(key), f"{path}|{key}")
    elif before != after:
        yield path


def test_what_a_shop_changes_without_owning_it_never_reaches_another_system(tmp_path: Path) -> None:
    trade = open_trade(tmp_path, catalog(12))
    trade.adopt()
    books = trade.erp.snapshot()
    trade.shopify.admin.set_price(SKU, Decimal("777.77"))
    trade.shopify.admin.set_title(SKU, "A name only this shop uses")
    trade.shopify.admin.set_available(SKU, "WH1", 777)
    trade.woo.admin.set_price(OTHER, Decimal("555.55"))
    trade.woo.admin.set_stock(OTHER, 555)
    trade.woo.admin.set_field(OTHER, "name", "A name only this site uses")
    # The owner moves too, so that both records are written in the same run.
    for sku in (SKU, OTHER):
        trade.erp.admin.set_stock(sku, "WH2", 4)
    books_now = trade.erp.snapshot()
    assert books_now != books

    for _ in range(3):
        trade.clock.advance(60)
        run_sync(trade.hub, ReadMode.FULL)

    assert trade.erp.snapshot() == books_now
    assert trade.woo.price(SKU) == 10
    assert trade.woo.quantity(SKU) == 14
    assert trade.shopify.price(OTHER) == 10
    assert [trade.shopify.quantity(OTHER, place) for place in ("WH1", "WH2")] == [10, 4]
    effects = [*trade.shopify.log.effects(), *trade.woo.log.effects(), *trade.erp.log.effects()]
    assert not [effect for effect in effects if effect.endswith(("777", "777.77", "555", "555.55"))]
    # Stock that was raised by hand is lowered, a price is held: both are in the log.
    assert trade.shopify.quantity(SKU, "WH1") == 10
    assert trade.woo.quantity(OTHER) == 14
    assert open_conflicts(trade.hub) >= {("shop_eu", "changed_by_other"), ("shop_web", "changed_by_other")}


def test_nothing_is_written_but_what_the_mapping_names(tmp_path: Path) -> None:
    items = [
        CatalogItem(
            f"SKU-{number:05d}",
            f"Thing {number} \N{SNOWMAN}",
            Decimal("10.00"),
            {"WH1": 10, "WH2": 5},
            gtin="4006381333931" if number == 1 else "",
            option=f"Size {number}" if number > 6 else "",
            product="family" if number > 6 else "",
            description="<p>Plain <b>text</b> &amp; more</p>",
            tags=("b", "a"),
        )
        for number in range(1, 13)
    ]
    trade = open_trade(tmp_path, items)
    trade.adopt()
    trade.shopify.admin.set_compare_at_price(SKU, Decimal("19.99"))
    trade.woo.admin.set_field(SKU, "meta_data", [{"key": "_supplier", "value": {"nested": [1, "\N{PILE OF POO}"]}}])
    trade.woo.admin.set_field(SKU, "short_description", "<em>Short</em>")
    trade.woo.admin.set_field(SKU, "weight", "1.250")
    trade.clock.advance(60)
    run_sync(trade.hub, ReadMode.FULL)
    shop, site = trade.shopify.snapshot(), trade.woo.snapshot()
    for sku in (SKU, "SKU-00007"):
        trade.erp.admin.set_stock(sku, "WH1", 3)
        trade.erp.admin.set_variant_price(sku, None)
    trade.erp.admin.set_price(SKU, Decimal("11.00"))
    trade.clock.advance(60)

    assert applied(run_sync(trade.hub, ReadMode.FULL)) == 6

    changed = {path.split("|", 3)[-1] for path in differing(shop, trade.shopify.snapshot())}
    assert changed == {"price", "levels|WH1|available", "levels|WH1|on_hand"}
    changed = {path.split("|", 2)[-1] for path in differing(site, trade.woo.snapshot())}
    # The price people pay, and the markup that shows it, follow from the price that is written.
    assert changed - {"price_html"} == {"regular_price", "price", "stock_quantity"}


def test_a_new_owner_of_prices_moves_nothing_until_it_was_read_whole_and_then_its_prices_travel(tmp_path: Path) -> None:
    trade = open_trade(tmp_path, catalog(300))
    trade.adopt()
    # The shop that will own prices asks 10.50 for some of its things: not written yet, for it does not own them yet.
    for number in (1, 300):
        trade.woo.admin.set_price(f"SKU-{number:05d}", Decimal("10.50"))
    trade.clock.advance(60)
    trade.clear_logs()
    hub = reconfigured(
        trade,
        tmp_path,
        ("variant.price[EUR]: erp", "variant.price[EUR]: shop_web"),
        ("    source: erp\n    entity: variant", "    source: shop_web\n    entity: variant"),
        ("targets: {shop_eu: {}, shop_web: {}}", "targets: {shop_eu: {}}"),
    )
    flows = list(hub.config.flows.values())
    assert hub.config.version != trade.hub.config.version

    with lease(hub, "plan"):
        assert plan(hub, flows).changes == 0, "the former owner's prices count no more, the new one's are not read"
    trade.woo.faults.add(Fault("status", times=1000, when=_third(), status=401))
    with lease(hub, "plan"):
        looked, summary = make_plan(hub)
    assert "shop_web" in looked.failed
    assert summary.changes == 0, "a part of the new owner is not the new owner"
    trade.woo.faults.clear()
    trade.clock.advance(60)
    with lease(hub, "plan"):
        _, summary = make_plan(hub)

    assert lines(hub, summary.plan_id) == {
        ("shop_eu", f"SKU-{number:05d}", "price[EUR]", "10.5", "planned") for number in (1, 300)
    }
    with lease(hub, "sync"):
        run_sync(hub, ReadMode.FULL)
    asked = [trade.shopify.price(f"SKU-{number:05d}") for number in (1, 2, 300)]
    assert asked == [Decimal("10.50"), 10, Decimal("10.50")]
    trade.erp.admin.set_price(OTHER, Decimal("9.00"))
    trade.clock.advance(60)
    with lease(hub, "sync"):
        assert applied(run_sync(hub, ReadMode.FULL)) == 0, "the former owner is heard no more"
    assert trade.woo.log.writes() == 0


def _third() -> Any:
    """Matches from the third request on."""
    seen = 0

    def match(_request: object) -> bool:
        nonlocal seen
        seen += 1
        return seen > 2

    return match


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  variant.price[EUR]: erp\n", "  variant.price[EUR]: erp\n  variant.price[EUR]: shop_eu\n", "price"),
        ("  variant.price[EUR]: erp\n", "", "price"),
        ("  inventory.stock[*]: erp\n", "  inventory.stock[WH1]: erp\n", "WH2"),
    ],
)
def test_two_owners_or_none_is_told_with_file_line_and_column(tmp_path: Path, old: str, new: str, said: str) -> None:
    open_trade(tmp_path, catalog(1))
    file = tmp_path / "crossdock.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))

    with pytest.raises(ConfigError) as caught:
        checked(file, InstalledPlatforms())

    problem = caught.value.problems[0]
    assert problem.file == str(file)
    assert problem.line > 1
    assert problem.column > 0
    assert said in str(problem)
    assert problem.hint


def test_a_text_the_shop_rewrites_is_written_once(tmp_path: Path) -> None:
    (tmp_path / "mappings" / "tryton").mkdir(parents=True)
    (tmp_path / "mappings" / "tryton" / "variant.yaml").write_text(
        'fields:\n  description: {path: description, null_is: ""}\n'
    )
    wild = (
        '<P CLASS=big>Nice<br>thing</P><script>alert("x")</script> <b onclick="y()">5 < 6 & more</b> &nbsp; \N{SNOWMAN}'
    )
    trade = open_trade(tmp_path, catalog(12))
    for number in range(1, 4):
        product = trade.erp.state.by_code[f"SKU-{number:05d}"]
        trade.erp.state.variants[product].description = wild
    hub = reconfigured(
        trade,
        tmp_path,
        ("  variant.sellable: erp\n", "  variant.sellable: erp\n  variant.description: erp\n"),
        ("targets: {shop_eu: {}, shop_web: {}}", "targets: {shop_eu: {}, shop_web: {}}\n" + _TEXTS),
    )
    with lease(hub, "adopt"):
        look(hub, ReadMode.FULL)
        for flow in hub.config.flows.values():
            for target in flow.targets:
                approve(hub, flow, target, Baseline.OWNER)
        trade.clock.advance(1)
        assert applied(run_sync(hub, ReadMode.FULL)) == 3
        trade.clock.advance(60)
        _, again = make_plan(hub)
    shown = {record["description"] for record in trade.woo.snapshot().values() if record["description"]}
    assert len(shown) == 1
    assert "script" not in shown.pop(), "the shop did rewrite it"
    assert again.changes == 0
    assert open_conflicts(hub) == set()
    trade.clear_logs()
    with lease(hub, "sync"):
        run_sync(hub, ReadMode.FULL)
    assert trade.woo.log.writes() == 0


_TEXTS = """\
  texts:
    kind: state
    source: erp
    entity: variant
    fields: [description]
    targets: {shop_web: {}}
"""


def test_an_owner_that_says_nothing_never_blanks_a_shop(tmp_path: Path) -> None:
    trade = open_trade(tmp_path, catalog(12))
    trade.adopt()
    template = trade.erp.state.template_of(trade.erp.state.by_code[SKU])
    template.list_price, template.written = None, trade.erp.stamp()
    trade.clock.advance(60)

    report = run_sync(trade.hub, ReadMode.FULL)

    assert applied(report) == 0
    assert trade.shopify.price(SKU) == trade.woo.price(SKU) == 10
    flow = trade.hub.config.flows["prices"]
    assert adopt.report(trade.hub, flow, "shop_web").unknown == {"clear_not_allowed": 1}
