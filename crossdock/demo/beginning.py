"""The beginning of the story: adopt and link, plan, apply, and nothing left to do."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from canonical.reasons import advice
from crossdock.cli.planview import line_row
from crossdock.demo.story import Story
from crossdock.settings.lint import find_problems
from crossdock.settings.platforms import InstalledPlatforms
from sync import adopt, quarantine
from sync.apply import apply
from sync.estimate import write_calls
from sync.observe import ReadMode
from sync.planfile import lines_of
from sync.run import end_run, lease, look

_EXAMPLES = 4


def three_systems(story: Story) -> None:
    """Who is there, and that the configuration is right."""
    story.begin("Three systems, one catalog")
    counted = story.world.variants()
    for name, number in counted.items():
        config = story.hub.config.connections[name]
        story.tell(f"{name:9} {config.manifest.title}: {number} variants")
    story.count(**counted)
    problems = find_problems(story.world.config, InstalledPlatforms())
    story.promise("the configuration passes lint", not problems)


def adopt_and_link(story: Story) -> None:
    """First contact: everything is read and linked; nothing is written before somebody approves."""
    story.begin("Adopt and link")
    hub, before = story.hub, story.world.writes()
    with lease(hub, "demo adopt") as run_id:
        looked = look(hub, ReadMode.FULL)
        pairs = [(flow, target) for flow in hub.config.flows.values() for target in flow.targets]
        reports = [adopt.report(hub, flow, target) for flow, target in pairs]
        for found in reports:
            story.tell(f"{found.flow} on {found.target}: {found.linked} linked, {found.different} fields differ")
        end_run(hub, run_id, "done", {})
    left_out = _left_out(story)
    linked = min((found.linked for found in reports), default=0)
    story.count(linked=linked, different=sum(found.different for found in reports), **left_out)
    story.promise("everything was read whole", not looked.incomplete)
    story.promise("nothing was written", story.world.writes() == before)
    records = story.world.variants()["shop_eu"]
    story.promise("every variant is linked, or left out with a reason", linked + sum(left_out.values()) == records)
    if linked == 0:
        story.tell("nothing is linked, so there is nothing to keep in sync; try --sku-from handle-options")
        story.over = True
        return
    with lease(hub, "demo adopt --yes") as run_id:
        for flow, target in pairs:
            adopt.approve(hub, flow, target, flow.baseline)
        end_run(hub, run_id, "done", {})
    story.tell("approved: where they differ, the owner's value counts")


def _left_out(story: Story) -> dict[str, int]:
    """Variants of the first shop that were left out, by reason; all connections are told."""
    with story.hub.database.begin() as connection:
        counted = quarantine.counts(connection, "variant")
    for (name, reason), number in sorted(counted.items()):
        story.tell(f"{name}: {number} left out, {reason}: {advice(reason)}")
    reasons: Counter[str] = Counter()
    for (name, reason), number in counted.items():
        reasons[reason] += number if name == "shop_eu" else 0
    return dict(+reasons)


def plan_and_apply(story: Story) -> None:
    """The diff, then the same lines written."""
    story.begin("Plan")
    different, before = story.figure("different"), story.world.writes()
    summary = story.plan()
    with story.hub.database.begin() as connection:
        for line in islice(lines_of(connection, summary.plan_id), _EXAMPLES):
            row = line_row(line)
            story.tell(f"{row['mark']} {line.connection}  {line.sku}  {line.slot}  {row['change']}  owner {line.owner}")
    if summary.changes > _EXAMPLES:
        story.tell(f"... and {summary.changes - _EXAMPLES} more")
    calls = write_calls(story.reader, summary.plan_id, list(summary.planned)).total()
    story.count(planned=summary.changes, calls=calls)
    story.tell(f"{summary.changes} changes, about {calls} write calls")
    story.promise("planning wrote nothing", story.world.writes() == before)
    story.promise("every difference is planned, and no more", summary.changes == different)
    if not story.kept:
        return
    story.begin("Apply")
    with lease(story.hub, "demo apply") as run_id:
        report = apply(story.hub, summary.plan_id)
        end_run(story.hub, run_id, "done", dict(report.outcomes))
    written = story.world.writes() - before
    story.count(applied=report.applied, write_calls=written)
    story.tell(f"{report.applied} changes in {written} write calls, as the platforms counted them")
    story.promise("changes executed are the changes planned", report.outcomes == {"applied": summary.changes})
    story.promise("the write calls are those foretold", written == calls)
    differing = story.differing()
    story.promise(f"all {len(story.skus)} SKUs are equal in all systems, as these say", not differing)


def second_plan(story: Story) -> None:
    """Nothing is left to do."""
    story.begin("Plan again")
    before = story.world.writes()
    summary, report = story.plan(), story.sync()
    written = story.world.writes() - before
    story.count(planned=summary.changes, write_calls=written)
    story.tell(f"{summary.changes} changes; a sync sends {written} write calls")
    story.promise("the second plan is empty", summary.changes == 0 and not summary.withheld.total())
    story.promise("a sync with nothing to do writes nothing", written == 0 and not report.applied)
