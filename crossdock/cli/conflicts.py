"""``crossdock conflicts``: what somebody changed who does not own it, and what becomes of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from canonical.display import displayed
from canonical.errors import ConfigError, DataError, Problem
from canonical.reasons import advice
from crossdock.cli.app import App, closing, make_command
from crossdock.cli.outcome import Outcome
from crossdock.cli.report import Column, Report, Section
from crossdock.cli.status import age
from crossdock.cli.work import Work, looking, working

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from sync.hub import Hub
    from sync.resolve import Resolved

_COLUMNS = [
    Column("id", "id"),
    Column("age", "seen", figures=True),
    Column("connection", "connection"),
    Column("sku", "SKU"),
    Column("slot", "field"),
    Column("kind", "what"),
    Column("theirs", "theirs", figures=True),
    Column("ours", "owner's", figures=True),
    Column("base", "before", figures=True),
    Column("state", "state"),
]
_ADVICE = {
    "changed_by_other": "someone changed it there; decide whose value counts",
    "differs_at_adoption": "the two sides differed at the first sync; decide whose value counts",
    "stock_raised_by_other": "someone raised stock there; it is lowered to the owner's figure",
    "deleted_there": "the record is gone there; restore it, or resolve to end the link",
    "unaccounted_drop": "units left the shop without a known order; raises wait until the owner booked them",
    "sale": "sold in the shop and not yet booked by the owner; raises wait until it is",
    "edit": "someone lowered stock there; raises wait until the owner's figure shows it",
}
_UNEXPLAINED = "units left the shop and no order of it tells why; they stay off every channel until one does"
_DROP = "drop:"


@click.group(
    "conflicts",
    short_help="List, show and resolve what somebody changed who does not own it.",
    epilog=closing(
        """
        crossdock conflicts list
        crossdock conflicts show 7
        crossdock conflicts resolve 7 --ours
        crossdock conflicts resolve drop:3 --yes
        """
    ),
)
def command() -> None:
    """What somebody changed who does not own it; and units that left a shop and that the owner has not booked yet."""


@make_command(
    "list",
    "List what is open.",
    """
    crossdock conflicts list
    crossdock conflicts list --all --format json
    """,
)
@click.option("--all", "every", is_flag=True, help="Also those that are closed.")
def list_conflicts(app: App, every: bool) -> Outcome:
    """List open conflicts, oldest first; rows `drop:N` are units that left a shop and are not booked by the owner yet.

    Exit code 5 while something is open.

    JSON: {"counts": {"open", "drops"}, "conflicts": [{"id", "age", "opened_at", "connection", "entity", "sku",
    "external_id", "slot", "kind", "theirs", "ours", "base", "state", "resolution", "advice"}], ...}; a row `drop:N`
    also has "units".
    """
    from sync import conflicts, drops, items

    with looking(app) as hub:
        now = hub.now()
        with hub.database.begin() as connection:
            found = conflicts.listing(connection, "all" if every else "open")
            units = drops.listing(connection)
            skus = items.skus(connection, [row.item_id for row in (*found, *units)])
    rows = [_row(row, skus, now) for row in found] + [_drop_row(row, skus, now) for row in units]
    waiting = sum(row["state"] == "open" for row in rows)
    # The rows of both are open: in a table neither figure may read as the count of all of them.
    names = ("open", "drops") if app.as_json else ("open conflicts", "open drops")
    counts: dict[str, int | float | str] = dict(zip(names, (waiting - len(units), len(units)), strict=True))
    outcome = Outcome.HELD if waiting else Outcome.IN_SYNC
    section = Section("conflicts", _COLUMNS, rows, empty="no conflicts")
    steps = ["crossdock conflicts show ID"] if waiting else []
    return app.output.emit(Report("conflicts list", outcome, [section], counts, next=steps))


@make_command(
    "show",
    "Show one of them, with the ways to resolve it.",
    """
    crossdock conflicts show 7
    crossdock conflicts show drop:3
    """,
)
@click.argument("ident", metavar="ID")
def show(app: App, ident: str) -> Outcome:
    """Show a conflict: what there is, what the owner says, what was there before, and how it may be resolved.

    JSON: {"conflicts": [as in list], "next": [commands], ...}
    """
    with looking(app) as hub, hub.database.begin() as connection:
        row = _find(hub, connection, ident)
    hidden = {"theirs"} if ident.startswith(_DROP) else set()
    pairs = [
        {"key": "units left" if key == "units" else key, "value": value}
        for key, value in row.items()
        if value not in ("", None) and key not in hidden
    ]
    table = Section("conflicts", [Column("key", ""), Column("value", "")], pairs)
    section = Section("conflicts", _COLUMNS, [row]) if app.as_json else table
    outcome = Outcome.HELD if row["state"] == "open" else Outcome.IN_SYNC
    return app.output.emit(Report("conflicts show", outcome, [section], next=_ways(row)))


@make_command(
    "resolve",
    "Decide whose value counts.",
    """
    crossdock conflicts resolve 7 --ours             write the owner's value back, at the next apply
    crossdock conflicts resolve 7 --theirs           keep theirs until the owner's value next changes
    crossdock conflicts resolve 7 --to-owner --yes   write their value to the owner, now
    crossdock conflicts resolve drop:3 --yes         the owner's figure holds these units already
    """,
)
@click.argument("ident", metavar="ID")
@click.option("--ours", is_flag=True, help="The owner's value is written back at the next apply.")
@click.option("--theirs", is_flag=True, help="Theirs stays until the owner's value next changes.")
@click.option("--to-owner", is_flag=True, help="Theirs becomes the owner's: it is written there.")
@click.option("--yes", is_flag=True, help="With --to-owner and for drop:N: do it now; without, it is only shown.")
def resolve(app: App, ident: str, ours: bool, theirs: bool, to_owner: bool, yes: bool) -> Outcome:
    """Resolve an open conflict. Stock is recomputed: correct it at its owner, then resolve with --ours.

    drop:N takes --yes instead: say it only when the owner has booked these units, since raises go out again after it.

    JSON: {"counts": {...}, "resolved": [{"id", "choice", "text"}], ...}
    """
    choice = _choice(ours=ours, theirs=theirs, to_owner=to_owner)
    drop = ident.startswith(_DROP)
    if choice is None and not drop:
        raise ConfigError([Problem("say whose value counts", hint="--ours, --theirs or --to-owner")])
    if drop and choice not in (None, "ours"):
        message = f"{ident} are units the owner has not booked"
        raise ConfigError([Problem(message, hint="resolve it without a choice: the owner's figure holds them already")])
    with working(app, "conflicts resolve") as work:
        with work.hub.database.begin() as connection:
            row = _find(work.hub, connection, ident)
        if drop and not yes:
            outcome, text, steps = Outcome.PENDING, f"would count as booked by the owner: {_units(row)}", _ways(row)
        elif choice == "to-owner" and not yes:
            outcome, text, steps = _preview(work.hub, row)
        else:
            outcome, text, steps = _carry_out(work, ident, choice)
        work.end(outcome, {}, text)
    rows = [{"id": ident, "choice": choice or "booked", "text": text}]
    section = [Section("resolved", [], rows)] if app.as_json else []
    return app.output.emit(Report("conflicts resolve", outcome, section, summary=text, next=steps))


def _choice(*, ours: bool, theirs: bool, to_owner: bool) -> str | None:
    """The one choice that was given, or None; ConfigError for several, which contradict each other."""
    given = [word for word, said in (("ours", ours), ("theirs", theirs), ("to-owner", to_owner)) if said]
    if len(given) > 1:
        said = " and ".join(f"--{word}" for word in given)
        raise ConfigError([Problem(f"{said} contradict each other", hint="give one of them")])
    return given[0] if given else None


def _units(row: dict[str, object]) -> str:
    return f"{row['units']} units of {row['sku']} that left {row['connection']}"


def _preview(hub: Hub, row: dict[str, object]) -> tuple[Outcome, str, list[str]]:
    from sync import conflicts
    from sync.oneoff import also_changed
    from sync.resolve import stock_is_computed

    if row["entity"] == "inventory":
        raise stock_is_computed()
    owner = _owner(hub, row)
    text = f"would write {row['slot']} of {row['sku']} to {owner}: {row['ours']} -> {row['theirs']}"
    with hub.database.begin() as connection:
        conflict = conflicts.get(connection, _number(str(row["id"])))
        text += also_changed(hub, connection, conflict, owner) if conflict is not None else ""
    return Outcome.PENDING, text, [f"crossdock conflicts resolve {row['id']} --to-owner --yes"]


def _owner(hub: Hub, row: dict[str, object]) -> str:
    from canonical.slot import parse_slot

    slot = str(row["slot"])
    owner = hub.config.ownership.owner_of(str(row["entity"]), parse_slot(slot)) if slot else None
    if owner is None:
        raise DataError(f"conflict {row['id']} has no value that could be written", hint="resolve it with --ours")
    return owner


def _carry_out(work: Work, ident: str, choice: str | None) -> tuple[Outcome, str, list[str]]:
    from sync.resolve import Choice, resolve, resolve_drop

    if ident.startswith(_DROP):
        done = resolve_drop(work.hub, _number(ident))
    else:
        done = resolve(work.hub, _number(ident), Choice(choice))
    if done.plan_id is not None:
        return _write_to_owner(work, done)
    return Outcome.IN_SYNC, done.text, ["crossdock apply"] if choice != "theirs" else []


def _write_to_owner(work: Work, done: Resolved) -> tuple[Outcome, str, list[str]]:
    from crossdock.cli.applied import left_rows
    from sync.apply import apply

    assert done.plan_id is not None
    report = apply(work.hub, done.plan_id)
    if not report.partial:
        return Outcome.IN_SYNC, done.text.replace("is planned as a write", "was written"), ["crossdock sync"]
    why = "; ".join([*report.failed.values(), *(str(row["detail"]) for row in left_rows(work.hub, done.plan_id, None))])
    return Outcome.ERROR, f"{done.text}, but it did not land: {why}", ["change it at the owner by hand"]


def _find(hub: Hub, connection: Connection, ident: str) -> dict[str, object]:
    from sync import conflicts, drops, items

    number, now = _number(ident), hub.now()
    found: Row[Any] | None
    if ident.startswith(_DROP):
        found = next((row for row in drops.listing(connection) if row.id == number), None)
    else:
        found = conflicts.get(connection, number)
    if found is None:
        raise DataError(f"there is no conflict {ident}", hint="`crossdock conflicts list` shows them")
    skus = items.skus(connection, [found.item_id])
    return _drop_row(found, skus, now) if ident.startswith(_DROP) else _row(found, skus, now)


def _number(ident: str) -> int:
    text = ident.removeprefix(_DROP)
    if not (text.isascii() and text.isdigit()):
        hint = "as in 7 or drop:3; `crossdock conflicts list` shows them"
        raise ConfigError([Problem(f"{ident} is no id", hint=hint)])
    return int(text)


def _row(row: Row[Any], skus: dict[int, str], now: datetime) -> dict[str, object]:
    from sync.journal import value

    return {
        "id": str(row.id),
        "age": age(row.opened_at, now),
        "opened_at": row.opened_at,
        "connection": row.connection,
        "entity": row.entity,
        "sku": skus.get(row.item_id, ""),
        "external_id": row.external_id,
        "slot": row.slot,
        "kind": row.kind,
        "theirs": displayed(row.slot, value(row.theirs)),
        "ours": displayed(row.slot, value(row.ours)),
        "base": displayed(row.slot, value(row.base)),
        "state": row.state,
        "resolution": row.resolution,
        "advice": _ADVICE.get(row.kind) or advice(row.kind),
    }


def _drop_row(row: Row[Any], skus: dict[int, str], now: datetime) -> dict[str, object]:
    return {
        "id": f"{_DROP}{row.id}",
        "age": age(row.seen_at, now),
        "opened_at": row.seen_at,
        "connection": row.connection,
        "entity": "inventory",
        "sku": skus.get(row.item_id, ""),
        "external_id": "",
        "slot": row.slot,
        "kind": row.cause,
        "theirs": -row.open_units,
        "units": row.open_units,
        "ours": None,
        "base": None,
        "state": "open",
        "resolution": "",
        "advice": _UNEXPLAINED if row.awaits_order else _ADVICE.get(row.cause) or advice(row.cause),
    }


def _ways(row: dict[str, object]) -> list[str]:
    if row["state"] != "open":
        return []
    base = f"crossdock conflicts resolve {row['id']}"
    if str(row["id"]).startswith(_DROP):
        return [
            f"only when the owner has booked these {row['units']} units: {base} --yes",
            "an order that took them explains them as soon as it can be read"
            if row["advice"] == _UNEXPLAINED
            else "otherwise book them there first, then: crossdock sync",
        ]
    if row["entity"] == "inventory" or not row["slot"]:
        return [f"{base} --ours"]
    return [f"{base} --{way}" for way in ("ours", "theirs", "to-owner")]


for _command in (list_conflicts, show, resolve):
    command.add_command(_command)
