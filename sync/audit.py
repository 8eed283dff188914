"""The audit: every owned slot of every linked record, owner against target, and what has no counterpart."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from sync import quarantine, shadow
from sync.config import FlowConfig
from sync.decision import Verdict
from sync.evaluate import evaluate
from sync.hub import Hub
from sync.known import Line
from sync.shadow import SHADOW, linked_items
from sync.store import tables

_ITEM = tables.table(tables.Item)
_SAMPLES = 20


@dataclass
class AuditReport:
    """One flow on one target in numbers.

    ``compared`` slots were read on both sides; ``drift`` are the different ones by why they differ; ``orphans`` are
    records there without an item here; ``absent`` are items without a record there; ``duplicates`` share a SKU.
    """

    flow: str
    target: str
    linked: int = 0
    compared: int = 0
    equal: int = 0
    drift: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    orphans: int = 0
    absent: int = 0
    duplicates: int = 0
    samples: list[Line] = field(default_factory=list)

    @property
    def accuracy(self) -> float:
        """Percent of the compared slots that agree; 100 where nothing could be compared."""
        return 100.0 * self.equal / self.compared if self.compared else 100.0


def audit(hub: Hub, flow: FlowConfig, target: str) -> AuditReport:
    """Compare what was last read; writes nothing."""
    report = AuditReport(flow.name, target)
    after = 0
    while True:
        with hub.database.begin() as connection:
            items = linked_items(connection, target, flow.entity, after)
            if not items:
                break
            after = items[-1]
            report.linked += len(items)
            gone = shadow.gone_items(connection, flow.source, flow.entity, items)
            if gone:
                report.unknown["gone_at_owner"] += len(gone)
            there = [item for item in items if item not in gone]
            for line in evaluate(hub, connection, flow, there, targets=(target,)):
                _count(report, line)
    with hub.database.begin() as connection:
        _count_unlinked(connection, report, flow, target)
    return report


def _count(report: AuditReport, line: Line) -> None:
    verdict = line.decision.verdict
    if verdict is Verdict.NOTHING:
        report.unknown[line.decision.reason] += 1
        return
    report.compared += 1
    if verdict is Verdict.EQUAL:
        report.equal += 1
        return
    report.drift[line.decision.reason or "not_written"] += 1
    if len(report.samples) < _SAMPLES:
        report.samples.append(line)


def _count_unlinked(connection: Connection, report: AuditReport, flow: FlowConfig, target: str) -> None:
    here = (SHADOW.c.connection == target, SHADOW.c.entity == flow.entity, SHADOW.c.gone_since == "")
    unlinked = select(func.count()).where(*here, SHADOW.c.item_id.is_(None))
    report.orphans = int(connection.execute(unlinked).scalar_one())
    total = int(connection.execute(select(func.count()).select_from(_ITEM)).scalar_one())
    report.absent = total - report.linked
    found = quarantine.counts(connection, flow.entity)
    report.duplicates = found.get((target, "duplicate_sku"), 0)
