"""A plan as a file: to be read, kept, and applied later against the same database and configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from sqlalchemy import Connection, insert, select

from canonical.clock import parse_instant
from canonical.errors import CrossdockError
from canonical.slot import parse_slot
from canonical.value import Value
from sync.config import FlowKind
from sync.evaluate import channels_of
from sync.hub import Hub
from sync.observe import reread
from sync.orders.fresh import read_orders_first
from sync.orders.store import EFFECT, ORDER
from sync.planner import decide_and_record
from sync.shadow import SHADOW
from sync.store import body, tables
from sync.store.database import chunks, insert_returning_id

FORMAT = "crossdock-plan/1"
_PLAN = tables.table(tables.Plan)
_CHANGE = tables.table(tables.PlanChange)


class SavedChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a saved plan."""

    number: int
    flow: str
    connection: str
    entity: str
    item_id: int
    external_id: str
    slot: str
    sku: str
    owner: str
    action: str
    before: Value
    after: Value
    exempt: bool
    reason: str
    fingerprint: str
    status: str


class SavedEffect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something a saved plan would have done once: which, for which order, under which reference."""

    id: int
    kind: str
    connection: str
    reference: str
    order: str
    digest: str


class _Header(msgspec.Struct, frozen=True):
    format: str


class SavedPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A saved plan: where it was made, under which configuration, and its lines."""

    format: str
    database_id: str
    config_version: str
    created_at: str
    changes: list[SavedChange]
    effects: list[SavedEffect] = []


def effects_of(connection: Connection) -> list[SavedEffect]:
    """What waits to be done once, with a short hash of its document."""
    query = (
        select(EFFECT, ORDER.c.number)
        .join(ORDER, ORDER.c.id == EFFECT.c.order_id)
        .where(EFFECT.c.state == "waiting")
        .order_by(EFFECT.c.id)
    )
    return [
        SavedEffect(row.id, row.kind, row.connection, row.reference, row.number, body.digest(row.document).hex())
        for row in connection.execute(query)
    ]


def unchanged_effects(hub: Hub, saved: SavedPlan) -> frozenset[int]:
    """The saved effects that still wait exactly as they were saved (R19)."""
    with hub.database.begin() as connection:
        now = set(effects_of(connection))
    return frozenset(one.id for one in saved.effects if one in now)


def lines_of(connection: Connection, plan_id: int) -> Iterator[SavedChange]:
    """The lines of a stored plan, in order."""
    for row in connection.execute(select(_CHANGE).where(_CHANGE.c.plan_id == plan_id).order_by(_CHANGE.c.number)):
        values = {name: getattr(row, name) for name in SavedChange.__struct_fields__ if name not in ("before", "after")}
        values["exempt"] = bool(values["exempt"])
        yield SavedChange(**values, before=body.decode(row.before), after=body.decode(row.after))


def replace_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_name(path.name + ".part")
    temporary.write_bytes(content)
    temporary.replace(path)


def save(hub: Hub, plan_id: int, path: Path, write: Callable[[Path, bytes], None] = replace_file) -> int:
    """Write a plan to a file; tells how many lines it has."""
    with hub.database.begin() as connection:
        plan = connection.execute(select(_PLAN).where(_PLAN.c.id == plan_id)).one()
        changes, effects = list(lines_of(connection, plan_id)), effects_of(connection)
    saved = SavedPlan(FORMAT, hub.database.database_id(), plan.config_version, plan.created_at, changes, effects)
    write(path, msgspec.json.format(msgspec.json.encode(saved), indent=1))
    return len(changes)


def load(path: Path, read: Callable[[Path], bytes] = Path.read_bytes) -> SavedPlan:
    """Read a plan file; CrossdockError when it is not one."""
    try:
        text = read(path)
        made_as = msgspec.json.decode(text, type=_Header).format
        if made_as != FORMAT:
            said = f"{path} has the format {made_as}, this version reads {FORMAT}"
            raise CrossdockError(said, hint="plan again with this version")
        saved = msgspec.json.decode(text, type=SavedPlan)
        parse_instant(saved.created_at)
        for change in saved.changes:
            parse_slot(change.slot)
    except OSError as error:
        raise CrossdockError(f"cannot read {path}: {error.strerror}", hint="give the file `plan -o` wrote") from error
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise CrossdockError(f"{path} is not a saved plan: {error}", hint="make one with `plan -o`") from error
    return saved


def store(hub: Hub, saved: SavedPlan) -> int:
    """Put a saved plan back into its database; CrossdockError for another database, other configuration, or old age."""
    check(hub, saved)
    with hub.database.begin() as connection:
        row = {"created_at": saved.created_at, "config_version": saved.config_version, "state": "open", "counts": None}
        plan_id = insert_returning_id(connection, _PLAN, row)
        for part in chunks(saved.changes):
            connection.execute(insert(_CHANGE), [_row(plan_id, change) for change in part])
    return plan_id


def check(hub: Hub, saved: SavedPlan) -> None:
    """CrossdockError for a plan of another database, of another configuration, too old, or edited."""
    if saved.database_id != hub.database.database_id():
        raise CrossdockError("this plan was made for another database", hint="plan again with this configuration")
    if saved.config_version != hub.config.version:
        raise CrossdockError(
            "the configuration (ownership, flows or mappings) changed since this plan", hint="plan again"
        )
    if _age(saved, hub.now()) > hub.config.plan_max_age:
        hours = hub.config.plan_max_age.total_seconds() / 3600
        raise CrossdockError(f"this plan is older than {hours:g} hours", hint="plan again")
    for change in saved.changes:
        known = hub.config.connections.get(change.connection)
        if known is None or change.entity not in known.mappings:
            raise CrossdockError(
                f"line {change.number} is about {change.entity} of {change.connection}, which is not configured",
                hint="plan again; a saved plan is not to be edited",
            )


def _age(saved: SavedPlan, now: datetime) -> timedelta:
    return now - parse_instant(saved.created_at)


def _row(plan_id: int, change: SavedChange) -> dict[str, object]:
    row = msgspec.structs.asdict(change)
    encoded = {"before": body.encode(change.before), "after": body.encode(change.after)}
    return {**row, **encoded, "plan_id": plan_id, "detail": ""}


def freshen(hub: Hub, saved: SavedPlan) -> int:
    """Read the owners' records behind a saved plan again, so that moved inputs are seen (R19); tells how many."""
    read = 0
    wanted: dict[tuple[str, str], set[int]] = {}
    for change in saved.changes:
        if change.status == "planned":
            wanted.setdefault((change.owner, change.entity), set()).add(change.item_id)
    for (owner, entity), items in wanted.items():
        mapping = hub.config.connections[owner].mappings.get(entity) if owner in hub.config.connections else None
        if mapping is None:
            continue
        with hub.database.begin() as connection:
            ids = _external_ids(connection, owner, entity, sorted(items))
        reread(hub, owner, mapping.resource, ids)
        read += len(ids)
    return read + _freshen_channels(hub, saved)


def _freshen_channels(hub: Hub, saved: SavedPlan) -> int:
    """Read every channel of a pool again for items whose stock is to be raised: one may have sold meanwhile (R2)."""
    read = 0
    for flow in hub.config.flows.values():
        planned = [one for one in saved.changes if one.flow == flow.name and one.status == "planned"]
        items = sorted({one.item_id for one in planned})
        if flow.kind is not FlowKind.INVENTORY or not items:
            continue
        for channel in channels_of(hub, flow):
            mapping = hub.config.connections[channel].mappings[flow.entity]
            with hub.database.begin() as connection:
                ids = _external_ids(connection, channel, flow.entity, items)
            reread(hub, channel, mapping.resource, ids)
            read += len(ids)
        read_orders_first(hub, channels_of(hub, flow), {})
        with hub.database.begin() as connection:
            for part in chunks(items):
                decide_and_record(hub, connection, flow, part)
    return read


def _external_ids(connection: Connection, owner: str, entity: str, items: list[int]) -> list[str]:
    found: list[str] = []
    for part in chunks(items):
        rows = connection.execute(
            select(SHADOW.c.external_id).where(
                SHADOW.c.connection == owner, SHADOW.c.entity == entity, SHADOW.c.item_id.in_(part)
            )
        )
        found += [row[0] for row in rows]
    return found
