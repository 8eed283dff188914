"""What is told meanwhile overtakes a long run: between two of its pages or calls just that is looked after.

A step of its own inside the run at hand, on the same rules: what is marked is read, and what follows from it is planned
and applied. Nothing else that the run has still to do is touched, so that it lasts as long as one batch. Whatever it
moves, the run finds out as it would of anybody's change: what it read before is older (R9), and each of its lines is
decided again right before it is sent (R19).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from sync import cursors, marks, observeset
from sync.apply import apply
from sync.config import FlowConfig
from sync.hub import AT_A_LIMIT, Hub
from sync.observe import ReadMode
from sync.orders.advance import advance
from sync.planner import plan
from sync.run import LookReport, carry_out_orders, look

OVERTAKES = frozenset({"page stored", "after the commit", "effect closed", "waiting", AT_A_LIMIT})
"""The checkpoints of a run at which it may be overtaken: nothing of its own is half done there.

But for a call that waits at a limit: its connection is left alone meanwhile.
"""


def overtake(hub: Hub, flows: Sequence[FlowConfig], *, effects: bool = True) -> LookReport:
    """Read what is marked and carry out what follows from it, at a checkpoint of a run of these flows.

    Without ``effects`` what orders need is only asked for: the run at hand is carrying it out in order.
    """
    with hub.database.read() as connection:
        since = marks.next_seq(connection)
        told = observeset.items(connection, hub.stamp())
        unready = _unready(hub, connection)
    before, hub.unready = hub.unready, unready
    try:
        looked = look(hub, ReadMode.MARKED, list(flows))
        advance(hub)
        with hub.database.begin() as connection:
            # A page of the run may have brought what was told already: then its mark is older, and means the same.
            marks.renew(connection, told)
        summary = plan(hub, flows, failed=looked.failed, since=since)
        if summary.changes:
            apply(hub, summary.plan_id)
        if effects:
            carry_out_orders(hub)
    finally:
        hub.unready = before
    return looked


def _unready(hub: Hub, connection: Connection) -> frozenset[str]:
    """The connection that is being read, and those that were never read to the end: what is known of them is a part."""
    never = {state.connection for state in cursors.all_states(connection) if not state.swept_at}
    known = {state.connection for state in cursors.all_states(connection)}
    unread = hub.config.connections.keys() - known
    return frozenset({hub.lane.reading, *never, *unread} - {""})
