"""``crossdock connectors``: which connectors there are, and whether one keeps the contract."""

from __future__ import annotations

import click

from canonical.errors import ConfigError, Problem
from canonical.hints import did_you_mean
from crossdock.cli.app import App, closing, make_command
from crossdock.cli.connectorshow import show
from crossdock.cli.outcome import Outcome
from crossdock.cli.report import Column, Report, Section
from crossdock.settings.platforms import InstalledPlatforms, Platforms


@click.group(
    "connectors",
    short_help="List and show the connectors, or examine one.",
    epilog=closing(
        """
        crossdock connectors list
        crossdock connectors show shopify
        crossdock connectors test woocommerce
        """
    ),
)
def command() -> None:
    """Which platforms Crossdock speaks to, and proof that it does."""


@make_command(
    "list",
    "List the connectors with what they read and write.",
    """
    crossdock connectors list
    crossdock connectors list --format json
    """,
)
def list_connectors(app: App) -> Outcome:
    """Every connector with its roles, entities, API version and the settings it needs; JSON tells more.

    JSON: {"connectors": [{"name", "title", "roles", "entities", "documents", "writes", "effects", "versions",
    "default_version", "sunsets", "required", "needs", "settings", "unverified", "docs"}], ...}
    """
    platforms = InstalledPlatforms()
    columns = [
        Column("name", "name"),
        Column("title", "platform"),
        Column("roles", "roles"),
        Column("entities", "entities"),
        Column("documents", "documents"),
        Column("default_version", "version"),
        Column("needs", "needs"),
    ]
    rows = [connector_row(name, platforms) for name in platforms.names()]
    report = Report(
        "connectors list",
        Outcome.IN_SYNC,
        [Section("connectors", columns, rows)],
        next=["crossdock connectors show NAME   (its settings, what it reads and writes)"],
    )
    return app.output.emit(report)


def connector_row(name: str, platforms: Platforms) -> dict[str, object]:
    """What a connector declares, as one row."""
    manifest = platforms.manifest_of(name)
    required = [key for key, setting in manifest.settings.items() if setting.required]
    entities = dict.fromkeys(entity for spec in manifest.resources.values() for entity in spec.entities)
    return {
        "name": name,
        "title": manifest.title,
        "roles": list(manifest.roles),
        "entities": list(entities),
        "documents": list(dict.fromkeys(one for spec in manifest.resources.values() for one in spec.documents)),
        "writes": list(manifest.writes),
        "effects": list(manifest.effects),
        "versions": list(manifest.versions),
        "default_version": manifest.default_version or None,
        "sunsets": {version: day.isoformat() for version, day in manifest.sunsets.items()},
        "required": required,
        "needs": manifest.needs or ", ".join(required),
        "settings": {key: setting.about for key, setting in manifest.settings.items()},
        "unverified": list(manifest.unverified),
        "docs": manifest.docs,
    }


@make_command(
    "test",
    "Examine a connector against its simulator.",
    """
    crossdock connectors test woocommerce
    crossdock connectors test shopify --format json
    """,
)
@click.argument("name")
def test_connector(app: App, name: str) -> Outcome:
    """Run the conformance suite on a connector and its own simulator; needs no network and no account.

    Fails when one check fails. The tier says what the connector has proven: bronze for reads, silver for writes too,
    gold for both under faults.

    JSON: {"counts": {"pass", "fail", "skip", "tier"}, "checks": [{"check", "group", "status", "reason", "about"}], ...}
    """
    from connectors.conformance.model import Status
    from connectors.conformance.suite import CHECKS, load_subject, tier_of

    known = InstalledPlatforms().names()
    if name not in known:
        raise ConfigError([Problem(f"there is no connector {name}", hint=did_you_mean(name, known))])
    subject = load_subject(name)
    results = []
    with app.output.progress() as progress:
        for number, check in enumerate(CHECKS.values()):
            progress.at(check.name, number, len(CHECKS))
            results.append(check(subject))
    rows = [
        {
            "check": result.check,
            "group": result.group,
            "status": result.status.value,
            "reason": result.reason,
            "about": CHECKS[result.check].about,
        }
        for result in results
    ]
    counts: dict[str, int | float | str] = {
        status.value: sum(result.status is status for result in results) for status in Status
    }
    counts["tier"] = tier_of(results).value
    columns = [Column("check", "check"), Column("group", "group"), Column("status", "result"), Column("reason", "why")]
    failed = any(result.status is Status.FAIL for result in results)
    outcome = Outcome.ERROR if failed else Outcome.IN_SYNC
    return app.output.emit(Report("connectors test", outcome, [Section("checks", columns, rows)], counts))


command.add_command(list_connectors)
command.add_command(show)
command.add_command(test_connector)
