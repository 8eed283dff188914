"""Products as lines of sales need them: that they are there, and the unit their stock is counted in."""

from __future__ import annotations

from collections.abc import Iterable

from canonical.errors import SkippableError
from connectors.tryton.client import TrytonClient
from connectors.tryton.reads import ARCHIVED_TOO, PRODUCT

_NAMED = 10


class Products:
    """Looks products up."""

    def __init__(self, client: TrytonClient) -> None:
        self._client = client

    def units(self, ids: Iterable[int]) -> dict[int, int]:
        """The stock unit of each product; SkippableError names those that are not there, or may not be sold."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        names = ["code", "default_uom", "salable"]
        rows = self._client.read(
            f"{PRODUCT}.search_read", [["id", "in", wanted]], 0, None, None, names, context=ARCHIVED_TOO
        ).result
        units = {row["id"]: int(row["default_uom"]) for row in rows}
        missing = [f"product {number}" for number in wanted if number not in units]
        missing += [row["code"] or f"product {row['id']}" for row in rows if not row["salable"]]
        if missing:
            more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
            text = f"Tryton does not sell {', '.join(missing[:_NAMED])}{more}"
            raise SkippableError("unmatched_line", text, hint="make them salable in Tryton, or link the lines anew")
        return units
