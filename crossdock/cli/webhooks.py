"""``crossdock webhooks``: what each platform should tell and where, and what it told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from canonical.errors import ConfigError, Problem
from canonical.hints import did_you_mean
from connectors.manifest import WebhookSpec
from crossdock.cli.app import App, closing, make_command
from crossdock.cli.outcome import Outcome
from crossdock.cli.replay import command as replay
from crossdock.cli.report import Column, Report, Section
from crossdock.cli.subscribing import register, repair
from crossdock.cli.work import looking
from crossdock.cli.workspace import load

if TYPE_CHECKING:
    from sqlalchemy import Connection

_CONNECTIONS = [
    Column("connection", "connection"),
    Column("state", "state"),
    Column("url", "address"),
    Column("messages", "messages", figures=True),
    Column("deliveries", "deliveries", figures=True),
    Column("last_at", "last"),
    Column("trouble", "trouble"),
    Column("marked", "to read", figures=True),
    Column("demands", "privacy demands", figures=True),
]
_TOPICS = [Column("topic", "topic"), Column("names", "names"), Column("why", "")]
_LATEST = [
    Column("id", "id", figures=True),
    Column("topic", "topic"),
    Column("delivery_id", "delivery"),
    Column("last_at", "last"),
    Column("copies", "times", figures=True),
    Column("bytes", "bytes", figures=True),
    Column("demand", "demands"),
]


@click.group(
    "webhooks",
    short_help="List what each platform tells, and have it tell what is read here.",
    epilog=closing(
        """
        crossdock webhooks list
        crossdock webhooks list --connection shop_eu
        crossdock webhooks register
        crossdock webhooks repair --yes
        crossdock webhooks replay --since 2026-11-27T08:00:00Z
        """
    ),
)
def command() -> None:
    """What platforms tell by themselves. `crossdock serve` hears it, `replay` marks it once more."""


@make_command(
    "list",
    "List the address of each connection, and what it told; of one connection also its topics and latest messages.",
    """
    crossdock webhooks list
    crossdock webhooks list --connection shop_eu --limit 50
    """,
)
@click.option("--connection", metavar="NAME", help="Also list this one's topics and latest messages.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many messages to list.")
def list_webhooks(app: App, connection: str | None, limit: int) -> Outcome:
    """List where each platform is to send its webhooks, and what came.

    Nothing is asked of the platforms here: whether they are subscribed is what `crossdock webhooks register` looks at.
    `crossdock serve` looks once a day; what differed then, and who is silent, stands under trouble.

    JSON: {"counts": {"messages", "deliveries", "demands"}, "connections": [{"connection", "state", "url", "messages",
    "deliveries", "last_at", "trouble", "marked", "demands"}], "topics": [{"topic", "names"}], "latest": [{"id",
    "topic", "delivery_id", "received_at", "last_at", "copies", "bytes", "demand", "handled_at"}], ...}
    """
    from crossdock.webhooks.doors import address
    from sync import inbox, observeset

    settings = load(app)
    able = {name: one for name, one in settings.connections.items() if one.manifest.webhooks is not None}
    if connection is not None and connection not in able:
        raise ConfigError([Problem(f"{connection} takes no webhooks", hint=did_you_mean(connection, able))])
    with looking(app) as hub, hub.database.read() as database:
        told, marked = inbox.standings(database), observeset.counts(database)
        latest = inbox.latest(database, connection, limit) if connection else []
        trouble = _trouble(database)
    rows: list[dict[str, object]] = []
    for name, one in able.items():
        standing = told.get(name, inbox.Standing())
        rows.append(
            {
                "connection": name,
                "state": "open" if one.webhook_secrets else "no secret",
                "url": address(settings.webhooks, name),
                "messages": standing.messages,
                "deliveries": standing.deliveries,
                "last_at": standing.last_at,
                "trouble": trouble.get(name, ""),
                "marked": marked.get(name, 0),
                "demands": standing.demands,
            }
        )
    sections = [Section("connections", _CONNECTIONS, rows, empty="no connection's platform sends webhooks")]
    if connection is not None:
        sections += [
            Section("topics", _TOPICS, _topics(able[connection].manifest.webhooks), title="topics to subscribe to"),
            Section("latest", _LATEST, [dict(row._mapping) for row in latest], empty="nothing was told yet"),
        ]
    counts = {key: sum(int(str(row[key])) for row in rows) for key in ("messages", "deliveries", "demands")}
    return app.output.emit(Report("webhooks list", Outcome.IN_SYNC, sections, counts, next=_next(rows)))


def _trouble(database: Connection) -> dict[str, str]:
    """What stands against each connection: it is silent, or not subscribed as it should be."""
    from sync import differing, silence, trouble

    found: dict[str, str] = {}
    for row in trouble.of_kinds(database, (silence.KIND, differing.KIND)):
        found[row.subject] = "; ".join(filter(None, (found.get(row.subject, ""), row.detail)))
    return found


def _topics(spec: WebhookSpec | None) -> list[dict[str, object]]:
    if spec is None:
        return []
    found: list[dict[str, object]] = [{"topic": topic, "names": list(names)} for topic, names in spec.topics.items()]
    return found + [{"topic": topic, "names": [], "why": "demanded by privacy laws"} for topic in spec.privacy]


def _next(rows: list[dict[str, object]]) -> list[str]:
    closed = [str(row["connection"]) for row in rows if row["state"] == "no secret"]
    steps = [f"to hear of {', '.join(closed)}: add webhook_secrets there in the configuration"] if closed else []
    if any(row["demands"] for row in rows):
        steps.append("somebody demands to be told or erased: `crossdock sync` or `crossdock serve` carries it out")
    return steps


command.add_command(list_webhooks)
command.add_command(register)
command.add_command(repair)
command.add_command(replay)
