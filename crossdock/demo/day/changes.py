"""What happens to orders before they ship: paid late, edited, canceled, told of twice."""

from __future__ import annotations

from crossdock.demo.day import counts
from crossdock.demo.day.hearing import Message, hearing
from crossdock.demo.day.scene import Day


def paid_late(day: Day) -> None:
    """An order nobody has paid for keeps its units, and is asked for only once the money is there."""
    story, late = day.story, day.orders["late"]
    story.begin("One is paid for late")
    day.clock.until(0, 10)
    [waits] = day.rows("waiting")
    story.tell(f"{day.lines_of('late')} {waits.state}: {waits.reason}")
    story.promise("not asked for while unpaid", not day.booked(late) and not day.jobs(late))
    story.promise_none("its units are kept for it on every shop", counts.astray(day))
    day.paid(late)
    day.sync()
    day.sync()
    story.tell("the money is there")
    story.count(sales=day.booked(late), requests=len(day.live_jobs(late)))
    story.promise("one sale, one request", day.booked(late) == 1 and len(day.live_jobs(late)) == 1)


def edited(day: Day) -> None:
    """The merchant edits an order that was asked for: the old request is called off, a new one takes its place."""
    story, sold = day.story, day.orders["edited"]
    story.begin("One is edited before it ships")
    day.clock.until(0, 10, 30)
    old, new = day.goods.pair
    sold.shop.swap(sold.order, new)
    story.tell(f"the buyer of {day.lines_of('edited')} wants {new} instead")
    sold.lines = {new: sold.lines[old]}
    day.sync()
    day.sync()
    for floor, job in day.jobs(sold):
        goods = ", ".join(f"{units} {sku}" for sku, units in job.units.items())
        story.tell(f"{floor.name} {job.reference}: {goods}{', canceled' if job.canceled else ''}")
    live = [job for _, job in day.live_jobs(sold)]
    story.count(canceled=len(day.jobs(sold)) - len(live), requests=len(live))
    story.promise("the 3PL ships what is wanted now, and only that", [dict(job.units) for job in live] == [sold.lines])
    story.promise("the ERP has one sale of it", day.booked(sold) == 1)
    story.promise_none("the units that are not wanted are for sale again, once", counts.astray(day))


def canceled(day: Day) -> None:
    """The merchant cancels an order that was asked for: ERP and 3PL let it go, its units come back once."""
    story, sold = day.story, day.orders["canceled"]
    story.begin("One is canceled")
    day.clock.until(0, 11)
    before = {sku: day.listed(sku) for sku in sold.lines}
    sold.shop.call_off(sold.order)
    day.give_back(sold)
    day.sync()
    day.sync()
    story.tell(f"{day.lines_of('canceled')} is called off and its money given back")
    for sku, units in sold.lines.items():
        story.tell(f"{sku}: shops listed {_said(before[sku])}, now {_said(day.listed(sku))}; {units} came back")
        back = {shop: listed - before[sku][shop] for shop, listed in day.listed(sku).items()}
        story.promise("its units are back on every shop, once", set(back.values()) == {units})
    story.promise("no 3PL ships it", bool(day.jobs(sold)) and not day.live_jobs(sold))
    story.promise("the ERP has no sale of it", not day.booked(sold))


def told_twice(day: Day) -> None:
    """A new order is told by webhook twice at once, and a third time late, after newer news: nothing is done twice."""
    story = day.story
    story.begin("A webhook arrives twice at once, and again late")
    day.clock.until(0, 11, 30)
    shop = day.shops[0]
    shop.listen()
    with hearing(day) as ear:
        greeted = ear.deliver(shop.name, [Message(*one) for one in shop.messages()])
        sold = day.place("twice", 0, {day.goods.take(): 1}, paid=False)
        created = [Message(*one) for one in shop.messages()]
        day.paid(sold)
        updated = [Message(*one) for one in shop.messages()]
        answers = ear.deliver(shop.name, [*updated, *created, *updated, *created])
        day.sync_told()
        day.sync_told()
        before, listed = story.world.writes(), {sku: day.listed(sku) for sku in sold.lines}
        day.clock.sleep(3600)
        late = ear.deliver(shop.name, [*created, *updated])
        forged = ear.deliver(shop.name, [Message(one.headers, one.body + b" ") for one in created])
        day.sync_told()
        day.sync()
    story.tell(f"{day.lines_of('twice')} is told {len(answers)} times at once, and {len(late)} times an hour later")
    story.count(told=len(answers) + len(late), requests=len(day.live_jobs(sold)))
    story.promise("each message was taken", set(greeted + answers + late) == {200})
    story.promise("a forged one was not believed", forged == [401])
    story.promise("one sale, one request", day.booked(sold) == 1 and len(day.live_jobs(sold)) == 1)
    story.promise("reserved once", all(day.listed(sku) == listed[sku] for sku in sold.lines) and not counts.astray(day))
    story.promise("what came late changed nothing", story.world.writes() == before)


def _said(listed: dict[str, int]) -> str:
    return ", ".join(f"{shop} {units}" for shop, units in listed.items())
