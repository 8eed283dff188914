"""Explaining one item: who owns each slot, what every system holds, where the mapping says so, what happens next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from canonical.reasons import advice
from canonical.slot import Slot, parse_slot
from canonical.value import Value
from sync import conflicts, facts, flowstate, shadow
from sync.config import FlowKind
from sync.decision import Verdict
from sync.evaluate import evaluate
from sync.hub import Hub
from sync.keptoff import KeptOff, kept_off
from sync.known import Line
from sync.store import body, tables

_ITEM = tables.table(tables.Item)
_LINE = tables.table(tables.CallLine)
_CALL = tables.table(tables.CallRow)
_QUARANTINE = tables.table(tables.Quarantine)
_NEAR = 200
_NEXT = {
    Verdict.EQUAL: "nothing: the values agree",
    Verdict.WRITE: "is written at the next apply",
    Verdict.ADOPT: "theirs is adopted at the next apply",
    Verdict.HELD: "held",
    Verdict.WAIT: "waits",
    Verdict.NOTHING: "nothing is projected",
}


@dataclass(frozen=True, slots=True)
class SlotStory:
    """One slot of the item on one target.

    Stock also tells the owner's ``figures`` by location and the ``rule`` that makes the listed figure of them;
    ``frozen`` names the guard that froze the flow there, ``conflict`` the open conflict of the slot.
    """

    flow: str
    target: str
    external_id: str
    slot: str
    owner: str
    canonical: Value
    canonical_as_of: str
    observed: Value
    sent: Value
    got: Value
    desired: Value
    next_action: str
    reason: str
    advice: str
    mapping: str
    last_write: str
    figures: Mapping[str, Value] = field(default_factory=dict)
    rule: str = ""
    frozen: str = ""
    conflict: int | None = None


@dataclass
class Explanation:
    """Everything known of one item."""

    item_id: int
    sku: str
    gtin: str
    origin: str
    links: list[tuple[str, str, str]] = field(default_factory=list)
    slots: list[SlotStory] = field(default_factory=list)
    quarantined: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    open_about_records: list[tuple[int, str, str, str, str]] = field(default_factory=list)
    kept_off: list[KeptOff] = field(default_factory=list)


def explain(hub: Hub, text: str) -> list[Explanation]:
    """Explain every item with this SKU, GTIN or external id; empty when there is none."""
    with hub.database.begin() as connection:
        return [_explain(hub, connection, row) for row in _find(connection, text)]


def unlinked(hub: Hub, text: str) -> Sequence[Row[Any]]:
    """Quarantined records that carry this SKU or external id but belong to no item."""
    with hub.database.begin() as connection:
        return connection.execute(
            select(_QUARANTINE).where(or_(_QUARANTINE.c.sku == text, _QUARANTINE.c.external_id == text))
        ).all()


def near(hub: Hub, text: str) -> list[str]:
    """Known SKUs that look like this one, nearest first; asks for what begins alike, by ever shorter beginnings."""
    wanted = text.casefold()
    for length in dict.fromkeys((len(wanted) - 1, len(wanted) - 2, len(wanted) // 2, 1)):
        if length < 1:
            continue
        query = select(_ITEM.c.sku, _ITEM.c.sku_folded).where(
            _ITEM.c.sku_folded.startswith(wanted[:length], autoescape=True)
        )
        with hub.database.begin() as connection:
            skus = {row.sku_folded: row.sku for row in connection.execute(query.order_by(_ITEM.c.sku).limit(_NEAR))}
        found = get_close_matches(wanted, skus, n=3)
        if found:
            return [skus[one] for one in found]
    return []


def _find(connection: Connection, text: str) -> Sequence[Row[Any]]:
    rows = connection.execute(
        select(_ITEM).where(
            or_(_ITEM.c.sku == text, _ITEM.c.gtin == text.zfill(14), _ITEM.c.sku_folded == text.casefold())
        )
    ).all()
    exact = [row for row in rows if row.sku == text]
    if rows:
        return exact or rows
    ids = connection.execute(select(shadow.SHADOW.c.item_id).where(shadow.SHADOW.c.external_id == text)).scalars()
    found = [one for one in ids if one is not None]
    return connection.execute(select(_ITEM).where(_ITEM.c.id.in_(found))).all()


def _explain(hub: Hub, connection: Connection, item: Row[Any]) -> Explanation:
    told = Explanation(item.id, item.sku, item.gtin, item.origin)
    rows = connection.execute(select(shadow.SHADOW).where(shadow.SHADOW.c.item_id == item.id)).all()
    told.links = sorted((row.connection, row.entity, row.external_id) for row in rows)
    said = facts.load(connection, [item.id])
    for flow in hub.config.flows.values():
        for line in evaluate(hub, connection, flow, [item.id]):
            told.slots.append(_story(hub, connection, line, said))
    told.kept_off = kept_off(hub, connection, item.id)
    refs = {row.external_id for row in rows}
    found = connection.execute(select(_QUARANTINE).where(_QUARANTINE.c.external_id.in_(refs)))
    told.quarantined = [(row.connection, row.external_id, row.slot, row.reason, row.detail) for row in found]
    # A record that is gone has no slots to tell of: what is open about it would be passed over.
    told.open_about_records = [
        (row.id, row.connection, row.entity, row.external_id, row.kind)
        for row in conflicts.listing(connection)
        if row.item_id == item.id and not row.slot
    ]
    return told


def _story(
    hub: Hub, connection: Connection, line: Line, said: dict[tuple[int, str], dict[str, facts.Said]]
) -> SlotStory:
    view, decision = line.view, line.decision
    known = said.get((view.item_id, view.entity), {})
    counts = line.flow.kind is FlowKind.INVENTORY
    canonical = known.get(line.slot) or (_pooled(hub, line, known) if counts else None)
    conflict = conflicts.find_open(connection, line.target, view.entity, view.item_id, line.slot)
    rule = hub.config.connections[line.target].mappings[view.entity].fields[parse_slot(line.slot).field]
    return SlotStory(
        flow=line.flow.name,
        target=line.target,
        external_id=view.external_id,
        slot=line.slot,
        owner=line.owner,
        canonical=canonical.value if canonical else None,
        canonical_as_of=canonical.as_of if canonical else "",
        observed=view.observed.get(line.slot),
        sent=view.sent.get(line.slot),
        got=view.got.get(line.slot),
        desired=decision.desired,
        next_action=_NEXT[decision.verdict],
        reason=decision.reason,
        advice=advice(decision.reason) if decision.reason else "",
        mapping=f"{rule.file}:{rule.line}" if rule.file else "",
        last_write=_last_write(connection, line),
        figures={parse_slot(slot).scope: one.value for slot, one in known.items() if counts and _is_stock(slot)},
        rule=_rule(hub, line, said.get((view.item_id, "variant"), {})) if counts else "",
        frozen=flowstate.load(connection, line.flow.name, line.target).frozen,
        conflict=int(conflict.id) if conflict is not None else None,
    )


def _pooled(hub: Hub, line: Line, known: Mapping[str, facts.Said]) -> facts.Said | None:
    """What the owner says in all where a channel has one figure for the places of its pool; as old as the oldest."""
    pool = hub.config.pools[line.flow.rules[line.target].pool]
    said = [known[slot] for place in pool.locations if (slot := str(Slot("stock", place))) in known]
    units = [one.value for one in said if isinstance(one.value, int)]
    if line.slot != "stock" or not units:
        return None
    oldest = min(said, key=lambda one: one.as_of)
    return facts.Said(sum(units), oldest.owner, oldest.as_of)


def _is_stock(slot: str) -> bool:
    return parse_slot(slot).field == "stock"


def _rule(hub: Hub, line: Line, variant: Mapping[str, facts.Said]) -> str:
    """How the listed figure is made of the owner's: pool, what is kept back, what is listed at most."""
    channel = line.flow.rules[line.target]
    pool = hub.config.pools[channel.pool]
    parts = [f"pool {pool.name} ({', '.join(pool.locations)})", f"safety stock {pool.safety_stock}"]
    parts.append(f"buffer {channel.buffer}")
    if channel.max_listed is not None:
        parts.append(f"at most {channel.max_listed}")
    sellable = variant.get("sellable")
    if sellable is not None and sellable.value is False:
        parts.append(f"0 because {sellable.owner} says it is not sellable")
    return ", ".join(parts)


def _last_write(connection: Connection, line: Line) -> str:
    row = connection.execute(
        select(_LINE)
        .join(_CALL, _CALL.c.id == _LINE.c.call_id)
        .where(
            _CALL.c.connection == line.target,
            _LINE.c.entity == line.view.entity,
            _LINE.c.item_id == line.view.item_id,
            _LINE.c.slot == line.slot,
        )
        .order_by(_LINE.c.call_id.desc())
        .limit(1)
    ).first()
    if row is None:
        return ""
    before, after = body.decode(row.before), body.decode(row.after)
    return f"{row.done_at or 'not confirmed'}: {before} -> {after} ({row.outcome or 'in flight'})"
