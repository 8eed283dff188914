"""What `doctor` finds out about an account."""

from __future__ import annotations

from typing import Any

from connectors.base import Finding
from tests.unit.connectors.stripe.stage import Stage

KEY = "rk_test_restricted_key"
ALL = "charges refunds disputes balance_transactions payouts events payment_intents account".split()


def findings(stage: Stage, **settings: Any) -> dict[str, Finding]:
    return {finding.check: finding for finding in stage.connect(**settings).check()}


def test_a_healthy_account_is_told_with_its_version(stage: Stage) -> None:
    found = findings(stage)
    assert all(finding.ok for finding in found.values())
    assert "API version 2026-10-28.endive" in found["credentials"].message
    assert (found["mode"].warning, "no real money" in found["mode"].message) == (True, True)


def test_a_wrong_key_is_told_and_nothing_else_is_asked(stage: Stage) -> None:
    found = findings(stage, api_key="sk_test_wrong")
    assert not found["credentials"].ok
    assert "check api_key" in found["credentials"].advice
    assert "rights" not in found
    assert [record.status for record in stage.sent] == [401, 401]


def test_a_restricted_key_is_told_what_it_may_not_read(stage: Stage) -> None:
    stage.account.access.restricted[KEY] = {name: "read" for name in ALL if name not in ("disputes", "events")}
    found = findings(stage, api_key=KEY)
    assert not found["rights"].ok
    assert found["rights"].message == "the key may not read disputes, events"


def test_a_restricted_key_need_not_see_the_account(stage: Stage) -> None:
    stage.account.access.restricted[KEY] = {name: "read" for name in ALL if name != "account"}
    found = findings(stage, api_key=KEY)
    assert all(finding.ok for finding in found.values())
    assert "may not see the account" in found["credentials"].message


def test_clocks_that_differ_are_told(stage: Stage) -> None:
    connector = stage.connector
    ours = stage.clock.now()
    stage.clock.advance(300)

    class Behind:
        def now(self) -> Any:
            return ours

        def sleep(self, seconds: float) -> None:
            stage.clock.sleep(seconds)

    connector._doctor._environment = type(connector._doctor._environment)(
        "pay", Behind(), connector._doctor._environment.state
    )
    (credentials, *_) = connector.check()
    assert (credentials.warning, "differ by 300 seconds" in credentials.message) == (True, True)


def test_a_live_key_is_told_to_move_real_money(stage: Stage) -> None:
    assert findings(stage, api_key="rk_live_unknown")["mode"].message == "live: refunds pay real money"


def test_looking_writes_nothing(stage: Stage) -> None:
    findings(stage, read_only=True)
    assert stage.account.log.writes() == 0
