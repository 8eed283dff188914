"""``crossdock explain``: everything known of one SKU, or of one order."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from canonical.errors import DataError
from canonical.reasons import advice
from crossdock.cli.app import App, make_command
from crossdock.cli.outcome import Outcome
from crossdock.cli.output import cell
from crossdock.cli.report import Column, Report, Section
from crossdock.cli.work import looking

if TYPE_CHECKING:
    from sqlalchemy import Row

    from sync.explain import Explanation, SlotStory
    from sync.keptoff import KeptOff

_GTIN = 8
_ITEMS = [Column("sku", "SKU"), Column("gtin", "GTIN"), Column("origin", "known from")]
_LINKS = [Column("connection", "connection"), Column("entity", "as"), Column("external_id", "its id there")]
_SLOTS = [
    Column("target", "connection"),
    Column("slot", "field"),
    Column("owner", "owner"),
    Column("canonical", "owner says", figures=True),
    Column("desired", "should be", figures=True),
    Column("observed", "is", figures=True),
    Column("figures", "owner's figures"),
    Column("rule", "listed by"),
    Column("next_action", "next"),
    Column("reason", "because"),
    Column("frozen", "frozen by"),
    Column("conflict", "conflict"),
    Column("advice", "what to do"),
    Column("last_write", "last write"),
    Column("mapping", "mapping"),
]
_LEFT_OUT = [
    Column("connection", "connection"),
    Column("external_id", "its id there"),
    Column("slot", "field"),
    Column("reason", "reason"),
    Column("detail", "detail"),
    Column("advice", "what to do"),
]
_KEPT_OFF = [
    Column("units", "units", figures=True),
    Column("sku", "of"),
    Column("location", "at"),
    Column("connections", "kept off"),
    Column("cause", "by"),
    Column("next", "see"),
]


@make_command(
    "explain",
    "Tell everything about one SKU or order: owner, values, mapping, last write, what happens next.",
    """
    crossdock explain SKU-1042
    crossdock explain 1001                       an order: who was asked for it, and why
    crossdock explain 4006381333931              a GTIN
    crossdock explain gid://shopify/ProductVariant/41200001
    """,
)
@click.argument("sku", metavar="SKU|ORDER")
def command(app: App, sku: str) -> Outcome:
    """Explain a SKU, a GTIN, an order or a platform's own id, from what was last read; reads no other system.

    Exit code 2 when something is to be written, 5 when something is held, waits or is left out.

    JSON: {"items": [{"item_id", "sku", "gtin", "origin"}], "links": [{"sku", "connection", "entity", "external_id"}],
    "fields": [{"sku", "flow", "target", "external_id", "slot", "owner", "canonical", "canonical_as_of", "observed",
    "sent", "got", "desired", "next_action", "reason", "advice", "mapping", "last_write", "figures", "rule", "frozen",
    "conflict"}], "kept_off": [{"units", "sku", "location", "connections": [names], "cause", "next"}] (units in the
    owner's figures that are sold or left a channel unexplained, by drop or order), "left_out": [{"connection",
    "external_id", "slot", "reason", "detail", "advice"}], ...}

    JSON of an order: that of `orders show`.
    """
    from sync.explain import explain, near, unlinked

    with looking(app) as hub:
        found = explain(hub, sku)
        loose = [_loose(row) for row in unlinked(hub, sku)]
        alike = near(hub, sku) if not found and not loose else []
    if not found and not loose:
        explained = _explain_order(app, sku)
        if explained is not None:
            return explained
        raise DataError(f"nothing is known of {sku}", hint=_meant(sku, alike))
    slots = [_slot(app, one.sku, story) for one in found for story in one.slots]
    left_out = loose + [row for one in found for row in _quarantined(one) if row not in loose]
    about_records = [about for one in found for about in one.open_about_records]
    left_out += [_about_record(*about) for about in about_records]
    kept_off = _kept_off([kept for one in found for kept in one.kept_off])
    links = [
        {"sku": one.sku, "connection": name, "entity": entity, "external_id": external}
        for one in found
        for name, entity, external in one.links
    ]
    items = [{"item_id": one.item_id, "sku": one.sku, "gtin": one.gtin, "origin": one.origin} for one in found]
    sections = [
        Section("items", _ITEMS, items),
        Section("links", _LINKS, links),
        Section("fields", _SLOTS, slots),
        Section("kept_off", _KEPT_OFF, kept_off, title="units kept off, though the owner has them" if kept_off else ""),
        Section("left_out", _LEFT_OUT, left_out, title="left out" if left_out else ""),
    ]
    stories = [story for one in found for story in one.slots]
    outcome = _outcome(stories, bool(left_out))
    steps = [f"crossdock conflicts show {about[0]}" for about in about_records] + _next(stories, outcome)
    steps += [str(row["next"]) for row in kept_off if str(row["cause"]).startswith("drop:")]
    return app.output.emit(Report("explain", outcome, sections, next=steps))


def _meant(text: str, alike: list[str]) -> str:
    """What to try instead of a name that nothing has; one of few digits is an order's rather than a GTIN."""
    if alike:
        return f"did you mean {' or '.join(alike)}?"
    if text.removeprefix("#").isdigit() and len(text) < _GTIN:
        return "`crossdock orders list` shows the orders that are known"
    return "check the spelling; `crossdock plan` reads all systems"


def _explain_order(app: App, text: str) -> Outcome | None:
    """Tell everything about an order of that name: where it stands, and why it went where; None if there is none."""
    from crossdock.cli.orderviews import find_one, order_sections
    from sync.orders import views

    with looking(app) as hub, hub.database.begin() as connection:
        if not views.find(connection, text):
            return None
        row = find_one(connection, text)
        sections = order_sections(connection, row, hub)
    outcome = Outcome.HELD if row.state in views.NEEDS_SOMEONE else Outcome.IN_SYNC
    return app.output.emit(Report("explain", outcome, sections))


def _slot(app: App, sku: str, story: SlotStory) -> dict[str, object]:
    row = {"sku": sku, **asdict(story)}
    if not app.as_json:
        row["figures"] = [f"{place or 'all'} {cell(units)}" for place, units in sorted(story.figures.items())]
    return row


def _next(stories: list[SlotStory], outcome: Outcome) -> list[str]:
    """Each open conflict by its number; then what writes, or shows why nothing may be written."""
    steps = [f"crossdock conflicts show {one}" for one in dict.fromkeys(story.conflict for story in stories) if one]
    if any(story.frozen for story in stories):
        return [*steps, "a guard froze a flow, see: crossdock plan"]
    return [*steps, "crossdock apply"] if outcome is Outcome.PENDING else steps


def _kept_off(found: list[KeptOff]) -> list[dict[str, object]]:
    """A row for each cause and count of units: most keep the same off every channel."""
    grouped: dict[tuple[str, str, int, str, str], list[str]] = {}
    for one in found:
        cause = f"order {one.order}" if one.drop is None else f"drop:{one.drop}"
        number = one.order.lstrip("#")
        see = f"crossdock orders show {number}" if one.drop is None else f"crossdock conflicts show {cause}"
        grouped.setdefault((one.sku, one.location, one.units, cause, see), []).append(one.target)
    return [
        {"units": units, "sku": sku, "location": place, "connections": names, "cause": cause, "next": see}
        for (sku, place, units, cause, see), names in grouped.items()
    ]


def _loose(row: Row[Any]) -> dict[str, object]:
    return _left_out(row.connection, row.external_id, row.slot, row.reason, row.detail)


def _quarantined(found: Explanation) -> list[dict[str, object]]:
    return [_left_out(*entry) for entry in found.quarantined]


def _about_record(conflict: int, connection: str, entity: str, external_id: str, kind: str) -> dict[str, object]:
    return _left_out(connection, external_id, "", kind, f"conflict {conflict}, about its {entity}")


def _left_out(connection: str, external_id: str, slot: str, reason: str, detail: str) -> dict[str, object]:
    return {
        "connection": connection,
        "external_id": external_id,
        "slot": slot,
        "reason": reason,
        "detail": detail,
        "advice": advice(reason),
    }


def _outcome(stories: list[SlotStory], left_out: bool) -> Outcome:
    actions = {story.next_action for story in stories}
    if any("next apply" in action for action in actions):
        return Outcome.PENDING
    return Outcome.HELD if left_out or actions & {"held", "waits"} else Outcome.IN_SYNC
