"""``doctor`` and ``connectors`` as an operator calls them."""

from __future__ import annotations

import json
from pathlib import Path

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
    assert all({"variant", "inventory"} <= set(row["entities"]) for row in rows.values())
    assert rows["shopify"]["default_version"] in rows["shopify"]["versions"]
