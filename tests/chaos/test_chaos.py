"""Small chaos for every run of the tests: a few hundred events on each store; and the judge is judged."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest

from tests.chaos import report
from tests.chaos.judge import broken_promises, differences, lost, unkept, untold
from tests.chaos.launch import RULES
from tests.chaos.play import Played
from tests.chaos.run import Plan, calm, plan_of, wild
from tests.chaos.weather import Rates

pytestmark = pytest.mark.timeout(900)
EVENTS = 340
SEED = 11
_DENSE = Rates(fault=9, kill=50, stop=150, database=100)
_STORES = ("sqlite", "postgresql")


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_of(SEED, EVENTS, _DENSE)


@pytest.fixture(scope="module")
def quiet(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Played:
    return calm(tmp_path_factory.mktemp("calm"), plan)


@pytest.mark.parametrize("store", _STORES)
def test_while_everything_breaks_the_end_is_that_of_the_calm_run(
    plan: Plan, quiet: Played, tmp_path: Path, store: str, request: pytest.FixtureRequest
) -> None:
    if store == "postgresql":
        request.getfixturevalue("postgres_server")
    played = wild(tmp_path, plan, on_postgres=store == "postgresql")
    broken = broken_promises(plan.script, quiet, played)
    print("\n".join(report.lines(plan.script, quiet, played, broken)))
    assert not broken
    assert played.events >= EVENTS
    hit = dict(report.injected(played))
    assert hit["kill -9"] >= 2
    assert hit["SIGSTOP"] >= 1
    assert played.counts.faults.total() >= 10
    assert {"webhooks dropped", "webhooks doubled", "webhooks reordered"} <= hit.keys()
    assert played.post.answers[401] > 0
    if store == "postgresql":
        assert hit["database restarted"] >= 2


def test_hubs_that_ask_twice_forget_and_believe_everybody_are_caught(tmp_path: Path) -> None:
    few = Plan(SEED, 16, _DENSE)
    played = wild(tmp_path, few, broken="+".join(RULES))
    told = list(unkept(few.script, played))
    assert any(one.startswith("tpl order.create was had") for one in told)
    assert any(one.startswith("order ") and "not [{" in one for one in told)
    assert any(one.startswith("forged messages were believed") for one in told)


def test_the_judge_names_what_is_lost_had_twice_untold_or_different(plan: Plan, quiet: Played) -> None:
    script, right = plan.script, quiet.picture
    assert not lost(script, right)
    assert not untold(script, right)
    number = next(str(at) for at, one in enumerate(script.orders) if one.leaves)
    shop = script.orders[int(number)].shop
    wrong = deepcopy(right)
    del wrong["tpl orders"][number]
    wrong["erp sales"][number] *= 2
    wrong[f"{shop} shipments told"][number] = []
    sku = script.skus[0]
    wrong["shop_web stock"][sku] += 1
    assert [one.partition(" (")[0] for one in lost(script, wrong)] == [f"order {number} of {shop}"] * 2
    assert len(untold(script, wrong)) == 1
    told = list(differences(right, wrong))
    assert len(told) == 4
    assert any(one.startswith(f"shop_web stock, {sku}: ") for one in told)


def test_a_seed_repeats_its_script_and_its_weather() -> None:
    one, same, other = plan_of(3, 400), plan_of(3, 400), plan_of(4, 400)
    assert one.script == same.script != other.script
    assert one.blows(database=True) == same.blows(database=True) != other.blows(database=True)
    kinds = {(blow.platform, blow.fault) for blow in Plan(3, 200, Rates(fault=4)).blows(database=False) if blow.fault}
    assert len(kinds) >= 4 * 12
