"""From planned lines to the rows a connector packs into calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row

from canonical.errors import SkippableError
from canonical.value import Value
from connectors.base import WriteRow
from mappings.compiled import CompiledMapping
from sync import shadow
from sync.hub import Hub
from sync.journal import Entry
from sync.shadow import ShadowView
from sync.store import body


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A line of a plan, decoded."""

    number: int
    flow: str
    entity: str
    item_id: int
    external_id: str
    slot: str
    before: Value
    after: Value
    exempt: bool
    fingerprint: str
    sku: str = ""

    @classmethod
    def of(cls, row: Row[Any]) -> ChangeLine:
        """Decode a stored line."""
        return cls(
            number=row.number,
            flow=row.flow,
            entity=row.entity,
            item_id=row.item_id,
            external_id=row.external_id,
            slot=row.slot,
            before=body.decode(row.before),
            after=body.decode(row.after),
            exempt=bool(row.exempt),
            fingerprint=row.fingerprint,
            sku=row.sku,
        )


@dataclass
class Batch:
    """Rows to write, each with the plan's lines it carries out.

    ``views`` holds the shadow row of each row and entity: one external record may feed several entities.
    """

    rows: list[WriteRow] = field(default_factory=list)
    lines: dict[int, list[ChangeLine]] = field(default_factory=dict)
    views: dict[tuple[int, str], ShadowView] = field(default_factory=dict)

    @property
    def numbers(self) -> list[int]:
        """The rows' numbers."""
        return [row.number for row in self.rows]

    def changes(self) -> list[ChangeLine]:
        """Every line of the batch."""
        return [line for number in self.numbers for line in self.lines[number]]

    def only(self, numbers: Iterable[int]) -> Batch:
        """The batch cut down to some rows."""
        kept = set(numbers)
        return Batch([row for row in self.rows if row.number in kept], self.lines, self.views)

    def without(self, numbers: Iterable[int]) -> Batch:
        """The batch without some rows."""
        left = set(numbers)
        return Batch([row for row in self.rows if row.number not in left], self.lines, self.views)

    def entries(self, plan_id: int) -> list[Entry]:
        """What the journal keeps of these rows."""
        return [
            Entry(
                number=number,
                slot=line.slot,
                plan_id=plan_id,
                change_number=line.number,
                flow=line.flow,
                entity=line.entity,
                item_id=line.item_id,
                external_id=line.external_id,
                before=line.before,
                after=line.after,
                exempt=line.exempt,
            )
            for number in self.numbers
            for line in self.lines[number]
        ]


Refused = list[tuple[ChangeLine, str]]


def build_rows(hub: Hub, connection: Connection, target: str, rows: Sequence[Row[Any]]) -> tuple[Batch, Refused]:
    """Compose write rows; slots of one record that one operation writes travel together."""
    changes = [ChangeLine.of(row) for row in rows]
    views = {
        entity: shadow.views(connection, target, entity, (c.item_id for c in changes if c.entity == entity))
        for entity in {change.entity for change in changes}
    }
    groups: dict[tuple[str, ...], _Group] = {}
    refused: Refused = []
    for change in sorted(changes, key=_lowerings_first):
        view = views[change.entity].get(change.item_id)
        mapping = hub.config.connections[target].mappings[change.entity]
        if view is None:
            refused.append((change, "its link is gone"))
            continue
        try:
            _add(groups, mapping, view, change)
        except SkippableError as error:
            refused.append((change, str(error)))
    batch = Batch()
    for number, group in enumerate(groups.values()):
        batch.rows.append(group.row(number))
        batch.lines[number] = group.lines
        batch.views.update({(number, entity): view for entity, view in group.views.items()})
    return batch, refused


def _lowerings_first(change: ChangeLine) -> tuple[bool, int]:
    lowers = isinstance(change.before, int) and isinstance(change.after, int) and change.after < change.before
    return (not lowers, change.number)


@dataclass
class _Group:
    """What becomes one row."""

    resource: str
    view: ShadowView
    scope_id: str
    values: dict[str, Any] = field(default_factory=dict)
    expected: dict[str, Any] = field(default_factory=dict)
    lines: list[ChangeLine] = field(default_factory=list)
    views: dict[str, ShadowView] = field(default_factory=dict)

    def row(self, number: int) -> WriteRow:
        view = self.view
        return WriteRow(
            number=number,
            resource=self.resource,
            external_id=view.external_id,
            values=self.values,
            expected=self.expected,
            parent_id=view.parent_id,
            scope_id=self.scope_id,
            version=view.version,
        )


def _add(groups: dict[tuple[str, ...], _Group], mapping: CompiledMapping, view: ShadowView, change: ChangeLine) -> None:
    encoded = mapping.encode({change.slot: change.after}, view.kind)
    expected = _expected(mapping, view, change)
    scope_id = view.scopes.get(change.slot)
    scope = scope_id if isinstance(scope_id, str) else ""
    for operation, values in encoded.items():
        key = (mapping.resource, view.external_id, operation, scope)
        group = groups.setdefault(key, _Group(mapping.resource, view, scope))
        group.views[view.entity] = view
        group.values.update(values)
        group.expected.update(expected.get(operation, {}))
        group.lines.append(change)


def _expected(mapping: CompiledMapping, view: ShadowView, change: ChangeLine) -> Mapping[str, Mapping[str, Any]]:
    if change.before is None:
        return {}
    return mapping.encode({change.slot: change.before}, view.kind)
