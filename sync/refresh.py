"""Before a raise, every channel of the pool is read again where its last look is older than the owner's figure (R2)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from sync import facts, marks
from sync.config import FlowConfig, FlowKind
from sync.contain import contained
from sync.decision import Verdict
from sync.evaluate import channel_read, channels_of, evaluate, gather
from sync.hub import Hub
from sync.observe import reread

_CHUNK = 500


def refresh_stale_channels(hub: Hub, flow: FlowConfig, failed: dict[str, str], since: int = 0) -> int:
    """Re-read just the records that hold a raise back; tells how many were read.

    A channel that cannot be read is noted in ``failed`` and left alone; what waits for it goes on waiting.
    """
    if flow.kind is not FlowKind.INVENTORY:
        return 0
    count, after = 0, 0
    while True:
        with hub.database.begin() as connection:
            items = marks.due_items(connection, flow.name, after, _CHUNK, since)
            if not items:
                return count
            after = items[-1]
            if _all_read_since(hub, connection, flow, items):
                continue
            lines = evaluate(hub, connection, flow, items)
            known = gather(hub, connection, flow, items)
        wanted: dict[str, set[str]] = {}
        for line in lines:
            channel = _unread(line.decision.verdict, line.decision.reason)
            view = known.views.get(channel, {}).get(line.view.item_id) if channel else None
            if view is not None:
                wanted.setdefault(channel, set()).add(view.external_id)
                for other, others in known.views.items():
                    if other != flow.source and line.view.item_id in others:
                        wanted.setdefault(other, set()).add(others[line.view.item_id].external_id)
        for channel, ids in wanted.items():
            count += _reread(hub, flow, channel, sorted(ids), failed)


def _reread(hub: Hub, flow: FlowConfig, channel: str, ids: Sequence[str], failed: dict[str, str]) -> int:
    if channel in failed:
        return 0
    resource = hub.config.connections[channel].mappings[flow.entity].resource
    with contained(channel, failed), hub.hold(channel):
        reread(hub, channel, resource, ids)
    return 0 if channel in failed else len(ids)


def _all_read_since(hub: Hub, connection: Connection, flow: FlowConfig, items: Sequence[int]) -> bool:
    """Whether every channel was read as a whole after all these figures: then nothing holds a raise back."""
    if hub.config.kits:
        return False
    figures = facts.load(connection, items)
    newest = max((one.as_of for said in figures.values() for one in said.values()), default="")
    return all(channel_read(hub, connection, name, flow).read_at >= newest for name in channels_of(hub, flow))


def _unread(verdict: Verdict, reason: str) -> str:
    kind, _, channel = reason.partition(":")
    return channel if verdict is Verdict.WAIT and kind == "stock_unread" else ""
