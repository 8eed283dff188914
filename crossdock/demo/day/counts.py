"""What went where, as shops, ERP and 3PLs count it themselves; the hub's own counts are no evidence."""

from __future__ import annotations

from collections import Counter

from crossdock.demo.day.scene import Day, Sold


def unanswered(day: Day, name: str) -> int:
    """Writes that reached a platform and were never answered."""
    log = day.story.world.platforms[name].log
    return sum(call.kind == "write" and call.status == 0 for call in log.entries)


def doubled(day: Day) -> list[str]:
    """What was made twice under one reference, or told twice, by whoever holds it."""
    named = {
        "erp": [reference for reference, _, _ in day.erp.sales()],
        "erp told": day.erp.told(),
        **{floor.name: [job.reference for job in floor.jobs()] for floor in day.floors},
        **{shop.name: [one[0] for sale in shop.sales().values() for one in sale.shipments] for shop in day.shops},
    }
    return [f"{side} {name}" for side, names in named.items() for name, count in Counter(names).items() if count > 1]


def oversold(day: Day) -> int:
    """Units that a shop offers, or that were promised, beyond what the ERP has."""
    units = 0
    for sku in day.story.skus:
        free = day.erp.free(sku)
        units += max(0, -free) + max(0, *(listed - max(0, free) for listed in day.listed(sku).values()))
    return units


def shipments(day: Day) -> list[str]:
    """Everything that left the 3PLs: whose, and its id there."""
    return [f"{floor.name}-{one[0]}" for floor in day.floors for job in floor.jobs() for one in job.shipments]


def gone(day: Day, sold: Sold) -> int:
    """Units of an order that left the 3PLs."""
    return sum(job.gone for _, job in day.jobs(sold))


def untold(day: Day) -> list[str]:
    """Orders whose shop does not show exactly what left for them: units, and every parcel's number once."""
    wrong: list[str] = []
    for sold in day.shippable():
        left = [one for _, job in day.jobs(sold) for one in job.shipments]
        told = sold.sale.shipments
        if sorted((units, numbers) for _, units, numbers in left) != sorted(one[1:] for one in told):
            wrong.append(sold.key)
    return wrong


def told_erp(day: Day) -> list[str]:
    """What the ERP was told of, in the words of ``shipments``."""
    return sorted(day.erp.told())


def astray(day: Day) -> dict[str, str]:
    """SKUs of which a shop does not list what the ERP has free, less what was ordered and is not booked there.

    A shop that keeps unpaid units on its shelf until they are paid for lists them in its own figure.
    """
    booked = {reference.rpartition("-")[0] for reference, counts, _ in day.erp.sales() if counts}
    open_units: dict[str, Counter[str]] = {shop.name: Counter() for shop in day.shops}
    shelved: dict[str, Counter[str]] = {"shop_eu": Counter(), "shop_web": Counter()}
    for name, sold in day.orders.items():
        sale = sold.sale
        if name in day.settled or sold.key in booked or sale.canceled:
            continue
        open_units[sold.shop.name].update(sale.units)
        if not sale.taken and sold.shop.shelves_unpaid:
            shelved[sold.shop.name].update(sale.units)
    found: dict[str, str] = {}
    for sku in day.story.skus:
        pool = day.erp.free(sku) - sum(units[sku] for units in open_units.values())
        for shop, listed in day.listed(sku).items():
            if listed != max(0, pool + shelved[shop][sku]):
                found[sku] = f"{shop} lists {listed}, not {pool + shelved[shop][sku]}"
    return found
