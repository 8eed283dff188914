"""The bench runs and prints its figures; its prepared platforms answer what the real ones would."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bench.prepared import platforms
from bench.world import HastyClock, Sites, first_sync, open_hub

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("calls", "points", "pulls", "acks", "scenario")
FIGURES = (
    "calls / floor: 100 changed quantities, Shopify writes",
    "calls / floor: 2000 SKUs unchanged, both shops",
    "no-op incremental sync / first full sync, 2000 SKUs",
    "full audit against the shadow / download dropped, 2000 SKUs",
    "pull / pages dropped, 0 ms: WooCommerce, 100 a page",
    "points used / allowed, 300 writes",
    "THROTTLED answers in both runs",
    "memory above idle, 2000 SKUs",
    "webhook acks: durable (SQLite FULL) / signature only",
    "webhook acks: answered and not stored",
)


@pytest.mark.slow
def test_the_quick_bench_prints_every_figure_and_ends_well() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", *PARTS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for name in FIGURES:
        assert any(line.startswith(name) for line in done.stdout.splitlines()), f"{name}\n{done.stdout}"
    floors = [line.split() for line in done.stdout.splitlines() if line.startswith("calls / floor")]
    assert all("met" in words for words in floors), done.stdout


def test_a_part_that_there_is_not_is_named_with_those_there_are() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "soaks"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "no part soaks; there are calls, points," in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("bulk_from", [1, 25_000])
def test_the_prepared_platforms_link_and_agree_everywhere(bulk_from: int) -> None:
    with platforms(120) as url, tempfile.TemporaryDirectory() as folder:
        hub = open_hub(Path(folder), Sites.prepared(url), HastyClock(), bulk_from=bulk_from)
        looked, summary = first_sync(hub)
        assert [links.linked for links in looked.links.values()] == [240, 240, 240]
        assert not any(links.quarantined for links in looked.links.values())
        assert (summary.changes, dict(summary.withheld), dict(summary.waiting)) == (0, {}, {})
        hub.close()
        hub.database.close()
