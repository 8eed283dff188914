"""The configuration is read as a whole: everything wrong is told at once, with its place."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import pytest

from canonical.errors import ConfigError, Problem
from canonical.inventory import ChannelRule, Component, Pool
from canonical.slot import Slot
from connectors.manifest import FieldCatalog, Manifest, Setting
from crossdock.settings.load import examine, find_config, load_settings
from crossdock.settings.model import Settings


def _manifest(name: str) -> Manifest:
    settings = {
        "url": Setting(about="where it is", required=True, example="https://shop.example"),
        "token": Setting(about="the API token", required=True, secret=True),
        "version": Setting(about="the API version", choices=("2026-07", "2026-10")),
        "verify": Setting(about="check the certificate", kind="flag"),
    }
    return Manifest(name=name, title=name.title(), docs="", settings=settings, resources={}, writes={})


class _Platforms:
    def names(self) -> list[str]:
        return ["erp_system", "shop_system"]

    def manifest_of(self, name: str) -> Manifest:
        return _manifest(name)

    def fields_of(self, name: str) -> FieldCatalog:
        return FieldCatalog({}, {})


GOOD = """\
database: sqlite:///data.sqlite
connections:
  erp:
    connector: erp_system
    settings: {url: "https://erp.example", token: "${env:ERP_TOKEN}"}
    currency: EUR
  shop:
    connector: shop_system
    settings: {url: "https://shop.example", token: "${file:shop.token}", verify: false}
    currency: EUR
locations:
  WH1: {erp: 5, shop: "gid://1"}
  WH2: {erp: 6}
ownership:
  variant.sku: erp
  variant.price[EUR]: erp
  inventory.stock[*]: erp
pools:
  main: {locations: [WH1, WH2], safety_stock: 1}
flows:
  stock:
    kind: inventory
    source: erp
    targets: {shop: {pool: main, buffer: 2}}
  prices:
    kind: state
    source: erp
    entity: variant
    fields: [price]
    targets: {shop: }
kits:
  KIT: {A: 2, B: 1}
units: {0042: 12}
plan: {max_age_hours: 2}
"""


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "crossdock.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    return path


def _load(tmp_path: Path, text: str = GOOD) -> Settings:
    return load_settings(_write(tmp_path, text), _Platforms())


def _problems(tmp_path: Path, text: str) -> list[Problem]:
    return examine(_write(tmp_path, text), _Platforms())[1]


def _said(tmp_path: Path, text: str) -> str:
    return "\n".join(str(problem) for problem in _problems(tmp_path, text))


def _line(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_a_good_file_becomes_values(tmp_path: Path) -> None:
    settings = _load(tmp_path)
    assert settings.pools == {"main": Pool("main", ("WH1", "WH2"), 1)}
    assert settings.connections["erp"].locations == {"WH1": "5", "WH2": "6"}
    assert settings.ownership.owner_of("variant", Slot("price", "EUR")) == "erp"
    assert settings.ownership.owner_of("inventory", Slot("stock", "WH2")) == "erp"
    assert settings.kits == {"KIT": (Component("A", 2), Component("B", 1))}
    assert settings.plan_max_age == timedelta(hours=2)
    assert settings.guards.zero_percent == 20.0


def test_an_article_number_keeps_its_leading_zeros(tmp_path: Path) -> None:
    assert _load(tmp_path).units == {"0042": 12}


def test_a_channel_fills_the_locations_of_its_pool_that_it_knows(tmp_path: Path) -> None:
    assert _load(tmp_path).rules["stock"] == {"shop": ChannelRule("shop", "main", 2, None, ("WH1",))}


def test_an_ownership_rule_knows_its_line(tmp_path: Path) -> None:
    rule = _load(tmp_path).ownership.rule_of("variant", Slot("price", "EUR"))
    assert rule is not None
    assert (rule.line, rule.file) == (_line(GOOD, "variant.price"), str(tmp_path / "crossdock.yaml"))


def test_all_problems_are_told_at_once_with_line_and_column(tmp_path: Path) -> None:
    text = (
        GOOD.replace("connector: shop_system", "connector: shop_systm")
        .replace("kind: state", "knd: state")
        .replace("safety_stock: 1", "safety_stock: lots")
        .replace("variant.price[EUR]: erp", "variant.prise[EUR]: erp")
    )
    problems = _problems(tmp_path, text)
    places = {(problem.line, problem.message.split()[0]) for problem in problems}
    assert (_line(text, "shop_systm"), "there") in places
    assert (_line(text, "knd:"), "unknown") in places
    assert (_line(text, "lots"), "safety_stock") in places
    assert (_line(text, "prise"), "variant") in places
    assert all(problem.column > 0 for problem in problems)


@pytest.mark.parametrize(
    ("find", "put", "message", "hint"),
    [
        ("connector: shop_system", "connector: shop_systm", "there is no connector shop_systm", "shop_system"),
        ("source: erp", "source: epr", "there is no connection epr", "did you mean 'erp'?"),
        ("pool: main", "pool: mian", "there is no pool mian", "did you mean 'main'?"),
        ("[WH1, WH2], safety", "[WH1, HW2], safety", "there is no location HW2", "WH2"),
        ("buffer: 2", "bufer: 2", "unknown key bufer", "did you mean 'buffer'?"),
        ("buffer: 2", "buffer: -2", "buffer must be 0 or more", ""),
        ("buffer: 2", "buffer: 2.5", "buffer must be a whole number, not 2.5", ""),
        ("buffer: 2", "buffer: yes", "buffer must be a whole number, not yes", ""),
        ("source: erp\n    entity", "source: erp\n    on_conflict: restor\n    entity", "cannot be restor", "restore"),
        ("fields: [price]", "fields: [pricee]", "variant has no field pricee", "did you mean 'price'?"),
        ("fields: [price]", "fields: [sku]", "a state flow cannot move variant.sku", "recognized"),
        ("fields: [price]", "fields: []", "a state flow needs its fields", ""),
        ("targets: {shop: }", "targets: {erp: }", "erp is the source of this flow", ""),
        ("targets: {shop: }", "targets: {}", "targets must not be empty", ""),
        ("targets: {shop: }", "targets: {shop: {pool: main}}", "pool belongs to inventory flows", ""),
        ("{pool: main, buffer: 2}", "{buffer: 2}", "shop needs a pool to sell from", ""),
        ("buffer: 2", "locations: [WH2]", "WH2 has no id on shop", "doctor"),
        ("variant.price[EUR]: erp", "variant.price: erp", "one value per currency", "variant.price[*]"),
        ("variant.price[EUR]: erp", "variant.title[de]: erp", "variant.title has no scope", "write variant.title"),
        ("variant.price[EUR]: erp", "variant.price[eur]: erp", "eur is not a currency", ""),
        ("variant.price[EUR]: erp", "inventory.on_hand[WH1]: erp", "is only read, nobody owns it", ""),
        ("variant.price[EUR]: erp", "variant price: erp", "variant price is not a slot", "entity.field"),
        ("variant.price[EUR]: erp", "inventory.stock[WH9]: erp", "there is no location WH9", ""),
        ("verify: false", "verify: maybe", "verify must be true or false, not maybe", ""),
        ("verify: false", "verifi: false", "Shop_System has no setting verifi", "did you mean 'verify'?"),
        ("verify: false", "version: 2026-11", "version cannot be 2026-11", "2026-10"),
        ("${env:ERP_TOKEN}", "s3cr3t", "the secret token must not stand in this file", "token: ${env:NAME}"),
        ("${env:ERP_TOKEN}", "${enf:ERP_TOKEN}", "${enf:ERP_TOKEN} is not a reference", "did you mean 'env'?"),
        ("${env:ERP_TOKEN}", "${ERP_TOKEN}", "${ERP_TOKEN} is not a reference", "write ${env:ERP_TOKEN}"),
        ("KIT: {A: 2, B: 1}", "KIT: {A: 2, KIT: 1}", "KIT is a kit itself", ""),
        ("KIT: {A: 2, B: 1}", "KIT: {A: 0}", "A must be 1 or more", ""),
        ("WH2: {erp: 6}", "WH2: {erp: 5}", "5 on erp is already the id of WH1", ""),
        ("variant.sku: erp", "variant.title: erp", "nobody owns variant.sku", "whose records are the catalog"),
        ("max_age_hours: 2", "max_age_hours: .inf", "max_age_hours must be a number", ""),
        ("sqlite:///data.sqlite", "${DATABASE_URL}", "${DATABASE_URL} is not a reference", "${env:DATABASE_URL}"),
    ],
)
def test_one_mistake_gives_one_message_that_says_what_to_do(
    tmp_path: Path, find: str, put: str, message: str, hint: str
) -> None:
    assert GOOD.count(find) >= 1
    said = _said(tmp_path, GOOD.replace(find, put))
    assert message in said
    assert hint in said


def test_a_slot_with_two_owners_names_both_lines(tmp_path: Path) -> None:
    text = GOOD.replace("  variant.price[EUR]: erp\n", "  variant.price[EUR]: erp\n  variant.price[EUR]: shop\n")
    (problem,) = _problems(tmp_path, text)
    first = _line(text, "variant.price[EUR]: erp")
    assert "variant.price[EUR] is there twice: a slot has exactly one owner" in problem.message
    assert problem.line == first + 1
    assert str(first) in problem.hint


def test_a_flow_of_a_slot_that_nobody_owns_is_refused(tmp_path: Path) -> None:
    said = _said(tmp_path, GOOD.replace("  variant.price[EUR]: erp\n", ""))
    assert "nobody owns variant.price[EUR]" in said
    assert "add variant.price[EUR]: erp to ownership" in said


def test_one_location_that_nobody_owns_is_found(tmp_path: Path) -> None:
    said = _said(tmp_path, GOOD.replace("inventory.stock[*]", "inventory.stock[WH1]"))
    assert "nobody owns inventory.stock[WH2]" in said
    assert "nobody owns inventory.stock[WH1]" not in said


def test_a_flow_from_a_connection_that_does_not_own_the_slot_is_refused(tmp_path: Path) -> None:
    text = GOOD.replace("variant.price[EUR]: erp", "variant.price[EUR]: shop")
    assert f"belongs to shop (line {_line(text, 'variant.price')}), but this flow takes it from erp" in _said(
        tmp_path, text
    )


def test_two_currencies_never_flow_into_each_other(tmp_path: Path) -> None:
    text = GOOD.replace("verify: false}\n    currency: EUR", "verify: false}\n    currency: USD")
    assert "erp keeps EUR and shop keeps USD" in _said(tmp_path, text)


def test_a_price_needs_a_currency(tmp_path: Path) -> None:
    text = GOOD.replace("verify: false}\n    currency: EUR", "verify: false}")
    assert "shop needs a currency for price" in _said(tmp_path, text)


def test_two_flows_cannot_write_the_same_field(tmp_path: Path) -> None:
    more = "  more:\n    {kind: state, source: erp, entity: variant, fields: [price], targets: {shop: }}\nkits:"
    assert "variant.price on shop is already written by the flow prices" in _said(tmp_path, GOOD.replace("kits:", more))


def test_a_location_in_two_pools_would_be_sold_twice(tmp_path: Path) -> None:
    text = GOOD.replace("pools:\n", "pools:\n  other: {locations: [WH2]}\n")
    assert "WH2 is already in the pool other" in _said(tmp_path, text)


def test_a_flow_does_not_write_to_a_read_only_connection(tmp_path: Path) -> None:
    assert "shop is read_only" in _said(tmp_path, GOOD.replace("  shop:\n", "  shop:\n    read_only: true\n"))


def test_a_broken_connection_is_not_told_again_by_those_who_name_it(tmp_path: Path) -> None:
    problems = _problems(tmp_path, GOOD.replace("    connector: shop_system\n", ""))
    assert [problem.message for problem in problems] == ["shop needs the key connector"]


def test_a_warning_alone_does_not_stop_loading_but_an_error_does(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, GOOD.replace("buffer: 2", "buffer: -1").replace("pool: main", "pool: mian"))
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize("text", ["", "just words", "- a\n- list\n", "connections: [erp]\n", "connections: {erp: \n"])
def test_a_file_of_another_shape_is_a_configuration_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, text)
    assert caught.value.problems[0].line >= 0
    assert caught.value.problems[0].message


def test_layout_and_comments_do_not_change_the_version_but_a_value_does(tmp_path: Path) -> None:
    version = _load(tmp_path).version
    assert len(version) == 16
    assert _load(tmp_path, "# a comment\n" + GOOD).version == version
    assert _load(tmp_path, GOOD.replace("buffer: 2", "buffer: 3")).version != version


def test_a_configuration_is_equal_to_itself_and_to_another_with_comments(tmp_path: Path) -> None:
    """Else a daemon would say that it follows changes whenever it looks."""
    assert _load(tmp_path, GOOD) == _load(tmp_path, "# Ours.\n\n" + GOOD)
    assert _load(tmp_path, GOOD) != _load(tmp_path, GOOD + "alerts: {stale_minutes: 5}\n")


def test_a_changed_mapping_file_changes_the_version(tmp_path: Path) -> None:
    first = _load(tmp_path).version
    mapping = tmp_path / "mappings" / "erp_system" / "variant.yaml"
    mapping.parent.mkdir(parents=True)
    mapping.write_text("a: 1", encoding="utf-8")
    second = _load(tmp_path).version
    mapping.write_text("a: 2", encoding="utf-8")
    assert len({first, second, _load(tmp_path).version}) == 3


def test_the_same_configuration_in_another_folder_has_the_same_version(tmp_path: Path) -> None:
    versions = set()
    for place in ("a", "b"):
        mapping = tmp_path / place / "mappings" / "erp_system" / "variant.yaml"
        mapping.parent.mkdir(parents=True)
        mapping.write_text("a: 1", encoding="utf-8")
        versions.add(_load(tmp_path / place).version)
    assert len(versions) == 1


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="crossdock init"):
        find_config(tmp_path / "crossdock.yaml")
