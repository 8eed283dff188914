"""The mutations that change stock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.shopify.simulator.adjustments import AdjustmentGroup
from connectors.shopify.simulator.context import Args, Context, user_error
from connectors.shopify.simulator.reads import Resolver
from connectors.shopify.simulator.records import UNAVAILABLE, Item, Level, Location

_MOST = 1_000_000_000
_REASONS = re.compile(
    r"correction|cycle_count_available|damaged|movement_\w+|other|promotion|quality_control|received|"
    r"reservation_\w+|restock|safety_stock|shrinkage"
)
_STOCKED_ANYWHERE_SINCE = "2026-10"
_EXPLICIT_SINCE = "2026-04"
_STALE = frozenset({"CHANGE_FROM_QUANTITY_STALE", "COMPARE_QUANTITY_STALE"})


@dataclass(slots=True)
class _Row:
    """One entry of a call: where it stands in the input, and what it is about."""

    path: list[str]
    given: Args
    item: Item | None
    location: Location | None
    error: dict[str, Any] | None = None

    @property
    def level(self) -> Level | None:
        """The active level, None when the item is not stocked there."""
        if self.item is None or self.location is None:
            return None
        level = self.item.levels.get(self.location.number)
        return level if level is not None and level.active else None

    def current(self, name: str) -> int:
        """The units in a state now; none when it is not stocked there."""
        return 0 if self.level is None else self.level.get(name)

    def fail(self, code: str, message: str, field: str) -> None:
        """Keep the first error of this row."""
        self.error = self.error or user_error([*self.path, field], message, code)


def set_quantities(_: Any, context: Context, args: Args) -> dict[str, Any]:
    """Set available or on hand to absolute figures, if they are still what the caller expects."""
    run = context.platform.idempotency.run
    return run("inventorySetQuantities", args, context, lambda: _set(context, args["input"]))


def adjust_quantities(_: Any, context: Context, args: Args) -> dict[str, Any]:
    """Change one state by differences."""
    run = context.platform.idempotency.run
    return run("inventoryAdjustQuantities", args, context, lambda: _adjust(context, args["input"]))


def activate(_: Any, context: Context, args: Args) -> dict[str, Any]:
    """Stock an item at a location."""
    run = context.platform.idempotency.run
    return run("inventoryActivate", args, context, lambda: _activate(context, args))


def _set(context: Context, given: Args) -> dict[str, Any]:
    name = given["name"]
    rows = _rows(context, given["quantities"], "quantities")
    errors = _header_errors(given, "INVALID_NAME", name_allowed=name in ("available", "on_hand"))
    if not errors:
        _check_pairs(rows)
        for row in rows:
            _check_place(row, context)
            _check_figure(row, row.given["quantity"], lowest=0)
            _check_set_expectation(row, given, name, context)
    moves = [(row, row.given["quantity"] - row.current(name)) for row in rows]
    return _finish(context, "inventorySetQuantities", given, "available", moves, errors)


def _adjust(context: Context, given: Args) -> dict[str, Any]:
    name = given["name"]
    rows = _rows(context, given["changes"], "changes")
    allowed = name in ("available", "incoming", *UNAVAILABLE)
    errors = _header_errors(given, "INVALID_QUANTITY_NAME", name_allowed=allowed)
    if not errors:
        for row in rows:
            _check_place(row, context)
            _check_figure(row, row.current(name) + row.given["delta"], lowest=-_MOST)
            _check_expectation(row, row.current(name), context, "CHANGE_FROM_QUANTITY_STALE")
    moves = [(row, row.given["delta"]) for row in rows]
    return _finish(context, "inventoryAdjustQuantities", given, name, moves, errors)


def _rows(context: Context, entries: list[Args], field: str) -> list[_Row]:
    find = context.platform.find
    return [
        _Row(
            ["input", field, str(index)],
            entry,
            find("InventoryItem", entry["inventoryItemId"]),
            find("Location", entry["locationId"]),
        )
        for index, entry in enumerate(entries)
    ]


def _header_errors(given: Args, name_code: str, *, name_allowed: bool) -> list[dict[str, Any]]:
    errors = []
    if not name_allowed:
        errors.append(user_error(["input", "name"], f"The quantity name {given['name']!r} is not allowed.", name_code))
    if _REASONS.fullmatch(given["reason"]) is None:
        errors.append(user_error(["input", "reason"], "The specified reason is invalid.", "INVALID_REASON"))
    reference = given.get("referenceDocumentUri")
    if reference is not None and re.match(r"[A-Za-z][\w+.-]*:", reference) is None:
        message = "The specified reference document is invalid."
        errors.append(user_error(["input", "referenceDocumentUri"], message, "INVALID_REFERENCE_DOCUMENT"))
    return errors


def _check_pairs(rows: list[_Row]) -> None:
    seen: set[tuple[str, str]] = set()
    for row in rows:
        pair = (row.given["inventoryItemId"], row.given["locationId"])
        if pair in seen:
            code = "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"
            row.fail(code, "The combination of inventoryItemId and locationId must be unique.", "locationId")
        seen.add(pair)


def _check_place(row: _Row, context: Context) -> None:
    if row.item is None:
        row.fail("INVALID_INVENTORY_ITEM", "The specified inventory item could not be found.", "inventoryItemId")
    elif row.location is None or not row.location.active:
        row.fail("INVALID_LOCATION", "The specified location could not be found.", "locationId")
    elif row.item.bundle:
        row.fail("NON_MUTABLE_INVENTORY_ITEM", "The stock of a bundle cannot be set.", "inventoryItemId")
    elif row.level is None and context.version < _STOCKED_ANYWHERE_SINCE:
        message = "The specified inventory item is not stocked at the location."
        row.fail("ITEM_NOT_STOCKED_AT_LOCATION", message, "locationId")


def _check_figure(row: _Row, figure: int, lowest: int) -> None:
    field = "quantity" if "quantity" in row.given else "delta"
    if figure < lowest and lowest == 0:
        row.fail("INVALID_QUANTITY_NEGATIVE", "The quantity can't be negative.", field)
    elif figure < lowest:
        row.fail("INVALID_QUANTITY_TOO_LOW", f"The total quantity can't be lower than {-_MOST:,}.", field)
    elif figure > _MOST:
        row.fail("INVALID_QUANTITY_TOO_HIGH", f"The total quantity can't be higher than {_MOST:,}.", field)


def _check_set_expectation(row: _Row, given: Args, name: str, context: Context) -> None:
    """The older versions also know ``compareQuantity``; the newer ones insist on ``changeFromQuantity``, be it null."""
    if "changeFromQuantity" in row.given or context.version >= _EXPLICIT_SINCE:
        _check_expectation(row, row.current(name), context, "CHANGE_FROM_QUANTITY_STALE")
    elif given.get("ignoreCompareQuantity"):
        return
    elif row.given.get("compareQuantity") is None:
        message = "compareQuantity must be given for each quantity or ignored by ignoreCompareQuantity."
        row.fail("COMPARE_QUANTITY_REQUIRED", message, "compareQuantity")
    elif row.given["compareQuantity"] != row.current(name):
        message = "The compareQuantity value does not match persisted value."
        row.fail("COMPARE_QUANTITY_STALE", message, "compareQuantity")


def _check_expectation(row: _Row, current: int, context: Context, code: str) -> None:
    if "changeFromQuantity" not in row.given:
        if context.version >= _EXPLICIT_SINCE:
            message = "changeFromQuantity must be given; null skips the comparison."
            missing = "COMPARE_QUANTITY_REQUIRED" if "quantity" in row.given else "ADJUST_QUANTITIES_FAILED"
            row.fail(missing, message, "changeFromQuantity")
        return
    expected = row.given["changeFromQuantity"]
    if expected is not None and expected != current:
        row.fail(code, "The changeFromQuantity value does not match persisted value.", "changeFromQuantity")


def _finish(
    context: Context,
    operation: str,
    given: Args,
    state: str,
    moves: list[tuple[_Row, int]],
    errors: list[dict[str, Any]],
) -> dict[str, Any]:
    """Apply what may be applied: everything or nothing, unless stale rows alone are allowed to fall out."""
    switches = context.platform.switches
    found = [row.error for row, _ in moves if row.error is not None]
    tolerated = not switches.stale_rejects_all and all(error["code"] in _STALE for error in found)
    group: AdjustmentGroup | None = None
    effects: list[str] = []
    if not errors and (tolerated or not found):
        good = [(row, delta) for row, delta in moves if row.error is None and delta != 0]
        group, effects = _apply(context, given, state, good)
    context.platform.log.write(operation, rows=len(moves), effect=effects)
    reported = errors or _reported(found, context)
    return {"inventoryAdjustmentGroup": group, "userErrors": reported}


def _reported(found: list[dict[str, Any]], context: Context) -> list[dict[str, Any]]:
    switches = context.platform.switches
    shown = found if switches.report_all_rows else found[:1]
    return shown if switches.name_rows else [{**error, "field": error["field"][:2]} for error in shown]


def _apply(
    context: Context, given: Args, state: str, moves: list[tuple[_Row, int]]
) -> tuple[AdjustmentGroup | None, list[str]]:
    if not moves:
        return None, []
    groups = context.platform.groups
    group = AdjustmentGroup(len(groups) + 1, context.now, given["reason"], given.get("referenceDocumentUri"))
    groups.add(group)
    return group, [group.move(_stocked(row, context), state, delta) for row, delta in moves]


def _stocked(row: _Row, context: Context) -> Level:
    assert row.item is not None
    assert row.location is not None
    level = row.item.levels.get(row.location.number)
    if level is None:
        return context.platform.store.add_level(row.item, row.location, context.now)
    if not level.active:
        level.active = True
        level.updated_at = context.now
    return level


def _activate(context: Context, args: Args) -> dict[str, Any]:
    find = context.platform.find
    item, location = find("InventoryItem", args["inventoryItemId"]), find("Location", args["locationId"])
    error = _activation_error(item, location, args)
    effects: list[str] = []
    level = None
    if error is None:
        level = item.levels.get(location.number)
        if level is None or not level.active:
            level = _opened(level, item, location, context)
            effects.append(f"activated {item.gid}/{location.code}")
        effects += _opening_figures(level, args, context)
    elif item is not None and location is not None and location.number in item.levels:
        level = item.levels[location.number]
    context.platform.log.write("inventoryActivate", rows=1, effect=effects)
    return {"inventoryLevel": level, "userErrors": [] if error is None else [error]}


def _activation_error(item: Item | None, location: Location | None, args: Args) -> dict[str, Any] | None:
    if item is None:
        return user_error(["inventoryItemId"], "The inventory item could not be found.")
    if location is None or not location.active:
        return user_error(["locationId"], "The location could not be found.")
    if args.get("available") is not None and args.get("onHand") is not None:
        return user_error(["available"], "Give either available or onHand.")
    level = item.levels.get(location.number)
    if level is not None and level.active and (args.get("available") or args.get("onHand")) is not None:
        return user_error(["available"], "Not allowed to set available quantity when the item is already active.")
    return None


def _opened(level: Level | None, item: Item, location: Location, context: Context) -> Level:
    """Open a level; since 2026-04 an earlier one keeps its quantities."""
    if level is None:
        return context.platform.store.add_level(item, location, context.now)
    level.active = True
    if context.version < _EXPLICIT_SINCE:
        level.move("available", -level.available, context.now)
    level.updated_at = context.now
    return level


def _opening_figures(level: Level, args: Args, context: Context) -> list[str]:
    if args.get("available") is not None:
        delta = args["available"] - level.available
    elif args.get("onHand") is not None:
        delta = args["onHand"] - level.on_hand
    else:
        return []
    before = level.available
    level.move("available", delta, context.now)
    return [f"inventory {level.item.gid}/{level.location.code} {before}->{level.available}"] if delta else []


MUTATIONS: Mapping[str, Resolver] = {
    "inventorySetQuantities": set_quantities,
    "inventoryAdjustQuantities": adjust_quantities,
    "inventoryActivate": activate,
}
