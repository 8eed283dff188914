"""The afternoon: the 3PLs ship, and shops and ERP are told of every parcel once."""

from __future__ import annotations

from connectors.simulation import Fault, SimRequest
from crossdock.demo.day import counts
from crossdock.demo.day.scene import Day, Sold


def parcels_leave(day: Day) -> None:
    """Most orders leave whole, one in two parcels, one in part; one shop's answer to the news of it is lost."""
    story = day.story
    story.begin("The 3PLs ship")
    day.clock.until(0, 14)
    for floor in day.floors:
        floor.pack()
    day.sync()
    part, parcels = day.orders["textile"], day.orders["parcels"]
    left = 0
    for sold in day.shippable():
        for floor, job in day.live_jobs(sold):
            units = dict.fromkeys(job.units, 1) if sold is part else None
            floor.ship(job.reference, units, parcels=2 if sold is parcels else 1)
            left += 1
    story.tell(f"{left} shipments leave: one order in two parcels, one in part, one from both 3PLs")
    unanswered = [counts.unanswered(day, shop.name) for shop in day.shops]
    for shop in day.shops:
        story.world.platforms[shop.name].faults.add(Fault("timeout_after", only="write", when=_tells))
    day.sync()
    day.sync()
    lost = [counts.unanswered(day, shop.name) - before for shop, before in zip(day.shops, unanswered, strict=True)]
    story.tell(f"an answer of {' and of '.join(shop.name for shop in day.shops)} was lost: what was told is looked up")
    story.count(shipments=left, lost=sum(lost))
    story.promise("an answer of each shop was lost", set(lost) == {1})
    story.promise("every shop shows every shipment of its orders, once", not counts.untold(day))
    story.promise("both parcels of the one have their number", len(_numbers(parcels)) == 2)
    story.promise("the ERP was told of every shipment, once", counts.told_erp(day) == sorted(counts.shipments(day)))
    story.promise("what left in part is not taken for shipped", _told(part) < sum(part.sale.units.values()))


def rest_leaves(day: Day) -> None:
    """The rest of what left in part leaves; every order is over, and every unit left once."""
    story, part = day.story, day.orders["textile"]
    story.begin("The rest leaves")
    day.clock.until(0, 16)
    [(floor, job)] = day.live_jobs(part)
    floor.ship(job.reference)
    day.sync()
    day.sync()
    told = part.sale.shipments
    story.tell(f"{day.lines_of('textile')}: {', '.join(f'{units} in {numbers[0]}' for _, units, numbers in told)}")
    story.count(shipments=len(counts.shipments(day)), told=sum(len(one.sale.shipments) for one in day.shippable()))
    story.promise("two shipments of it are told, and all its units", len(told) == 2 and not counts.untold(day))
    story.promise("the ERP was told of every shipment, once", counts.told_erp(day) == sorted(counts.shipments(day)))
    wrong = [one.key for one in day.shippable() if sum(one.sale.units.values()) != counts.gone(day, one)]
    story.promise("of every order exactly what was ordered left", not wrong)
    story.promise_none("shops list as before: what left was taken off when it was ordered", counts.astray(day))


def _tells(request: SimRequest) -> bool:
    """Whether a request tells a shop that something was shipped."""
    return "/orders/" in request.path or b"fulfillmentCreate" in request.body


def _numbers(sold: Sold) -> set[str]:
    return {number for _, _, numbers in sold.sale.shipments for number in numbers}


def _told(sold: Sold) -> int:
    return sum(units for _, units, _ in sold.sale.shipments)
