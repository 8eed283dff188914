"""Thousands of worlds: whatever people, platforms and crashes do, the hub lists nothing that was sold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.worlds.engine import Template, prepare
from tests.worlds.mutants import SHORT, TOLD, broken
from tests.worlds.play import SIZE, Group, groups, play_all
from tests.worlds.report import Totals, table

# A part of the ten thousand that `make worlds` lives through.
WORLDS, SHARDS = 1_000, 5
_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
_TWO_WORKERS = [pytest.param(n, marks=pytest.mark.xdist_group(f"worlds-{n % 2}")) for n in range(SHARDS)]


@pytest.fixture(scope="module")
def template() -> Iterator[Template]:
    with TemporaryDirectory(prefix="crossdock-", dir=_MEMORY) as folder:
        found = prepare(Path(folder), SIZE)
        yield found
        found.database.close()


@pytest.fixture(scope="module")
def comparing() -> Iterator[Template]:
    with TemporaryDirectory(prefix="crossdock-", dir=_MEMORY) as folder:
        found = prepare(Path(folder), SIZE, {"shop": True, "web": True})
        yield found
        found.database.close()


def _replay(totals: Totals) -> str:
    return "\n".join(f"python -m tests.worlds --seed {seed}   # {what}" for seed, what in totals.wrong.items())


@pytest.mark.parametrize("shard", _TWO_WORKERS)
def test_the_hub_lists_nothing_that_was_sold_where_platforms_compare_and_explains_the_rest(
    template: Template, shard: int
) -> None:
    share = WORLDS // SHARDS
    seeds = range(shard * share, (shard + 1) * share)
    careful, blind = Totals(template.compares), Totals(dict.fromkeys(template.compares, False))
    play_all(template, seeds, careful.add)
    play_all(template, seeds, blind.add, blind=True)
    print(table({"compares": (careful, "shop"), "does not": (careful, "web"), "blind": (blind, "shop")}))
    assert careful.worlds == share
    assert not careful.wrong, _replay(careful)
    assert careful.by_the_hub("shop") == 0
    assert careful.killed > 0
    assert blind.by_the_hub("shop") > 10 * careful.by_the_hub("web")


def test_where_every_channel_compares_none_lists_too_much_and_whatever_lists_too_little_says_why(
    comparing: Template,
) -> None:
    totals = Totals(comparing.compares)
    play_all(comparing, range(10_000, 10_200), totals.add)
    assert not totals.wrong, _replay(totals)
    assert all(totals.by_the_hub(channel) == 0 for channel in totals.compares)
    assert all(counts["rest under"] <= totals.worlds // 100 for counts in totals.counts.values())


@pytest.mark.parametrize("name", TOLD)
def test_a_hub_with_a_broken_rule_is_told_from_the_real_one(template: Template, name: str) -> None:
    seeds, hides = TOLD[name]
    totals = Totals(template.compares)
    with broken(name):
        for group in groups(seeds):
            totals.add(Group(template, group, hides=hides).play())
    assert totals.wrong


@pytest.mark.parametrize("name", ["", *SHORT])
def test_a_hub_that_is_wrong_about_lost_writes_lists_too_little(template: Template, name: str) -> None:
    totals = Totals(template.compares)
    with broken(name) if name else nullcontext():
        play_all(template, SHORT.get(name, next(iter(SHORT.values()))), totals.add)
    short = max(counts["rest under"] for counts in totals.counts.values())
    assert (short >= totals.worlds // 10) is bool(name), short
