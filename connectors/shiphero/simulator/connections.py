"""Lists in pages: ``data { edges { cursor node } pageInfo }``."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.shiphero.simulator.credits import DEFAULT_PAGE
from connectors.shiphero.simulator.state import Row
from connectors.shiphero.simulator.switches import Switches


def page(rows: Sequence[Row], args: Mapping[str, Any], switches: Switches) -> dict[str, Any]:
    """One page of a list."""
    ordered = _sorted(rows, args.get("sort"), switches)
    start = _start(ordered, args.get("after"), switches)
    size = args.get("first") or args.get("last") or DEFAULT_PAGE
    chosen = ordered[start : start + size]
    edges = [{"cursor": _cursor(row, start + at, switches), "node": row} for at, row in enumerate(chosen)]
    return {
        "edges": edges,
        "pageInfo": {
            "hasNextPage": start + len(chosen) < len(ordered),
            "hasPreviousPage": start > 0,
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        },
    }


def _sorted(rows: Sequence[Row], sort: str | None, switches: Switches) -> list[Row]:
    """By the field that is asked for, else as they were made; the newest change first where sorting is not heeded."""
    if not switches.sorts:
        return sorted(rows, key=lambda row: str(row.get("updated_at") or ""), reverse=True)
    name = (sort or "").lstrip("-")
    if not name:
        return list(rows)
    return sorted(rows, key=lambda row: (str(row.get(name) or ""), row["legacy_id"]), reverse=sort != name)


def _cursor(row: Row, at: int, switches: Switches) -> str:
    text = f"row:{row['id']}" if switches.stable_cursors else f"arrayconnection:{at}"
    return base64.b64encode(text.encode()).decode()


def _start(rows: Sequence[Row], after: str | None, switches: Switches) -> int:
    if not after:
        return 0
    text = base64.b64decode(after).decode()
    if not switches.stable_cursors:
        return int(text.partition(":")[2]) + 1
    known = [row["id"] for row in rows]
    identity = text.partition(":")[2]
    return known.index(identity) + 1 if identity in known else 0
