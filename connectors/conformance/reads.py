"""The contract of reading: every record once, honest completeness, nothing that was not asked for."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.base import Page
from connectors.conformance.model import Check, NotApplicable, Subject
from connectors.conformance.world import World, require


def every_declared_resource_is_examined(subject: Subject) -> None:
    """The subject knows how to read every resource of the manifest."""
    declared = set(World.open(subject, 1).connector.manifest.resources)
    unknown = sorted(set(subject.resources) - declared)
    require(not unknown, f"not in the manifest: {', '.join(unknown)}")
    left = sorted(declared - set(subject.resources))
    if left:
        raise NotApplicable(f"not examined by this subject: {', '.join(left)}")


def paging_returns_every_record_once(subject: Subject) -> None:
    """A pull of 0, 1, n, n+1 and 3n records returns each exactly once."""
    n = subject.page_size
    for items in (0, 1, n, n + 1, 3 * n):
        world = World.open(subject, items, documents=True)
        for resource in subject.resources:
            pages = list(world.pull(resource))
            _require_whole(world, resource, pages, f"{resource} with {items} items")
        world.connector.close()


def only_the_last_page_is_complete(subject: Subject) -> None:
    """A pull is complete on its last page and on no other, also when there is nothing to return."""
    for items in (0, 3 * subject.page_size):
        world = World.open(subject, items, documents=True)
        for resource in subject.resources:
            flags = [page.complete for page in world.pull(resource)]
            require(bool(flags), f"{resource} with {items} items: no page at all, so nothing says it is complete")
            require(flags[-1], f"{resource} with {items} items: the last page is not complete")
            require(not any(flags[:-1]), f"{resource} with {items} items: a page before the last is complete")


def pages_tell_when_they_were_asked_for(subject: Subject) -> None:
    """A page's ``as_of`` is the start of its request: after the pull began, not after it ended."""
    world = World.open(subject, subject.page_size + 1, documents=True)
    for resource in subject.resources:
        begun = world.clock.now()
        for page in world.pull(resource):
            received = world.clock.now()
            within = begun <= page.as_of <= received
            require(within, f"{resource}: as_of {page.as_of} is not within {begun}..{received}")
            world.clock.advance(30)


def lookup_returns_what_was_asked_for(subject: Subject) -> None:
    """A lookup returns the records asked for, each once, and no others."""
    world = World.open(subject, 5, documents=True)
    for resource in subject.resources:
        every = sorted(subject.external_ids(world.simulator, resource))
        require(bool(every), f"{resource}: the simulator holds no records to look up")
        asked = every[: max(1, len(every) // 2)]
        found = world.lookup(resource, asked)
        require(sorted(found) == asked, f"{resource}: asked for {asked}, got {sorted(found)}")


def lookup_leaves_out_what_does_not_exist(subject: Subject) -> None:
    """An id that does not exist is simply not returned, and nothing in its place."""
    world = World.open(subject, 3, documents=True)
    for resource in subject.resources:
        known = min(subject.external_ids(world.simulator, resource))
        found = world.lookup(resource, [subject.absent_id(resource), known])
        require(found == [known], f"{resource}: asked for an absent id and {known}, got {found}")


def lookup_of_many_returns_all(subject: Subject) -> None:
    """A lookup of more ids than fit one request returns them all."""
    world = World.open(subject, subject.page_size + 1, documents=True)
    for resource in subject.resources:
        every = sorted(subject.external_ids(world.simulator, resource))
        found = sorted(world.lookup(resource, every))
        distinct = len(set(found))
        require(found == every, f"{resource}: asked for {len(every)} ids, got {len(found)}, {distinct} distinct")


def delta_returns_what_changed(subject: Subject) -> None:
    """A delta read from a pull's cursor returns a record changed after it."""
    touch = subject.touch
    resources = _with_delta(subject)
    if touch is None or not resources:
        raise NotApplicable("this connector has no delta read, or its subject cannot touch a record")
    for resource in resources:
        world = World.open(subject, 5, documents=True)
        world.clock.advance(world.connector.manifest.overlap_seconds + 3600)
        cursor = _cursor(list(world.pull(resource)), resource)
        world.clock.advance(3600)
        before = set(subject.external_ids(world.simulator, resource))
        touch(world.simulator, resource, 2)
        world.clock.advance(5)
        found = world.ids(resource, world.connector.changed_since(resource, subject.resources[resource], cursor))
        require(bool(found), f"{resource}: a record changed after the cursor is not in the delta")
        require(set(found) <= before, f"{resource}: the delta holds records that do not exist: {set(found) - before}")
        require(len(found) < len(before), f"{resource}: the delta holds everything, though one record changed")


def delta_is_never_complete(subject: Subject) -> None:
    """A delta read never claims to have seen everything."""
    resources = _with_delta(subject)
    if not resources:
        raise NotApplicable("this connector has no delta read")
    for resource in resources:
        world = World.open(subject, 3, documents=True)
        cursor = _cursor(list(world.pull(resource)), resource)
        for page in world.connector.changed_since(resource, subject.resources[resource], cursor):
            require(not page.complete, f"{resource}: a delta page says complete")


def reads_write_nothing(subject: Subject) -> None:
    """A dry run can do every read, and the platform sees no write and keeps its state."""
    world = World.open(subject, subject.page_size + 1, read_only=True, documents=True)
    before = subject.snapshot(world.simulator)
    for resource in subject.resources:
        ids = sorted(world.ids(resource, world.pull(resource)))
        world.lookup(resource, ids[:2])
    world.connector.locations()
    world.connector.check()
    require(world.simulator.log.writes() == 0, "the platform counted writes during reads")
    require(world.simulator.log.effects() == [], "reads had effects")
    require(subject.snapshot(world.simulator) == before, "the platform's state changed during reads")


def health_check_reports(subject: Subject) -> None:
    """The health check of a healthy connection finds nothing wrong."""
    world = World.open(subject, 1)
    bad = [finding.message for finding in world.connector.check() if not finding.ok and not finding.warning]
    require(not bad, f"findings on a healthy platform: {bad}")


def reading_twice_gives_the_same_bytes(subject: Subject) -> None:
    """An unchanged record reads byte for byte the same, so that unchanged can be told by its hash."""
    world = World.open(subject, 3, documents=True)
    for resource in subject.resources:
        first = {subject.id_of(resource, raw): bytes(raw) for page in world.pull(resource) for raw in page.records}
        again = {subject.id_of(resource, raw): bytes(raw) for page in world.pull(resource) for raw in page.records}
        require(first == again, f"{resource}: the same records read twice differ")


def _require_whole(world: World, resource: str, pages: Sequence[Page], what: str) -> None:
    found = world.ids(resource, pages)
    expected = set(world.subject.external_ids(world.simulator, resource))
    require(len(found) == len(set(found)), f"{what}: {len(found) - len(set(found))} records came twice")
    missing, extra = expected - set(found), set(found) - expected
    require(not missing, f"{what}: {len(missing)} of {len(expected)} records did not come")
    require(not extra, f"{what}: {len(extra)} records came that are not there")
    require(all(page.resource == resource for page in pages), f"{what}: a page names another resource")


def _with_delta(subject: Subject) -> list[str]:
    world = World.open(subject, 1)
    declared = world.connector.manifest.resources
    return [resource for resource in subject.resources if declared[resource].timestamp]


def _cursor(pages: Sequence[Page], resource: str) -> str:
    cursors = [page.cursor for page in pages if page.cursor]
    require(bool(cursors), f"{resource}: a complete pull gave no cursor to go on from")
    return str(cursors[-1])


READ_CHECKS: tuple[Check, ...] = tuple(
    Check(function.__name__, "reads", function)
    for function in (
        every_declared_resource_is_examined,
        paging_returns_every_record_once,
        only_the_last_page_is_complete,
        pages_tell_when_they_were_asked_for,
        reading_twice_gives_the_same_bytes,
        lookup_returns_what_was_asked_for,
        lookup_leaves_out_what_does_not_exist,
        lookup_of_many_returns_all,
        delta_returns_what_changed,
        delta_is_never_complete,
        reads_write_nothing,
        health_check_reports,
    )
)
