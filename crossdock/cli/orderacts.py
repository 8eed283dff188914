"""``crossdock orders``: what a person decides about orders, their refunds and incidents, and calls made for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from canonical.errors import ConfigError, DataError, Problem
from crossdock.cli.app import App, make_command
from crossdock.cli.outcome import Outcome
from crossdock.cli.report import Report, Section
from crossdock.cli.work import working

if TYPE_CHECKING:
    from sqlalchemy import Row


from crossdock.cli.orderviews import find_one


@make_command(
    "declare",
    "Say whose an order is that was open when its channel's orders went live.",
    """
    crossdock orders declare 1001 --known      its owner has it already: it is neither asked for nor reserved
    crossdock orders declare 1002 --export     it is asked for like a new one
    """,
)
@click.argument("order")
@click.option("--known", is_flag=True, help="The owner of the books has it already.")
@click.option("--export", is_flag=True, help="Ask for it like for a new order.")
def declare(app: App, order: str, known: bool, export: bool) -> Outcome:
    """Declare an order that was placed before the go-live and still open then; until then nothing is done for it.

    JSON: {"declared": [{"number", "text"}], ...}
    """
    if known == export:
        raise ConfigError([Problem("say whose the order is", hint="give --known or --export")])
    from sync.orders import acts

    with working(app, "orders declare") as work:
        with work.hub.database.begin() as connection:
            row = find_one(connection, order)
        text = acts.declare(work.hub, row, export=export)
        work.end(Outcome.IN_SYNC, {}, text)
    return _told(app, "declare", row, text, ["crossdock sync"] if export else [])


@make_command(
    "release",
    "Try again what was refused for an order, or take your word for what nothing else ends.",
    """
    crossdock orders release 1001
    """,
)
@click.argument("order")
def release(app: App, order: str) -> Outcome:
    """Let what a target refused be tried again at the next sync, once its cause is mended there or here.

    What nothing on any platform will end counts as seen by you: more given back than was paid, a dispute that was lost.
    An order of which nothing was refused is refused here, with its state.
    Of a connection that is configured no more nothing is expected then: what it was asked for is asked for elsewhere.

    JSON: {"released": [{"number", "text"}], "counts": {"effects"}, ...}
    """
    from sync.orders import acts
    from sync.payments import disputes

    with working(app, "orders release") as work:
        with work.hub.database.begin() as connection:
            row = find_one(connection, order)
        lost = disputes.acknowledge(work.hub, row)
        if not lost and not acts.releasable(work.hub, row):
            said = f"{row.state}: {row.reason}" if row.reason else row.state
            hint = f"`crossdock orders show {row.number.lstrip('#')}` tells what it waits for"
            raise DataError(f"order {row.number} has nothing to release: it is {said}", hint=hint)
        count = acts.release(work.hub, row)
        text = f"order {row.number} is looked at again"
        text += f"; {count} refused call{'s are' if count > 1 else ' is'} tried again" if count else ""
        text += f"; dispute {', '.join(lost)} is acknowledged" if lost else ""
        work.end(Outcome.IN_SYNC, {"effects": count}, text)
    return _told(app, "release", row, text, ["crossdock sync"])


@make_command(
    "resolve",
    "Say what became of a call whose outcome cannot be found out.",
    """
    crossdock orders resolve 12 --done
    crossdock orders resolve 12 --not-done     it is sent once more
    """,
)
@click.argument("effect", type=int, metavar="CALL")
@click.option("--done", is_flag=True, help="Someone looked there: it took effect.")
@click.option("--not-done", is_flag=True, help="Someone looked there: it did not, and is sent once more.")
def resolve(app: App, effect: int, done: bool, not_done: bool) -> Outcome:
    """Settle a call of the state `unknown`; `orders show` lists its id.

    JSON: {"resolved": [{"number", "text"}], ...}
    """
    if done == not_done:
        raise ConfigError([Problem("say what became of it", hint="give --done or --not-done")])
    from sync.orders import acts

    with working(app, "orders resolve") as work:
        text = acts.settle_unknown(work.hub, effect, done=done)
        work.end(Outcome.IN_SYNC, {}, text)
    section = Section("resolved", [], [{"number": str(effect), "text": text}])
    report = Report("orders resolve", Outcome.IN_SYNC, [section] if app.as_json else [], summary=text)
    return app.output.emit(report)


@make_command(
    "drop",
    "Want nothing more of an order: it is called off where it was asked for.",
    """
    crossdock orders drop 1001
    """,
)
@click.argument("order")
def drop(app: App, order: str) -> Outcome:
    """Drop an order that its channel does not cancel itself, as one that was deleted there; goods that left stay told.

    One that is done or canceled is refused: nothing of it is left to call off.

    JSON: {"dropped": [{"number", "text"}], ...}
    """
    from sync.orders import acts

    with working(app, "orders drop") as work:
        with work.hub.database.begin() as connection:
            row = find_one(connection, order)
        text = acts.drop(work.hub, row)
        work.end(Outcome.IN_SYNC, {}, text)
    return _told(app, "drop", row, text, ["crossdock sync"])


@make_command(
    "match",
    "Say which order a refund is for that names none.",
    """
    crossdock orders match 3 1001
    crossdock orders match 3 --none     it is for no order that is sold here
    """,
)
@click.argument("refund", type=int)
@click.argument("order", required=False, default="")
@click.option("--none", "no_order", is_flag=True, help="It is for no order of the channels here.")
def match(app: App, refund: int, order: str, no_order: bool) -> Outcome:
    """Give a refund its order, to be told on from there; `orders list` shows those without one.

    JSON: {"matched": [{"number", "text"}], ...}
    """
    if bool(order) == no_order:
        raise ConfigError([Problem("say which order the refund is for", hint="name it, or give --none")])
    from sync.orders import acts

    with working(app, "orders match") as work:
        row = None
        if order:
            with work.hub.database.begin() as connection:
                row = find_one(connection, order)
        text = acts.match_refund(work.hub, refund, row)
        work.end(Outcome.IN_SYNC, {}, text)
    section = Section("matched", [], [{"number": str(refund), "text": text}])
    report = Report("orders match", Outcome.IN_SYNC, [section] if app.as_json else [], summary=text)
    return app.output.emit(report)


@make_command(
    "close",
    "Say that an incident is dealt with.",
    """
    crossdock orders close 4
    """,
)
@click.argument("incident", type=int)
def close(app: App, incident: int) -> Outcome:
    """Close an incident that `audit orders` lists; it is told again if it happens again.

    JSON: {"closed": [{"number", "text"}], ...}
    """
    from sync.orders import acts

    with working(app, "orders close") as work:
        text = acts.close_incident(work.hub, incident)
        work.end(Outcome.IN_SYNC, {}, text)
    section = Section("closed", [], [{"number": str(incident), "text": text}])
    report = Report("orders close", Outcome.IN_SYNC, [section] if app.as_json else [], summary=text)
    return app.output.emit(report)


def _told(app: App, what: str, row: Row[Any], text: str, steps: list[str]) -> Outcome:
    section = Section(f"{what}{'ped' if what == 'drop' else 'd'}", [], [{"number": row.number, "text": text}])
    sections = [section] if app.as_json else []
    return app.output.emit(Report(f"orders {what}", Outcome.IN_SYNC, sections, summary=text, next=steps))
