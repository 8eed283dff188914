"""The proof: what shops, ERP, 3PLs and processor count themselves, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from crossdock.demo.day import counts, till
from crossdock.demo.day.scene import Day

_SIDES = ("shops", "erp", "tpls", "pay")


def all_sides_agree(day: Day) -> None:
    """Every figure by everyone who counts it: they are the same, and nothing is left over."""
    story = day.story
    story.begin("The proof: every side counts for itself")
    story.proof = [_row(what, sides) for what, sides in [*_orders(day), *_money(day), *_stock(day)]]
    for row in story.proof:
        told = ", ".join(f"{side} {row[side]}" for side in _SIDES if row[side] is not None)
        story.step.told.append(f"{row['what']}: {told}")
    differing = [str(row["what"]) for row in story.proof if row["difference"]]
    oversold, doubled = counts.oversold(day), counts.doubled(day)
    story.count(compared=len(story.proof), differing=len(differing), oversold=oversold, doubled=len(doubled))
    story.tell(
        f"{len(story.proof)} figures compared, {len(differing)} differ{': ' if differing else ''}{', '.join(differing)}"
    )
    story.tell(f"units oversold by the hub: {oversold}; documents, parcels or news doubled: {len(doubled)}")
    story.promise("orders, parcels, money and stock are the same on every side", not differing)
    story.promise("not one unit was oversold", oversold == 0)
    story.promise("nothing was done twice, though answers were lost and news doubled", not doubled)


def _row(what: str, sides: Mapping[str, int | Decimal]) -> dict[str, object]:
    """One line; a side that does not count this has none."""
    values = list(sides.values())
    difference = max(values) - min(values) if values else 0
    return {"what": what, **{side: sides.get(side) for side in _SIDES}, "difference": difference}


def _orders(day: Day) -> Iterable[tuple[str, dict[str, int | Decimal]]]:
    sold = day.shippable()
    # An order that two places ship is two sales.
    counted: dict[str, int] = {}
    for reference, stands, units in day.erp.sales():
        if stands:
            key = reference.rpartition("-")[0]
            counted[key] = counted.get(key, 0) + sum(units.values())
    told = [one for each in sold for one in each.sale.shipments]
    yield (
        "orders to be shipped",
        {
            "shops": len(sold),
            "erp": len(counted),
            "tpls": len({job.order for floor in day.floors for job in floor.jobs() if not job.canceled}),
        },
    )
    yield (
        "units ordered, booked, shipped",
        {
            "shops": sum(sum(one.sale.units.values()) for one in sold),
            "erp": sum(counted.values()),
            "tpls": sum(job.gone for floor in day.floors for job in floor.jobs()),
        },
    )
    yield "shipments", {"shops": len(told), "erp": len(day.erp.told()), "tpls": len(counts.shipments(day))}
    yield (
        "units in them",
        {"shops": sum(units for _, units, _ in told), "tpls": sum(counts.gone(day, one) for one in sold)},
    )


def _money(day: Day) -> Iterable[tuple[str, dict[str, int | Decimal]]]:
    sales = [one.sale for one in day.orders.values()]
    charged, refunded = till.money(day, "charge"), till.money(day, "refund")
    yield "EUR paid by buyers", {"shops": sum((one.taken for one in sales), Decimal(0)), "pay": charged}
    yield "EUR given back", {"shops": sum((one.refunded for one in sales), Decimal(0)), "pay": refunded}
    yield "EUR in dispute", {"pay": till.money(day, "dispute")}
    yield "EUR fees", {"pay": till.fees(day)}
    yield "EUR paid out", {"pay": till.money(day, "payout")}
    left = charged - refunded - till.money(day, "dispute") - till.fees(day) - till.money(day, "payout")
    yield "EUR that nothing explains", {"pay": left - till.balance(day), "shops": Decimal("0.00")}


def _stock(day: Day) -> Iterable[tuple[str, dict[str, int | Decimal]]]:
    skus = day.story.skus
    free = sum(day.erp.free(sku) for sku in skus)
    shelves = [floor.shelves() for floor in day.floors]
    lies = sum(shelf.get(sku, 0) for shelf in shelves for sku in skus)
    for shop in ("shop_eu", "shop_web"):
        yield (
            f"units for sale on {shop}",
            {"shops": sum(day.listed(sku)[shop] for sku in skus), "erp": free, "tpls": lies},
        )
    for floor, shelf in zip(day.floors, shelves, strict=True):
        # The difference by SKU: a unit too many of one thing does not make up for one too few of another.
        astray = sum(abs(day.erp.has(sku, floor.code) - shelf.get(sku, 0)) for sku in skus)
        booked = sum(day.erp.has(sku, floor.code) for sku in skus)
        yield f"units in {floor.code}", {"erp": booked, "tpls": sum(shelf.get(sku, 0) for sku in skus)}
        yield f"units astray in {floor.code}", {"erp": astray, "tpls": 0}
