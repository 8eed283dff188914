"""The end of the story: the ERP answers with nothing, a guard stops it, sales go on, and all recovers."""

from __future__ import annotations

from crossdock.demo.story import Story

_SOLD = 2
_PLACES = ("WH1", "WH2")


def source_empty(story: Story) -> None:
    """The source comes back empty: its figures are frozen at the last good ones; only sales still lower the others."""
    story.begin("The ERP comes back empty")
    world, before = story.world, story.world.writes()
    population = story.hub.config.guards.min_population
    if len(story.skus) < population:
        story.tell(f"left out: guards judge sets of {population} and more")
        story.over = True
        return
    world.erp.admin.empty()
    report = story.sync()
    frozen, written = story.frozen(), world.writes() - before
    shrunk = [f"{name} {one}" for name, read in report.look.reads.items() for one in read.shrunk]
    story.tell(f"returned far fewer records than last time: {', '.join(shrunk)}")
    story.tell(f"{len(frozen)} flows frozen by {', '.join(sorted(set(frozen)))}; {written} write calls")
    story.count(frozen=len(frozen), write_calls=written)
    story.promise("the guard froze every flow of the source", len(frozen) == len(_pairs(story)))
    story.promise("nothing was written, no shelf was emptied", written == 0 and not story.differing())
    sku = story.pick(4, units=_SOLD)
    listed = _listed(story, sku)
    world.shop_web.shop.sell(sku, _SOLD)
    story.sync()
    now = _listed(story, sku)
    story.tell(f"meanwhile {_SOLD} {sku} are sold on shop_web; shop_eu is lowered all the same: {listed} -> {now}")
    story.count(lowered=listed - now)
    story.promise("a sale still lowers the other shop", listed - now == _SOLD)


def recovery(story: Story) -> None:
    """The ERP is well again and books what was sold: everything is equal, nothing is left to do."""
    story.begin("The ERP recovers")
    world = story.world
    sku = story.pick(4, units=_SOLD)
    place = next(place for place in _PLACES if world.owned(sku, place) >= _SOLD)
    world.erp.admin.restore()
    world.erp.admin.ship(world.erp.admin.book_sale(sku, place, _SOLD))
    story.sync()
    summary = story.plan()
    story.count(frozen=len(story.frozen()), planned=summary.changes, oversold=world.oversold())
    story.tell(f"{len(story.frozen())} flows frozen, {summary.changes} changes planned")
    story.promise("no flow is frozen any more", not story.frozen())
    story.promise("all systems are equal, the plan is empty", not story.differing() and summary.changes == 0)
    story.promise("not one unit was oversold", world.oversold() == 0)


def _listed(story: Story, sku: str) -> int:
    return sum(story.world.shop_eu.quantity(sku, place) for place in _PLACES)


def _pairs(story: Story) -> list[tuple[str, str]]:
    return [(flow.name, target) for flow in story.hub.config.flows.values() for target in flow.targets]
