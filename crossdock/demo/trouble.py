"""The middle of the story: people do what people do, and nothing is overwritten or oversold."""

from __future__ import annotations

from decimal import Decimal

from crossdock.demo.story import Story
from sync import leftover
from sync.apply import apply
from sync.resolve import Choice, resolve
from sync.run import end_run, lease

_RAISE, _DELIVERED, _MOST = 40, 5, 6


def price_edited(story: Story) -> None:
    """A price is edited in a shop's admin: held and told, not overwritten, and not spread."""
    story.begin("Somebody edits a price in a shop's admin")
    world, sku = story.world, story.pick(1)
    ours = world.erp.price(sku)
    theirs = ours + Decimal("10.00")
    world.shop_eu.admin.set_price(sku, theirs)
    before = world.writes()
    story.sync()
    found = story.conflicts()
    story.tell(f"{sku} on shop_eu: {ours:.2f} -> {theirs:.2f}, though erp owns the price")
    for row in found:
        story.tell(f"conflict {row.id}: {row.slot} on {row.connection}, {row.kind}")
    story.count(conflicts=len(found), write_calls=world.writes() - before)
    story.promise("one conflict is open", len(found) == 1)
    story.promise("the edited price was not overwritten", world.shop_eu.price(sku) == theirs)
    spread = {world.erp.price(sku), world.shop_web.price(sku)} != {ours}
    story.promise("it reached no other system", not spread and world.writes() == before)


def price_resolved(story: Story) -> None:
    """The operator decides: the owner's price counts."""
    story.begin("Resolve it: the owner's price counts")
    [conflict] = story.conflicts()
    sku, before = story.pick(1), story.world.writes()
    with lease(story.hub, "demo resolve") as run_id:
        done = resolve(story.hub, conflict.id, Choice.OURS)
        end_run(story.hub, run_id, "done", {})
    story.tell(f"conflict {conflict.id}: {done.text}")
    story.sync()
    written = story.world.writes() - before
    story.count(write_calls=written, conflicts=len(story.conflicts()))
    story.tell(f"{sku} on shop_eu: {story.world.shop_eu.price(sku)}, in {written} write call")
    story.promise("the owner's price is back", story.world.shop_eu.price(sku) == story.world.erp.price(sku))
    story.promise("in one call, and no conflict is open", written == 1 and not story.conflicts())


def stock_raised(story: Story) -> None:
    """Stock is raised by hand: a shop must not sell what is not there, so it is lowered at once, and logged."""
    story.begin("Somebody raises stock by hand")
    world, sku = story.world, story.pick(2)
    had = world.shop_web.quantity(sku) or 0
    world.shop_web.admin.set_stock(sku, had + _RAISE)
    story.tell(f"{sku} on shop_web: {had} -> {had + _RAISE}")
    story.sync()
    now = world.shop_web.quantity(sku)
    logged = [row for row in story.conflicts("all") if row.kind == "stock_raised_by_other"]
    story.tell(
        f"after a sync: {now}; " + "; ".join(f"conflict {row.id} {row.state}, {row.resolution}" for row in logged)
    )
    story.count(raised=_RAISE, logged=len(logged), listed=now or 0)
    story.promise("it was lowered to the owner's figure", now == had)
    story.promise("it was logged", len(logged) == 1)


def sale_in_between(story: Story) -> None:
    """A sale between plan and apply: that SKU's lines are skipped as moved, the rest lands, then it is planned anew."""
    story.begin("A sale between plan and apply")
    world = story.world
    sold = story.pick(3, units=1)
    delivered = _delivery(story, sold)
    for sku in delivered:
        world.erp.admin.set_stock(sku, "WH1", world.owned(sku, "WH1") + _DELIVERED)
    summary = story.plan()
    story.tell(f"the ERP receives {_DELIVERED} of each of {len(delivered)} SKUs: {summary.changes} changes planned")
    held = world.shop_eu.quantity(sold, "WH1")
    world.shop_eu.shop.sell(sold, 1, "WH1")
    story.tell(f"a shopper buys 1 {sold} on shop_eu: {held} -> {held - 1}")
    with lease(story.hub, "demo apply") as run_id:
        report = apply(story.hub, summary.plan_id)
        end_run(story.hub, run_id, "done", dict(report.outcomes))
    with story.hub.database.begin() as connection:
        moved = leftover.listing(connection, summary.plan_id)
    after = world.shop_eu.quantity(sold, "WH1")
    story.tell(f"apply: {report.applied} applied, {report.outcomes['moved']} skipped as moved ({sold})")
    story.count(planned=summary.changes, applied=report.applied, moved=report.outcomes["moved"])
    story.promise(
        "the lines of that SKU were skipped as moved", {(row.sku, row.status) for row in moved} == {(sold, "moved")}
    )
    story.promise("all other lines landed", report.applied == summary.changes - len(moved) > 0 or len(delivered) == 1)
    story.promise("the sale was not written over", after == held - 1)
    world.erp.admin.ship(world.erp.admin.book_sale(sold, "WH1", 1))
    world.shop_eu.shop.fulfill(sold, 1, "WH1")
    again = story.sync()
    landed = sum(one.applied for one in again.applied)
    story.count(planned_anew=landed)
    story.tell(f"the ERP books the sale; the next sync plans anew: {landed} changes applied")
    story.promise("all systems are equal again", not story.differing())


def _delivery(story: Story, first: str) -> list[str]:
    """The SKUs that a delivery brings, few enough for the guards."""
    number = max(1, min(_MOST, len(story.skus) // 10))
    others = [sku for sku in story.skus if sku != first]
    return [first, *others[: number - 1]]
