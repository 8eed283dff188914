"""The demo keeps its promises, with our catalog and with real ones; its figures come from the platforms."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.simulation.catalog import CatalogItem
from crossdock.demo.catalog import own_catalog
from crossdock.demo.samples import read_catalog
from tests.support.commands import ROOT, crossdock
from tests.support.waiting import until

SAMPLES = ("apparel", "home-and-garden", "jewelery")


def demo(folder: Path, *arguments: str) -> dict[str, Any]:
    done = crossdock("demo", *arguments, "--format", "json", cwd=folder, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["counts"]["broken"] == 0
    assert all(promise["kept"] for step in document["steps"] for promise in step["promises"])
    return document


def figures(document: dict[str, Any]) -> dict[str, dict[str, int]]:
    return {step["title"]: step["figures"] for step in document["steps"]}


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def sample_options(samples: Path) -> list[str]:
    files = [samples / f"shopify-products-{name}.csv" for name in SAMPLES]
    return [option for file in files for option in ("--catalog", str(file))]


def test_the_story_is_told_to_its_end_and_every_promise_is_kept(tmp_path: Path) -> None:
    before = _cpu_seconds()
    document = demo(tmp_path, "--dir", "kept")
    # It is to take less than a minute; what it takes of the processor does not depend on who else is at work here.
    assert _cpu_seconds() - before < 45
    counts, told = document["counts"], figures(document)
    assert counts["linked"] == counts["variants"] == len(own_catalog())
    assert told["Plan"]["planned"] == told["Apply"]["applied"] > 100
    assert told["Plan again"] == {"planned": 0, "write_calls": 0}
    assert told["Somebody edits a price in a shop's admin"] == {"conflicts": 1, "write_calls": 0}
    assert told["Resolve it: the owner's price counts"] == {"write_calls": 1, "conflicts": 0}
    assert told["Somebody raises stock by hand"]["logged"] == 1
    sale = told["A sale between plan and apply"]
    assert sale["applied"] + sale["moved"] == sale["planned"]
    assert sale["planned_anew"] == sale["moved"] == 2
    assert told["The ERP comes back empty"]["frozen"] == 4
    assert told["The ERP recovers"] == {"frozen": 0, "planned": 0, "oversold": 0}
    assert (counts["conflicts"], counts["open_conflicts"], counts["oversold"]) == (2, 0, 0)
    platforms = {row["connection"]: row for row in document["platforms"]}
    assert all(platforms[name]["writes"] > 0 for name in ("erp", "shop_eu", "shop_web", "tpl_a", "tpl_b"))
    assert platforms["pay"]["writes"] == 0
    assert_all_sides_agree(document)
    assert (tmp_path / "kept" / "config" / "crossdock.yaml").is_file()
    assert crossdock("demo", "--dir", "kept", cwd=tmp_path).returncode == 1


def assert_all_sides_agree(document: dict[str, Any]) -> None:
    """The second act: what happened to the orders of a day, and that everyone counts the same."""
    told = figures(document)
    assert told["Orders go live at 08:00"] == {"undeclared": 2, "exported": 1}
    assert told["Shoppers buy"] == {"orders": 10, "requests": 10}
    assert told["One is paid for late"] == {"sales": 1, "requests": 1}
    assert told["One is edited before it ships"] == {"canceled": 1, "requests": 1}
    assert told["A webhook arrives twice at once, and again late"] == {"told": 6, "requests": 1}
    assert told["The 3PLs ship"] == {"shipments": 12, "lost": 2}
    assert told["The rest leaves"] == {"shipments": 13, "told": 13}
    assert told["A chargeback"] == {"exceptions": 1}
    assert told["Payouts"] == {"payouts": 2, "explained": 2, "matched": 13}
    rows = {row["what"]: row for row in document["proof"]}
    assert rows.keys() >= {"orders to be shipped", "shipments", "EUR paid by buyers", "EUR given back"}
    assert not any(Decimal(str(row["difference"])) for row in rows.values())
    assert (rows["orders to be shipped"]["shops"], rows["shipments"]["erp"]) == (11, 13)
    assert Decimal(str(rows["EUR paid by buyers"]["pay"])) > 1000


def test_real_catalogs_without_skus_end_with_a_reason_for_each_variant(tmp_path: Path, samples: Path) -> None:
    document = demo(tmp_path, *sample_options(samples))
    assert document["counts"]["variants"] == 66
    assert figures(document)["Adopt and link"] == {"linked": 0, "different": 0, "missing_sku": 66}
    assert all(row["writes"] == 0 for row in document["platforms"])


def test_real_catalogs_with_skus_made_of_handle_and_options_are_linked_planned_and_applied(
    tmp_path: Path, samples: Path
) -> None:
    document = demo(tmp_path, *sample_options(samples), "--sku-from", "handle-options")
    told = figures(document)
    assert (document["counts"]["variants"], document["counts"]["linked"]) == (66, 66)
    assert told["Plan"]["planned"] == told["Apply"]["applied"] > 0
    assert "The ERP recovers" in told


def test_our_catalog_is_the_same_at_every_start_and_names_each_variant_once() -> None:
    items = own_catalog()
    assert items == own_catalog()
    assert len({item.sku for item in items}) == len(items) > 200
    prices: dict[str, set[object]] = {}
    for item in items:
        prices.setdefault(item.product or item.sku, set()).add(item.price)
    assert all(len(found) == 1 for found in prices.values())


CSV = """\
Handle,Title,Body (HTML),Tags,Option1 Value,Option2 Value,Variant SKU,Variant Inventory Qty,Variant Price,Image Src
cup,Cup,<p>Hot</p>,"a, b",Red,12 oz,,4,5.50,one.jpg
cup,,,,Blue,12 oz,OWN-1,-2,6,
cup,,,,,,,,,two.jpg
tray,Tray,,,Default Title,,,,19,
"""


def test_a_shopify_export_is_read_variant_by_variant(tmp_path: Path) -> None:
    file = tmp_path / "products.csv"
    file.write_text(CSV, encoding="utf-8")
    red, blue, tray = read_catalog(file, "handle-options")
    assert [item.sku for item in (red, blue, tray)] == ["cup-red-12-oz", "OWN-1", "tray"]
    assert (red.title, blue.title, blue.product, tray.product) == ("Cup", "Cup", "cup", "")
    assert (red.tags, red.option, tray.option) == (("a", "b"), "Red / 12 oz", "")
    assert [item.stock["WH1"] for item in (red, blue, tray)] == [4, 0, 0]
    assert [item.sku for item in read_catalog(file)] == ["", "OWN-1", ""]
    assert isinstance(red, CatalogItem)


@pytest.mark.parametrize(
    ("text", "said"),
    [("a,b\n1,2\n", "is not a Shopify product CSV"), ("Handle,Variant Price\ncup,cheap\n", "cup: not a number")],
)
def test_a_file_that_is_no_catalog_is_refused_in_words(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.csv").write_text(text, encoding="utf-8")
    done = crossdock("demo", "--catalog", "x.csv", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr


def test_a_broken_promise_ends_the_demo_with_an_error(tmp_path: Path) -> None:
    """A shop that sells without the hub seeing it cannot happen here, so the demo is told of one that never was."""
    script = (
        "from crossdock.demo import beginning, chapters\n"
        "from crossdock.cli.main import run\n"
        "def late(story):\n    story.begin('Late'); story.promise('nobody is late', False)\n"
        "chapters.CHAPTERS = (beginning.three_systems, late, beginning.second_plan)\n"
        "import sys; sys.exit(run(['demo']))"
    )
    done = crossdock_python(script, tmp_path)
    assert done[0] == 1
    assert "BROKEN: nobody is late" in done[1]
    assert "a promise was broken" in done[1]
    assert "Plan again" not in done[1]


def crossdock_python(script: str, folder: Path) -> tuple[int, str]:
    import os
    import subprocess
    import sys

    from tests.support.commands import ROOT

    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


def test_the_platforms_stay_where_one_wants_to_try_commands(tmp_path: Path) -> None:
    assert "--dir" in crossdock("demo", "--stay", cwd=tmp_path).stderr
    said = tmp_path / "said"
    with said.open("w") as output:
        command = [sys.executable, "-m", "crossdock", "demo", "--dir", "trial", "--stay"]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        demo = subprocess.Popen(command, cwd=tmp_path, env=env, stdout=output, stderr=output)
        try:
            until(lambda: "stay until Ctrl-C" in said.read_text() or demo.poll() is not None, 240)
            config = ["--config", "trial/config/crossdock.yaml"]
            asked = crossdock(*config, "doctor", cwd=tmp_path)
            assert asked.returncode == 0, asked.stdout + asked.stderr
            synced = crossdock(*config, "sync", cwd=tmp_path)
            assert synced.returncode == 0, synced.stdout + synced.stderr
            demo.send_signal(signal.SIGINT)
            assert demo.wait(60) == 0, said.read_text()
        finally:
            demo.kill()
            demo.wait()
