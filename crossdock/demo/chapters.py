"""The chapters of the story, in order: the catalog, and a trading day."""

from __future__ import annotations

from collections.abc import Callable

from crossdock.demo import beginning, ending, trouble
from crossdock.demo.day import changes, money, morning, proof, shipping
from crossdock.demo.day.scene import Day, OpenHub
from crossdock.demo.day.stage import open_day
from crossdock.demo.fastclock import FastClock
from crossdock.demo.story import Story

CHAPTERS: tuple[Callable[[Story], None], ...] = (
    beginning.three_systems,
    beginning.adopt_and_link,
    beginning.plan_and_apply,
    beginning.second_plan,
    trouble.price_edited,
    trouble.price_resolved,
    trouble.stock_raised,
    trouble.sale_in_between,
    ending.source_empty,
    ending.recovery,
)
"""Each tells one or two steps; the story ends early where a promise breaks."""
DAY: tuple[Callable[[Day], None], ...] = (
    morning.partners_join,
    morning.orders_go_live,
    morning.shoppers_buy,
    morning.reasons,
    changes.paid_late,
    changes.edited,
    changes.canceled,
    changes.told_twice,
    shipping.parcels_leave,
    shipping.rest_leaves,
    money.partly_refunded,
    money.charged_back,
    money.paid_out,
    proof.all_sides_agree,
)
"""The second act."""


def tell(story: Story, clock: FastClock, open_hub: OpenHub, at_the_end: Callable[[], None] = lambda: None) -> None:
    """Tell both acts, and count up while the platforms are there; ``at_the_end`` is called while they still are."""
    for chapter in CHAPTERS:
        chapter(story)
        if story.over or not story.kept:
            story.close()
            at_the_end()
            return
    with open_day(story, clock, open_hub) as day:
        if day is None:
            story.tell("the trading day is left out: it needs more goods in both warehouses")
        else:
            _tell_day(day)
        story.close()
        at_the_end()


def _tell_day(day: Day) -> None:
    for chapter in DAY:
        chapter(day)
        if not day.story.kept:
            return
