"""Webhooks that are not those that are needed: said rightly, once a connection, and over when they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from canonical.words import shortened
from connectors.subscriptions import Subscription
from sync import differing, trouble
from sync.alerts.conditions import Limits, Situation, conditions
from sync.subscriptions import Action, Step, steps
from tests.support.desk import Desk, open_desk
from tests.unit.sync.test_subscriptions import HERE, SINGLE, WANTED

OFF = Step(Action.CHANGE, ("order.updated",), "switched off")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    found = open_desk(f"sqlite:///{tmp_path / 'hub.sqlite'}")
    yield found
    found.trading.hub.database.close()


def _standing(desk: Desk) -> list[tuple[str, str]]:
    with desk.database() as connection:
        return [(row.subject, row.detail) for row in trouble.of_kinds(connection, [differing.KIND])]


def test_what_is_missing_what_is_off_and_what_is_too_much_is_told_apart() -> None:
    off = Subscription("1", HERE, ("order.created",), active=False)
    surplus = Subscription("2", HERE, ("product.updated",))
    assert differing.words(steps(SINGLE, WANTED, HERE, [off, surplus])) == (
        "switched off: order.created; not subscribed: order.updated; subscribed though not read: product.updated"
    )


def test_many_topics_are_counted_and_not_cut_off() -> None:
    many = [Step(Action.REMOVE, (f"topic{at}",), "subscribed though not read") for at in range(90)]
    assert differing.words(many) == "subscribed though not read: topic0, topic1, topic2, topic3 and 86 more"
    assert shortened("one two, three", 10) == "one two…"
    assert shortened("one two", 7) == "one two"
    assert shortened("unbroken", 4) == "unb…"


def test_it_is_one_alert_a_connection_with_the_command_that_ends_it(desk: Desk) -> None:
    hub = desk.trading.hub
    differing.differs(hub, "shop", [OFF, Step(Action.REMOVE, ("a", "b"), "subscribed though not read")])
    with hub.database.read() as connection:
        found = conditions(connection, hub.config, Situation(hub.now(), hub.now()), Limits())
    (one,) = (each for each in found if each.kind == "webhooks_differ")
    assert (one.subject, one.todo.partition(";")[0]) == ("shop", "crossdock webhooks repair --yes")


def test_a_command_ends_and_corrects_what_stands_and_raises_nothing(desk: Desk) -> None:
    hub = desk.trading.hub
    differing.renew(hub, "shop", [OFF])
    assert _standing(desk) == []
    differing.differs(hub, "shop", [OFF])
    differing.differs(hub, "other", [OFF])
    differing.renew(hub, "shop", [Step(Action.REMOVE, ("a",), "subscribed twice")])
    assert _standing(desk) == [("shop", "subscribed twice: a"), ("other", "switched off: order.updated")]
    differing.renew(hub, "shop", [])
    assert [name for name, _ in _standing(desk)] == ["other"]
