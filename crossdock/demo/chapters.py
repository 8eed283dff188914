"""The chapters of the story, in order."""

from __future__ import annotations

from collections.abc import Callable

from crossdock.demo import beginning, ending, trouble
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
