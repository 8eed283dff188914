"""The verbs of the engine: each takes the lease, recovers what a crash left, reads, links, plans, applies.

Only this module knows the order of the steps; each step is a module of its own.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection, update

from canonical.clock import parse_instant
from canonical.errors import BusyError, FatalError
from sync import configversion, cursors, observeset, recover
from sync.apply import ApplyReport, apply
from sync.config import FlowConfig
from sync.contact import rests, work_with
from sync.daemon import refuse_other
from sync.documents import Take, observe_documents
from sync.hub import Hub
from sync.link import LinkReport, link
from sync.locks import EXECUTOR, hold
from sync.logcontext import about
from sync.marked import drain_documents, drop_unread
from sync.observe import ReadMode, ReadReport, drain, observe
from sync.orders.advance import advance
from sync.orders.effects import EffectReport, carry_out, request_effects, resolve_lost
from sync.orders.reading import absences, asked_still, takers
from sync.planner import PlanSummary, plan
from sync.privacy import demands
from sync.resolve import approve_doubted
from sync.store import body, tables
from sync.store.database import insert_returning_id
from sync.topology import identity_owner, mappings_by_resource, traders

_log = logging.getLogger(__name__)
_RUN = tables.table(tables.Run)
_ROUNDS = 3
_CLOCK_STEP = timedelta(seconds=5)
_SLICE_SECONDS = 2.0


@dataclass
class LookReport:
    """What reading and linking found; ``failed`` names connections that could not be read, and why."""

    reads: dict[str, ReadReport] = field(default_factory=dict)
    links: dict[str, LinkReport] = field(default_factory=dict)
    recovered: Counter[str] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def incomplete(self) -> bool:
        """Whether some read did not finish, so that nothing may be called done."""
        return bool(self.failed) or any(read.incomplete for read in self.reads.values())


@dataclass
class SyncReport:
    """One sync: what was read, the last plan, what all rounds applied, and what orders had done once."""

    look: LookReport
    plans: list[PlanSummary] = field(default_factory=list)
    applied: list[ApplyReport] = field(default_factory=list)
    effects: EffectReport = field(default_factory=EffectReport)


@contextmanager
def lease(
    hub: Hub,
    command: str,
    *,
    wait: float = 600.0,
    on_wait: Callable[[], None] | None = None,
    started_by: str = "manual",
    wanted: Callable[[Connection], bool] = lambda _: True,
) -> Iterator[int]:
    """Be the one executor of the database for a command; its run is recorded (R20).

    BusyError when it is not ``wanted`` any more once it is our turn: another process has done it. ConfigError when a
    daemon lives that works with another configuration: two would undo each other's writes for ever.
    """
    with hold(hub.database, EXECUTOR, hub.clock, wait=wait, on_wait=on_wait):
        refuse_other(hub.database, hub.config.version)
        with hub.database.begin() as connection:
            _refuse_earlier_clock(hub, connection)
            _close_interrupted(connection)
            if not wanted(connection):
                raise BusyError("another process has done it")
            run_id = insert_returning_id(
                connection,
                _RUN,
                {
                    "command": command,
                    "started_at": hub.stamp(),
                    "ended_at": "",
                    "outcome": "running",
                    "config_version": hub.config.version,
                    "counts": None,
                    "detail": "",
                    "started_by": started_by,
                },
            )
            configversion.activate(hub, connection)
        try:
            with about(run=run_id):
                _log.info("the run began: %s", command)
                yield run_id
        except BaseException as error:
            outcome = "stopped" if isinstance(error, KeyboardInterrupt) else "failed"
            end_run(hub, run_id, outcome, {}, f"{type(error).__name__}: {error}")
            raise


def _close_interrupted(connection: Connection) -> None:
    """Whoever is here holds the lease: a run that still seems to run was killed, nobody knows when."""
    running = update(_RUN).where(_RUN.c.outcome == "running")
    connection.execute(running.values(outcome="interrupted", detail="its process was killed"))


def _refuse_earlier_clock(hub: Hub, connection: Connection) -> None:
    """What was read later than now would make every read look old: nothing may run on a clock that stepped back."""
    newest = max((state.read_until or state.read_at for state in cursors.all_states(connection)), default="")
    if newest and parse_instant(newest) - hub.now() > _CLOCK_STEP:
        raise FatalError(
            f"the clock of this machine is behind what was read at {newest}",
            hint="set the clock right, or wait until that time has passed",
        )


def end_run(hub: Hub, run_id: int, outcome: str, counts: dict[str, int], detail: str = "") -> None:
    """Note how a run ended; the first word stands."""
    with hub.database.begin() as connection:
        noted = connection.execute(
            update(_RUN)
            .where(_RUN.c.id == run_id, _RUN.c.outcome == "running")
            .values(ended_at=hub.stamp(), outcome=outcome, counts=body.encode(counts), detail=detail[:500])
        )
    if noted.rowcount:
        _log.info("the run ended: %s", outcome, extra={"run": run_id})
        hub.on_run(outcome)


def look(
    hub: Hub, mode: ReadMode, flows: list[FlowConfig] | None = None, only: Collection[str] | None = None
) -> LookReport:
    """Recover, then read and link every connection that the flows need: owners before targets (R2).

    Of those that are not in ``only``, where given, just what is marked is read; of paused ones nothing.
    """
    report = LookReport()
    with hub.database.begin() as connection:
        still = asked_still(hub.config, connection)
    for name in dict.fromkeys([*sorted(still - set(traders(hub.config))), *reading_order(hub, flows)]):
        if name in hub.paused:
            continue
        how = mode if only is None or name in only else ReadMode.MARKED
        if how is ReadMode.MARKED and rests(hub, name, report.failed):
            continue
        work_with(hub, name, "read", report.failed, partial(_look_at, hub, name, how, report, still))
    return report


def _look_at(
    hub: Hub, name: str, mode: ReadMode, report: LookReport, still: Collection[str], _ours: Callable[[], bool]
) -> None:
    report.recovered.update(recover.recover(hub, name))
    report.recovered.update(resolve_lost(hub, name))
    _read(hub, name, mode, report, takers(hub.config, name, still))


def _read(hub: Hub, name: str, mode: ReadMode, report: LookReport, taking: Mapping[str, Take]) -> None:
    """Read a connection, what was marked included; the caller holds its lock."""
    drain(hub, name)
    marked = mode is ReadMode.MARKED
    with hub.read_whole("" if marked else name):
        report.reads[name] = ReadReport(name) if marked else observe(hub, name, mode)
        if name not in hub.unready:
            report.links[name] = link(hub, name)
        if not marked:
            observe_documents(hub, name, mode, taking, report.reads[name], absences(hub.config, name))
    drain_documents(hub, name, taking)
    drop_unread(hub, name, mappings_by_resource(hub.config, name), taking)
    with hub.database.read() as connection:
        report.reads[name].incomplete += observeset.unread(connection, name)


def reading_order(hub: Hub, flows: list[FlowConfig] | None = None) -> list[str]:
    """The identity owner first, then other owners, then targets."""
    chosen = flows if flows is not None else list(hub.config.flows.values())
    first = identity_owner(hub.config)
    sources = [flow.source for flow in chosen]
    targets = [target for flow in chosen for target in flow.targets]
    # Orders are read last: a raise needs them to be newer than the owner's figures (R2).
    return list(dict.fromkeys([*([first] if first else []), *sources, *traders(hub.config), *targets]))


def make_plan(
    hub: Hub,
    mode: ReadMode = ReadMode.FULL,
    *,
    flows: list[FlowConfig] | None = None,
    force: bool = False,
) -> tuple[LookReport, PlanSummary]:
    """Read, link and plan, what orders need included; nothing is sent."""
    chosen = flows if flows is not None else list(hub.config.flows.values())
    looked = look(hub, mode, chosen)
    advance(hub)
    request_effects(hub)
    return looked, plan(hub, chosen, force=force, failed=looked.failed)


def run_sync(
    hub: Hub,
    mode: ReadMode = ReadMode.AUTO,
    *,
    flows: list[FlowConfig] | None = None,
    only: Collection[str] | None = None,
    force: bool = False,
    orders: bool = True,
) -> SyncReport:
    """Read, plan and apply; lines that moved are planned anew, lost answers are waited for and resolved.

    ``only`` are the connections to read, by default all that the flows need. ``orders`` says whether what orders need
    is asked for as well; they are read in any case.
    """
    chosen = flows if flows is not None else list(hub.config.flows.values())
    if force:
        approve_doubted(hub, chosen)
    demands.carry_out(hub)
    report = SyncReport(look(hub, mode, chosen, only))
    advance(hub)
    for _ in range(_ROUNDS):
        settle_open_calls(hub, chosen, report.look)
        summary = plan(hub, chosen, force=force, failed=report.look.failed)
        report.plans.append(summary)
        if not summary.changes:
            break
        applied = apply(hub, summary.plan_id)
        report.applied.append(applied)
        if applied.failed:
            break
    else:
        settle_open_calls(hub, chosen, report.look)
    if orders:
        report.effects = carry_out_orders(hub)
    return report


def carry_out_orders(hub: Hub) -> EffectReport:
    """Ask for what orders need, and look at them again: what was accepted may call for more."""
    total = EffectReport()
    for _ in range(_ROUNDS):
        done = carry_out(hub)
        total.add(done)
        if not advance(hub) or done.failed:
            break
    return total


def settle_open_calls(hub: Hub, flows: list[FlowConfig], looked: LookReport) -> None:
    """Wait until lost writes, a crash's included, can no longer take effect, then resolve them."""
    for name in reading_order(hub, flows):
        if name in looked.failed or name in hub.paused or recover.longest_wait(hub, name) is None:
            continue
        work_with(hub, name, "settle", looked.failed, partial(_settle, hub, name))


def _settle(hub: Hub, name: str, _ours: Callable[[], bool]) -> None:
    if recover.recover(hub, name)["waiting"]:
        seconds = recover.longest_wait(hub, name) or 0
        if seconds <= 0:
            return  # what would tell about it was read just now, and did not
        hub.progress(f"waiting for a lost answer of {name}", 0, None)
        _wait(hub, seconds)
        recover.recover(hub, name)


def _wait(hub: Hub, seconds: float) -> None:
    while seconds > 0:
        hub.checkpoint("waiting")
        pause = min(seconds, _SLICE_SECONDS)
        hub.clock.sleep(pause)
        seconds -= pause


def outcome_counts(report: SyncReport) -> dict[str, int]:
    """A sync's outcomes in one dictionary."""
    total: Counter[str] = Counter()
    for applied in report.applied:
        total.update(applied.outcomes)
    return dict(total)
