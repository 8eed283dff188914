"""Small chaos for every run of the tests: a few hundred events on each store; and the judge is judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import report
from tests.chaos.judge import broken_promises
from tests.chaos.play import Played
from tests.chaos.run import Plan, calm, plan_of, wild
from tests.chaos.weather import Rates

pytestmark = pytest.mark.timeout(900)
EVENTS = 500
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


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("asks-twice", "tpl order.create was had"),
        ("forgets", "more orders are not what they should be"),
        ("believes-everybody", "forged messages were believed"),
    ],
)
def test_a_hub_that_breaks_a_rule_is_caught(plan: Plan, quiet: Played, tmp_path: Path, rule: str, told: str) -> None:
    small = Plan(plan.seed, 12, _DENSE)
    played = wild(tmp_path, small, broken=rule)
    assert any(told in one for one in broken_promises(small.script, quiet, played))
