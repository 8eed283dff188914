"""``crossdock privacy``: forget a customer, or tell what is kept of one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from canonical.errors import ConfigError, FatalError, Problem
from canonical.hints import did_you_mean
from crossdock.cli.app import App, closing, make_command
from crossdock.cli.outcome import Outcome
from crossdock.cli.report import Column, Report, Section
from crossdock.cli.work import looking, working
from crossdock.cli.workspace import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Row

    from sync.privacy.erase import Person

_KEPT = [Column("connection", "connection"), Column("kind", "kind"), Column("id", "id")]
_WAITING = [
    Column("id", "id"),
    Column("subject", "who"),
    Column("kind", "kind"),
    Column("opened_at", "since"),
    Column("detail", "detail"),
]

_customer = click.argument("customer")
_connection = click.option("--connection", required=True, metavar="NAME", help="The shop whose customer it is.")


@click.group(
    "privacy",
    short_help="Forget a customer, or tell what is kept of one.",
    epilog=closing(
        """
        crossdock privacy list
        crossdock privacy export ada@example.com --connection shop_eu -o ada.json
        crossdock privacy erase ada@example.com --connection shop_eu --yes
        """
    ),
)
def command() -> None:
    """What privacy laws let a customer demand. Shopify passes such demands on by webhook, and they are carried out."""


@make_command(
    "erase",
    "Forget a customer: show what is kept, and with --yes take the person out of it.",
    """
    crossdock privacy erase 7012345 --connection shop_eu             what is kept
    crossdock privacy erase ada@example.com --connection shop_eu --yes
    """,
)
@_customer
@_connection
@click.option("--yes", is_flag=True, help="Do it; nothing brings it back.")
def erase(app: App, customer: str, connection: str, yes: bool) -> Outcome:
    """Take names, addresses, e-mail, phone numbers and notes of a customer out of all that this hub keeps.

    CUSTOMER is the shop's own id of them, or their e-mail. Amounts, lines and numbers of orders stay, for the books.
    Orders that they placed so far are recognized when they are read again, also after a backup was restored. What
    shops, ERP and 3PLs keep is not touched; the documents there are named.

    JSON: {"counts": {"orders", "documents", "messages", "open"}, "kept": [{"connection", "kind", "id"}], "elsewhere":
    [{"id"}], ...}; open: calls of unknown outcome, whose bodies are erased once it is known. Messages and calls are
    searched only with --yes.
    """
    from sync.privacy import erase as erasing

    person = _person(app, customer, connection)
    if not yes:
        return _show(app, person)
    with working(app, "privacy erase") as work:
        with work.hub.database.begin() as database:
            done = erasing.erase(work.hub, database, person)
        clean = erasing.finish(work.hub)
        work.end(Outcome.IN_SYNC, {"orders": len(done.orders), "documents": done.documents})
    counts = {"orders": len(done.orders), "documents": done.documents, "messages": done.messages, "open": done.open}
    rows = [{"id": one} for one in done.elsewhere]
    steps = ["look after what others hold, as the law of your books lets you"] if rows else []
    if not clean or done.open:
        steps.append("crossdock sync: something was in use and is cleaned with the next one")
    sections = [Section("elsewhere", [Column("id", "id")], rows, title="held by others" if rows else "")]
    return app.output.emit(Report("privacy erase", Outcome.IN_SYNC, sections, counts, next=steps))


@make_command(
    "export",
    "Write down what is kept of a customer, as JSON.",
    """
    crossdock privacy export 7012345 --connection shop_eu -o customer.json
    crossdock privacy export ada@example.com --connection shop_eu --answered -o ada.json
    """,
)
@_customer
@_connection
@click.option("-o", "--output", "file", type=click.Path(path_type=Path, dir_okay=False), required=True, metavar="FILE")
@click.option("--answered", is_flag=True, help="The customer gets it now: what was demanded is dealt with.")
def export(app: App, customer: str, connection: str, file: Path, answered: bool) -> Outcome:
    """Write every document, request and message that is about a customer to a file that only you can read.

    JSON: {"counts": {"documents", "requests", "sent", "messages"}, ...}
    """
    from sync.orders import store
    from sync.privacy.demands import TELL
    from sync.privacy.erase import tail
    from sync.privacy.export import export as exported

    person = _person(app, customer, connection)
    with looking(app) as hub, hub.database.begin() as database:
        found = exported(database, person)
        _write(file, found)
        if answered:
            store.close_incidents(database, TELL, f"{connection} {tail(customer)}", hub.stamp())
    counts = {name: len(found[name]) for name in ("documents", "requests", "sent", "messages")}
    return app.output.emit(Report("privacy export", Outcome.IN_SYNC, [], counts, f"written to {file}"))


@make_command(
    "list",
    "List what customers demand and what is to be looked after elsewhere.",
    """
    crossdock privacy list
    """,
)
def list_demands(app: App) -> Outcome:
    """List demands to be answered by a person, with the day they are due, and those that the next sync will read.

    JSON: {"counts": {"waiting"}, "waiting": [{"id", "kind", "subject", "detail", "opened_at"}], ...}
    """
    from sync import trouble
    from sync.privacy.demands import TELL, unread
    from sync.privacy.erase import ELSEWHERE

    with looking(app) as hub, hub.database.begin() as database:
        found = trouble.of_kinds(database, (TELL, ELSEWHERE))
        coming = unread(hub, database)
    names = ("id", "kind", "subject", "detail", "opened_at")
    rows = [{name: getattr(one, name) for name in names} for one in found] + [_coming(one) for one in coming]
    steps = ["crossdock orders close ID: when one is dealt with"] if found else []
    steps += ["crossdock sync, unless `crossdock serve` runs"] if coming else []
    sections = [Section("waiting", _WAITING, rows, empty="nobody demands anything")]
    outcome = Outcome.PENDING if rows else Outcome.IN_SYNC
    return app.output.emit(Report("privacy list", outcome, sections, {"waiting": len(rows)}, next=steps))


def _coming(row: Row[Any]) -> dict[str, object]:
    """A demand that the next sync will read and carry out, or hand to a person; no incident yet, so without id."""
    return {
        "id": None,
        "kind": "not_read_yet",
        "subject": f"{row.connection} message {row.id}",
        "detail": f"{row.topic} is looked after with the next sync",
        "opened_at": row.received_at,
    }


def _show(app: App, person: Person) -> Outcome:
    """What would be erased."""
    from sync.privacy.erase import orders_of
    from sync.privacy.find import holdings

    with looking(app) as hub, hub.database.begin() as database:
        keys = orders_of(database, person)
        held = holdings(database, keys)
    every = (*keys, *held.documents)
    rows = [{"connection": key.connection, "kind": key.kind, "id": key.external_id} for key in every]
    counts = {"orders": len(keys), "documents": len(rows)}
    sections = [Section("kept", _KEPT, rows, empty="no order of this customer is kept")]
    outcome = Outcome.PENDING if rows else Outcome.IN_SYNC
    return app.output.emit(Report("privacy erase", outcome, sections, counts, next=["the same with --yes"]))


def _person(app: App, customer: str, connection: str) -> Person:
    from sync.privacy.erase import Person

    known = load(app).connections
    if connection not in known:
        raise ConfigError([Problem(f"there is no connection {connection}", hint=did_you_mean(connection, known))])
    return Person(connection, email=customer) if "@" in customer else Person(connection, customer)


def _write(file: Path, found: Mapping[str, object]) -> None:
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as writing:
            writing.write(msgspec.json.format(msgspec.json.encode(found), indent=2))
    except OSError as error:
        raise FatalError(f"cannot write {file}: {error.strerror}", hint="choose another file with -o") from error


for one in (list_demands, export, erase):
    command.add_command(one)
