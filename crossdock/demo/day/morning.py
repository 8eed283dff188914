"""The morning: 3PLs and a processor join, orders go live, and shoppers buy."""

from __future__ import annotations

from canonical.clock import instant_text
from connectors.simulation import Fault
from crossdock.demo.day import counts
from crossdock.demo.day.scene import Day, Sold
from crossdock.settings.lint import find_problems
from crossdock.settings.platforms import InstalledPlatforms
from sync import adopt
from sync.observe import ReadMode
from sync.orders import acts, store, views
from sync.run import end_run, lease, look

_SHOWN = 4


def partners_join(day: Day) -> None:
    """Two 3PLs and a payment processor join; every flow is approved before anything may move."""
    story = day.story
    story.begin("Two 3PLs and a payment processor join")
    day.clock.until(0, 7, 30)
    day.configure()
    for floor in day.floors:
        story.tell(f"{floor.name} ({day.hub.config.connections[floor.name].manifest.title}) works in {floor.code}")
    story.tell(f"pay ({day.hub.config.connections['pay'].manifest.title}) takes the money of {len(day.shops)} shops")
    story.promise("the configuration passes lint", not find_problems(day.config, InstalledPlatforms()))
    with lease(day.hub, "demo adopt") as run_id:
        looked = look(day.hub, ReadMode.FULL)
        for flow in day.hub.config.flows.values():
            for target in flow.targets:
                if adopt.report(day.hub, flow, target).state != "live":
                    adopt.approve(day.hub, flow, target, flow.baseline)
        end_run(day.hub, run_id, "done", {})
    before = story.world.writes()
    day.sync()
    story.count(write_calls=story.world.writes() - before)
    story.promise("everything was read whole", not looked.incomplete)
    story.promise_none("all shops list what the ERP has", counts.astray(day))


def orders_go_live(day: Day) -> None:
    """Orders go live: older ones are left alone until somebody says whose they are."""
    story = day.story
    story.begin("Orders go live at 08:00")
    day.clock.until(0, 7, 45)
    over = day.place("over", 0, {day.goods.take(): 1})
    over.shop.complete(over.order)
    day.key_in(over)
    known, late = day.place("known", 0, {day.goods.take(): 2}), day.place("declared", 0, {day.goods.take(): 1})
    day.key_in(known)
    story.tell("three orders are older: one is done, one was keyed into the ERP by hand, one nobody has seen to")
    day.clock.until(0, 8)
    day.configure(go_live=instant_text(day.clock.now()))
    story.promise("the configuration passes lint", not find_problems(day.config, InstalledPlatforms()))
    day.sync()
    waiting = day.rows("undeclared")
    for row in waiting:
        story.tell(f"{row.connection} {row.number} waits: its owner has it already, or it is asked for like a new one")
    story.promise(
        "only those still open wait to be declared", {row.external_id for row in waiting} == _ids(known, late)
    )
    story.promise("nothing was exported", not day.erp.sales() and not any(floor.jobs() for floor in day.floors))
    with lease(day.hub, "demo declare") as run_id:
        for row in waiting:
            export = row.external_id == late.order
            said = acts.declare(day.hub, row, export=export)
            story.tell(f"crossdock orders declare {row.number} {'--export' if export else '--known'}: {said}")
        end_run(day.hub, run_id, "done", {})
    day.sync()
    day.sync()
    story.count(undeclared=len(waiting), exported=len(day.erp.sales()))
    story.promise("the declared one was exported once, the others never", _exported(day) == ["declared"])


def shoppers_buy(day: Day) -> None:
    """A dozen orders: each is reserved, lowers every shop, and is asked for once in the ERP and at a 3PL."""
    story, goods = day.story, day.goods
    story.begin("Shoppers buy")
    day.clock.until(0, 9)
    main, textile = goods.take(), goods.take(of_family=True)
    names = ["plain", "basket", "overseas", "textile", "parcels", "by_stock", "split", "edited", "canceled"]
    day.place("plain", 0, {main: 2})
    day.place("basket", 1, {goods.take(): 1, goods.take(): 1})
    day.place("overseas", 0, {goods.take(): 1}, "US")
    day.place("textile", 1, {textile: 3}, "FR")
    day.place("parcels", 0, {goods.take(of_family=True): 2}, "AT")
    day.place("by_stock", 1, _only_second(day))
    day.place("split", 0, _no_one_has_all(day))
    day.place("edited", 1, {goods.pair[0]: 2})
    day.place("canceled", 0, {goods.take(): 2})
    day.place("late", 0, {goods.take(): 2}, paid=False)
    names.append("late")
    story.tell(f"{len(names)} orders, one of them not paid for yet; the first:")
    for name in names[:_SHOWN]:
        story.tell(f"  {day.lines_of(name)}")
    story.world.platforms["tpl_a"].faults.add(
        Fault("timeout_after", only="write", when=lambda request: request.path.endswith("/order"))
    )
    day.sync(5)
    story.promise_none("each was reserved at once: every shop lists less by what was ordered", counts.astray(day))
    lost = counts.unanswered(day, "tpl_a")
    story.tell(f"{lost} answer of tpl_a was lost: the order is looked up by its reference, not sent again blindly")
    day.sync()
    day.sync()
    paid = [name for name in names if name != "late"]
    story.count(orders=len(names), requests=sum(len(day.live_jobs(day.orders[name])) for name in paid))
    sold = [day.orders[name] for name in paid]
    booked = all(day.booked(one) == len({floor.code for floor, _ in day.live_jobs(one)}) for one in sold)
    story.promise("each paid order is one sale in the ERP for each 3PL that ships it", booked)
    once = [name for name in paid if name != "split"]
    story.promise("and is asked for at one 3PL, once", all(len(day.live_jobs(day.orders[name])) == 1 for name in once))
    story.promise(
        "that whose answer was lost too", lost == 1 and not day.effects("in_flight") and not counts.doubled(day)
    )


def reasons(day: Day) -> None:
    """Why each went where it went, as ``crossdock explain ORDER`` tells."""
    story = day.story
    story.begin("Why it went there")
    expected = {"plain": "tpl_a", "overseas": "tpl_a", "textile": "tpl_b", "by_stock": "tpl_b"}
    went: dict[str, list[str]] = {}
    for name in (*expected, "split"):
        sold = day.orders[name]
        story.tell(f"explain {sold.called.removeprefix('#')}: {day.lines_of(name)}")
        with day.hub.database.begin() as connection:
            row = store.find_order(connection, sold.shop.name, sold.order)
            asked = views.requests(connection, row) if row is not None else []
        for one in asked:
            where = f"{one['connection']} {one['location']}".strip()
            story.tell(f"  {where}: {one['why']}")
        went[name] = sorted(floor.name for floor, _ in day.live_jobs(sold))
    story.promise(
        "country, SKU and stock decided as the rules say", all(went[at] == [to] for at, to in expected.items())
    )
    story.promise("what no place has alone goes out of two", went["split"] == ["tpl_a", "tpl_b"])
    units = sum(sum(job.units.values()) for _, job in day.live_jobs(day.orders["split"]))
    story.promise("and not a unit more than was ordered", units == sum(day.orders["split"].lines.values()))


def _ids(*orders: Sold) -> set[str]:
    return {one.order for one in orders}


def _exported(day: Day) -> list[str]:
    return [name for name, sold in day.orders.items() for _ in range(day.booked(sold))]


def _only_second(day: Day) -> dict[str, int]:
    """More of something than the first warehouse has, and the second does."""
    for sku in day.goods.outside:
        first, second = day.erp.has(sku, "WH1"), day.erp.has(sku, "WH2")
        if sku not in day.goods.taken and first < second:
            day.goods.taken.append(sku)
            return {sku: first + 1}
    raise LookupError("nothing lies rather in the second warehouse")


def _no_one_has_all(day: Day) -> dict[str, int]:
    """More of something than any one warehouse has: of that of which there is least."""
    free = [sku for sku in day.goods.outside if sku not in day.goods.taken]
    sku = min(free, key=day.erp.free)
    day.goods.taken.append(sku)
    return {sku: max(day.erp.has(sku, "WH1"), day.erp.has(sku, "WH2")) + 1}
