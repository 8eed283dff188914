"""Whatever stands in a file of the operator's: it is read, or told in words; never a traceback, never without end."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from canonical.errors import ConfigError, CrossdockError
from connectors.base import Environment
from connectors.conformance.world import MemoryState
from connectors.simulation import Ticker
from crossdock.settings.hub import database_url, hub_config
from crossdock.settings.lint import checked, find_problems
from crossdock.settings.platforms import InstalledPlatforms
from crossdock.settings.secrets import Resolver
from mappings.loader import SHIPPED
from mappings.source import parse_yaml
from sync import planfile

CONFIG = """\
database: sqlite:///hub.sqlite
connections:
  erp:
    connector: tryton
    settings: {url: "https://erp.example", database: d, username: u, password: "${env:A}", web_shop: 1, warehouse: 4}
    currency: EUR
  eu: {connector: shopify, settings: {shop: demo.myshopify.com, access_token: "${env:A}"}, currency: EUR}
  web:
    connector: woocommerce
    allow_private_network: true
    settings: {url: "https://shop.example", consumer_key: "${env:A}", consumer_secret: "${env:A}"}
    webhook_secrets: ["${env:A}"]
    write_settle_seconds: 5
    currency: EUR
  bob: {connector: shipbob, settings: {token: "${env:A}"}, read_only: true}
  hero: {connector: shiphero, settings: {refresh_token: "${env:A}"}}
  pay: {connector: stripe, settings: {api_key: "${env:A}"}, currency: EUR}
locations:
  WH1: {erp: "1", eu: "gid://shopify/Location/1", bob: "8"}
  WH2: {erp: "2", eu: "gid://shopify/Location/2", hero: "9"}
ownership: {variant.sku: erp, variant.sellable: erp, "variant.price[EUR]": erp, "inventory.stock[*]": erp}
pools:
  main: {locations: [WH1, WH2], safety_stock: 1, last_units: {below: 3, channel: eu}}
flows:
  stock:
    kind: inventory
    source: erp
    targets: {eu: {pool: main, locations: [WH1, WH2], quota: 50}, web: {pool: main, buffer: 2, max_listed: 10}}
  prices: {kind: state, source: erp, entity: variant, fields: [price], targets: {eu: {}, web: {}}, on_conflict: hold}
kits: {KIT: {A: 2, B: 1}}
units: {C: 12}
orders:
  eu: {go_live: "2027-01-04T08:00:00Z", books: [erp], export_when: paid, unpaid_hours: 72}
  web: {go_live: "2027-01-04T08:00:00Z", books: [erp]}
routing:
  - {name: abroad, to: bob, locations: [WH1], countries: [US], split: true}
  - {to: hero, locations: [WH2], shortage: wait}
payments:
  pay: {channels: [eu, web], gateways: [stripe], refunds: manual}
guards: {changed_percent: 30, window_hours: 24}
plan: {max_age_hours: 24}
webhooks: {host: 127.0.0.1, port: 8085, public_url: "https://hub.example.com", max_per_second: 10}
"""
_CHANGE = planfile.SavedChange(
    1, "f", "eu", "variant", 1, "x", "price[EUR]", "A", "erp", "set", "1", "2", False, "differs", "ff", "planned"
)
PLAN = planfile.SavedPlan(
    planfile.FORMAT,
    "db",
    "version",
    "2026-11-27T08:00:00.000000Z",
    [_CHANGE],
    [planfile.SavedEffect(1, "request", "bob", "ref", "1001", "ff")],
)
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(
            "",
            " ",
            "\x00",
            "\n",
            "é",
            "\U0001f600",
            "${env:A}",
            "${env:}",
            "${file:/}",
            "${",
            "*",
            "[",
            "[*]",
            "erp",
            "web",
            "WH1",
        ),
        *(
            "0",
            "-1",
            "1e999",
            "0001-01-01T00:00:00+23:00",
            "9999-12-31T23:59:59-23:00",
            "http://[",
            "https://a:b@c:99999",
        ),
        *(
            "x" * 5000,
            "a" * 200 + "!",
            "variant.price[EUR]",
            "sqlite:///",
            "postgresql://:0/",
            "../../etc",
            "main",
            "A",
            "KIT",
        ),
        *(0, -1, 1, 2**63, -(2**70), 10**39, 0.5, -0.0, 1e308, float("inf"), float("nan"), True, False, None),
        *([], {}, [[]], [None], {"": ""}, {"a": {"a": {"a": []}}}, ["erp", "erp"], {"erp": None}, {"*": 1}),
    ]
)
_examples = settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a tree with each of its keys."""
    keys = list(data) if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    for key in keys:
        yield data, key
        yield from _places(data[key])


def spoiled(data: Any, odd: list[Any], chance: random.Random) -> Any:
    """A tree in which something was exchanged, taken away, moved or renamed, once for each odd value."""
    for value in map(deepcopy, odd):
        found = list(_places(data))
        if not found:
            return value
        inside, key = chance.choice(found)
        act = chance.randrange(5)
        if act == 0:
            del inside[key]
        elif act == 1 and isinstance(inside, dict) and isinstance(value, str):
            inside[value] = inside.pop(key)
        elif act == 2:
            elsewhere, other = chance.choice(found)
            with suppress(KeyError, IndexError):
                inside[key] = msgspec.json.decode(msgspec.json.encode(elsewhere[other]))
        else:
            inside[key] = value
    return data


def _judged(folder: Path) -> None:
    """Go the way of every command: lint, then what the engine is given, then each connector."""
    platforms = InstalledPlatforms()
    file = folder / "crossdock.yaml"
    problems = find_problems(file, platforms)
    assert all(problem.message for problem in problems)
    try:
        read = checked(file, platforms)
        resolver = Resolver({"A": "rk_key"}, folder)
        config = hub_config(read, resolver)
        database_url(read, resolver)
    except ConfigError:
        return
    for name, connection in config.connections.items():
        with suppress(ConfigError):
            connection.build(Environment(name, Ticker(), MemoryState())).close()


@given(odd=st.lists(ODD, min_size=1, max_size=4), chance=st.randoms(use_true_random=False))
@_examples
def test_any_tree_in_place_of_a_configuration_is_read_or_told_in_words(odd: list[Any], chance: random.Random) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tree = spoiled(yaml.safe_load(CONFIG), odd, chance)
        (Path(folder) / "crossdock.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True), "utf-8")
        _judged(Path(folder))


@pytest.mark.parametrize("platform", ["shopify", "woocommerce", "tryton", "shipbob", "shiphero", "stripe"])
@given(odd=st.lists(ODD, min_size=1, max_size=4), chance=st.randoms(use_true_random=False))
@settings(_examples, max_examples=2)
def test_any_tree_in_place_of_a_mapping_is_read_or_told_in_words(
    platform: str, odd: list[Any], chance: random.Random
) -> None:
    shipped = chance.choice(sorted((SHIPPED / platform).rglob("*.yaml")))
    with tempfile.TemporaryDirectory() as folder:
        override = Path(folder) / "mappings" / shipped.relative_to(SHIPPED)
        override.parent.mkdir(parents=True)
        tree = spoiled(yaml.safe_load(shipped.read_text("utf-8")), odd, chance)
        override.write_text(yaml.safe_dump(tree, allow_unicode=True), "utf-8")
        (Path(folder) / "crossdock.yaml").write_text(CONFIG)
        _judged(Path(folder))


@given(text=st.one_of(st.text(), st.text("[]{}-?:&*!|>'\"%@`#,\n\t ab<0", max_size=80)))
@example("[" * 200_000)
@example("{a: " * 100_000)
@example("- " * 300_000)
@example("? " * 300_000)
@example("-\t" * 300_000)
@example("!a [" * 100_000)
@example("&a [" * 100_000)
@example("[" * 10_000 + "]" * 10_000)
@example("".join(" " * depth + "a:\n" for depth in range(3_000)))
@example("a: " + "x" * 17_000_000)
@example("a: \ud800")
@settings(max_examples=400)
def test_any_text_is_yaml_or_told_in_words(text: str) -> None:
    """Depth that the library would not survive is found before it sees it."""
    try:
        parse_yaml(text)
    except ConfigError as error:
        assert error.problems[0].message


@given(odd=st.lists(ODD, min_size=1, max_size=3), chance=st.randoms(use_true_random=False))
@settings(max_examples=300)
def test_any_tree_in_place_of_a_saved_plan_is_read_or_told_in_words(odd: list[Any], chance: random.Random) -> None:
    tree = spoiled(msgspec.to_builtins(PLAN), odd, chance)
    _load_plan(msgspec.json.encode(tree) if _is_json(tree) else repr(tree).encode())


@given(data=st.binary())
@example(b"[" * 1_000_000)
@example(b'{"format": "crossdock-plan/1", "changes": ' + b"[" * 1_000_000)
@example(b'{"format": ' + b'{"a":' * 1_000_000)
@example(msgspec.json.encode(msgspec.structs.replace(PLAN, created_at="0001-01-01T00:00:00+23:00")))
@example(msgspec.json.encode(PLAN).replace(b'"before":"1"', b'"before":' + b"[" * 100_000))
def test_any_bytes_in_place_of_a_saved_plan_are_read_or_told_in_words(data: bytes) -> None:
    _load_plan(data)


def _is_json(tree: Any) -> bool:
    try:
        msgspec.json.encode(tree)
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def _load_plan(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "saved.plan"
        path.write_bytes(data)
        with suppress(CrossdockError):
            planfile.load(path)
