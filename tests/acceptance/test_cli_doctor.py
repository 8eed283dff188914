"""``doctor`` and ``connectors`` as an operator calls them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from connectors.shopify.simulator.simulator import ShopifySimulator
from connectors.simulation import CatalogItem, serve
from connectors.woocommerce.simulator.simulator import WooSimulator
from crossdock.clock import SystemClock
from tests.support.commands import crossdock

CONFIG = """\
connections:
  erp: {connector: memory, settings: {world: "${env:WORLD}"}, currency: EUR}
"""


def test_doctor_finds_all_in_order_and_makes_nothing(tmp_path: Path) -> None:
    (tmp_path / "crossdock.yaml").write_text(CONFIG, encoding="utf-8")
    done = crossdock("doctor", "--format", "json", cwd=tmp_path, env={"WORLD": "w"})
    document = json.loads(done.stdout)
    assert (done.returncode, document["counts"]["error"]) == (0, 0)
    assert {row["connection"] for row in document["findings"]} == {"database", "erp"}
    assert [path.name for path in tmp_path.iterdir()] == ["crossdock.yaml"]


def test_doctor_goes_on_after_the_first_fault_and_says_what_to_do(tmp_path: Path) -> None:
    text = (
        CONFIG
        + "  shop: {connector: memory, settings: {world: shop}, currency: EUR}\ndatabase: sqlite:///no/x.sqlite\n"
    )
    (tmp_path / "crossdock.yaml").write_text(text, encoding="utf-8")
    done = crossdock("doctor", "--format", "json", cwd=tmp_path)
    rows = json.loads(done.stdout)["findings"]
    assert done.returncode == 1
    assert {row["connection"]: row["result"] for row in rows} == {"database": "error", "erp": "error", "shop": "ok"}
    assert all(row["advice"] for row in rows if row["result"] == "error")


def test_doctor_asks_the_accounts_though_something_else_in_the_configuration_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "crossdock.yaml").write_text(CONFIG + "pools:\n  main: {locations: [WH9]}\n", encoding="utf-8")
    done = crossdock("doctor", "--format", "json", cwd=tmp_path, env={"WORLD": "w"})
    rows = json.loads(done.stdout)["findings"]
    assert done.returncode == 1
    assert [row["message"] for row in rows if row["result"] == "error"] == [
        "crossdock.yaml:4:22: there is no location WH9"
    ]
    assert "erp" in {row["connection"] for row in rows if row["result"] == "ok"}


def test_doctor_asks_nobody_while_an_account_is_written_wrongly(tmp_path: Path) -> None:
    (tmp_path / "crossdock.yaml").write_text(CONFIG.replace("world:", "wrold:"), encoding="utf-8")
    done = crossdock("doctor", cwd=tmp_path, env={"WORLD": "w"})
    assert (done.returncode, done.stdout) == (1, "")
    assert "has no setting wrold" in done.stderr


def test_doctor_never_prints_a_secret_it_was_given(tmp_path: Path) -> None:
    text = CONFIG + "database: ${env:DATABASE}\n"
    (tmp_path / "crossdock.yaml").write_text(text, encoding="utf-8")
    env = {"WORLD": "w", "DATABASE": "postgresql://me:hunter2@127.0.0.1:1/hub"}
    for options in ((), ("-v",), ("--format", "json")):
        done = crossdock("doctor", *options, cwd=tmp_path, env=env)
        assert done.returncode == 1
        assert "hunter2" not in done.stdout + done.stderr


def test_the_list_of_connectors_comes_from_their_manifests(tmp_path: Path) -> None:
    done = crossdock("connectors", "list", "--format", "json", cwd=tmp_path)
    rows = {row["name"]: row for row in json.loads(done.stdout)["connectors"]}
    assert {"shopify", "woocommerce", "tryton"} <= set(rows)
    assert all({"variant", "inventory"} <= set(rows[name]["entities"]) for name in ("shopify", "woocommerce", "tryton"))
    assert {"charge", "payout"} <= set(rows["stripe"]["documents"])
    assert rows["shopify"]["default_version"] in rows["shopify"]["versions"]


def test_a_connector_is_shown_with_every_setting_and_whatever_it_can_write(tmp_path: Path) -> None:
    shown = json.loads(crossdock("connectors", "show", "woocommerce", "--format", "json", cwd=tmp_path).stdout)
    settings = {one["name"]: one for one in shown["settings"]}
    assert (settings["consumer_key"]["required"], settings["consumer_key"]["secret"]) == (True, True)
    assert (settings["per_page"]["kind"], settings["per_page"]["default"]) == ("integer", 100)
    writes = {one["name"]: one for one in shown["writes"]}
    assert "regular_price" in writes["products/batch"]["fields"]
    assert "permalink" not in writes["products/batch"]["fields"]
    assert any(one["document"] for one in shown["writes"])
    text = crossdock("connectors", "show", "woocommerce", cwd=tmp_path).stdout
    assert all(name in text for name in [*settings, *writes, *(one["name"] for one in shown["resources"])])
    assert shown["connectors"][0]["docs"] in text
    refused = crossdock("connectors", "show", "wocommerce", cwd=tmp_path)
    assert refused.returncode == 1
    assert "woocommerce" in refused.stderr


ACCOUNTS = """\
connections:
  shop_eu:
    connector: shopify
    allow_private_network: true
    settings: {{url: "{eu}", client_id: hub, client_secret: "${{env:EU_SECRET}}"}}
    currency: EUR
  shop_web:
    connector: woocommerce
    allow_private_network: true
    settings: {{url: "{web}", consumer_key: "${{env:WEB_KEY}}", consumer_secret: "${{env:WEB_SECRET}}"}}
    currency: EUR
locations:
  WH1: {{shop_eu: "{place}"}}
"""
SECRETS = {"EU_SECRET": "shop-eu-secret", "WEB_KEY": "ck_doctor", "WEB_SECRET": "cs_doctor"}


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[str]:
    """Two shops over real HTTP; gives the configuration of a hub that has an account on both."""
    eu = ShopifySimulator(
        clock=SystemClock(), client_id="hub", client_secret=SECRETS["EU_SECRET"], locations={"WH1": "Main warehouse"}
    )
    web = WooSimulator(clock=SystemClock(), consumer_key=SECRETS["WEB_KEY"], consumer_secret=SECRETS["WEB_SECRET"])
    items = [CatalogItem("A-1", "Mug", Decimal(5), {"WH1": 3})]
    eu.load(items)
    web.load(items)
    with serve(eu) as eu_at, serve(web) as web_at:
        yield ACCOUNTS.format(eu=eu_at.base_url, web=web_at.base_url, place=eu.location_id("WH1"))


def test_doctor_finds_real_accounts_in_order_and_names_their_locations(tmp_path: Path, accounts: str) -> None:
    (tmp_path / "crossdock.yaml").write_text(accounts, encoding="utf-8")
    done = crossdock("doctor", "--format", "json", cwd=tmp_path, env=SECRETS)
    rows = json.loads(done.stdout)["findings"]
    assert [row for row in rows if row["result"] == "error"] == []
    assert done.returncode == 0
    checks = {(row["connection"], row["check"]) for row in rows}
    assert {("shop_eu", "clock"), ("shop_eu", "api_version"), ("shop_eu", "location")} <= checks
    assert any("Main warehouse" in row["message"] for row in rows)


def test_doctor_tells_a_wrong_secret_of_one_account_and_still_looks_at_the_other(tmp_path: Path, accounts: str) -> None:
    (tmp_path / "crossdock.yaml").write_text(accounts, encoding="utf-8")
    env = {**SECRETS, "EU_SECRET": "wrong-secret"}
    done = crossdock("doctor", "--format", "json", cwd=tmp_path, env=env)
    rows = json.loads(done.stdout)["findings"]
    assert done.returncode == 1
    assert {row["connection"] for row in rows if row["result"] == "error"} == {"shop_eu"}
    assert "wrong-secret" not in done.stdout + done.stderr


class _Echo(BaseHTTPRequestHandler):
    """Refuses every request and quotes all of it, credentials included."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        said = f"{self.headers.get('x-shopify-access-token', '')} {self.headers.get('authorization', '')} {body}"
        answer = json.dumps({"message": said, "errors": [{"message": said}]}).encode()
        self.send_response(400)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has there
        """Say nothing."""


ECHOED = """\
connections:
  erp:
    connector: tryton
    allow_private_network: true
    settings: {{url: "{at}", database: d, username: crossdock, password: "${{env:ERP}}"}}
    currency: EUR
  shop:
    connector: shopify
    allow_private_network: true
    settings: {{url: "{at}", access_token: "${{env:SHOP}}"}}
    currency: EUR
locations: {{WH1: {{erp: "5", shop: "gid://shopify/Location/1"}}}}
ownership: {{variant.sku: erp, "inventory.stock[*]": erp}}
pools: {{main: {{locations: [WH1]}}}}
flows:
  stock: {{kind: inventory, source: erp, targets: {{shop: {{pool: main}}}}}}
database: sqlite:///hub.sqlite
"""


@pytest.mark.parametrize("arguments", [["doctor", "-v"], ["sync", "-v"], ["plan", "--format", "json"]], ids=str)
def test_no_command_shows_a_secret_that_a_platform_quotes_in_its_refusal(arguments: list[str], tmp_path: Path) -> None:
    secrets = {"ERP": 'erpPw-"7/x', "SHOP": "shpat_0123456789"}
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        (tmp_path / "crossdock.yaml").write_text(ECHOED.format(at=f"http://127.0.0.1:{server.server_port}"))
        done = crossdock(*arguments, cwd=tmp_path, env={**secrets, "COLUMNS": "1000"})
        server.shutdown()
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "***" in said
    assert "erpPw" not in said
    assert "shpat_" not in said
    assert not any(
        b"erpPw" in file.read_bytes() or b"shpat_" in file.read_bytes()
        for file in tmp_path.glob("*.sqlite*")
        if file.is_file()
    )
