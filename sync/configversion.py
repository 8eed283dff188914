"""The active configuration is a versioned row; a change of it marks everything it may affect (R20)."""

from __future__ import annotations

from sqlalchemy import Connection, update

from sync import marks
from sync.hub import Hub
from sync.shadow import SHADOW
from sync.store import tables
from sync.store.database import get_meta, put_meta
from sync.store.orders import Document

_KEY = "config_version"
_DOCUMENT = tables.table(Document)
_CURSOR = tables.table(tables.Cursor)


def activate(hub: Hub, connection: Connection) -> bool:
    """Make this process's configuration the active one; every linked record is looked at again if it is new."""
    if get_meta(connection, _KEY) == hub.config.version:
        return False
    put_meta(connection, _KEY, hub.config.version)
    # Ownership or mappings may say something else of the same bytes: everything is read and taken in anew.
    connection.execute(update(SHADOW).values(digest=b"configured"))
    connection.execute(update(_DOCUMENT).values(digest=b"configured"))
    connection.execute(update(_CURSOR).values(cursor="", swept_at=""))
    for flow in hub.config.flows.values():
        for target in flow.targets:
            marks.mark_all(connection, flow.name, target, flow.entity, hub.stamp())
    return True


def active(connection: Connection) -> str:
    """The active configuration's version; empty before the first run."""
    return get_meta(connection, _KEY) or ""
