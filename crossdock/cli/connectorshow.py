"""``crossdock connectors show``: everything one connector declares, as its manifest and field catalog have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from canonical.errors import ConfigError, Problem
from canonical.hints import did_you_mean
from crossdock.cli.app import App, make_command
from crossdock.cli.outcome import Outcome
from crossdock.cli.report import Column, Report, Section
from crossdock.settings.platforms import InstalledPlatforms

if TYPE_CHECKING:
    from connectors.manifest import FieldCatalog, Manifest

_ABOUT = [Column("what", "connector"), Column("text", "")]
_SETTINGS = [
    Column("name", "setting"),
    Column("kind", "type"),
    Column("need", "needed"),
    Column("default", "default"),
    Column("about", "what it is"),
    Column("example", "for example"),
]
_RESOURCES = [Column("name", "reads"), Column("holds", "for"), Column("about", "what it is"), Column("news", "news by")]
_WRITES = [
    Column("name", "writes"),
    Column("about", "what it does"),
    Column("lost", "a call without an answer"),
    Column("fields", "fields"),
]
_LOST = {
    "set": "is read again and planned anew",
    "keyed": "is repeated with its key",
    "searchable": "is looked up first",
    "unknowable": "waits for a person",
}


@make_command(
    "show",
    "Show a connector: its settings, what it reads and what it can write.",
    """
    crossdock connectors show woocommerce
    crossdock connectors show shopify --format json | jq '.settings[] | select(.secret) | .name'
    """,
)
@click.argument("name")
def show(app: App, name: str) -> Outcome:
    """Show everything a connector declares; needs no configuration, no network and no account.

    Settings stand under `settings:` of a connection. A secret one takes a reference, `${env:NAME}` or `${file:PATH}`.

    JSON: {"connectors": [{"name", "title", "roles", "needs", "versions", "default_version", "sunsets", "docs"}],
    "settings": [{"name", "kind", "required", "secret", "default", "choices", "about", "example"}], "resources":
    [{"name", "entities", "documents", "about", "news"}], "writes": [{"name", "about", "resource", "document", "class",
    "fields"}] (with a `document`: something that is done once for an order), "topics": [{"name", "resources"}] (that it
    is told by webhook), "limits": [{"name", "text"}], "unverified": [{"about"}] (by no
    account on the platform itself), ...}
    """
    platforms = InstalledPlatforms()
    known = platforms.names()
    if name not in known:
        raise ConfigError([Problem(f"there is no connector {name}", hint=did_you_mean(name, known))])
    manifest, fields = platforms.manifest_of(name), platforms.fields_of(name)
    topics = manifest.webhooks.topics if manifest.webhooks is not None else {}
    about: list[dict[str, object]] = [_about(manifest)] if app.as_json else _about_lines(manifest)
    sections = [
        Section("connectors", _ABOUT, about),
        Section("settings", _SETTINGS, _settings(manifest), empty="it has no settings"),
        Section("resources", _RESOURCES, _resources(manifest)),
        Section("writes", _WRITES, [*_writes(manifest, fields), *_effects(manifest)], empty="it writes nothing"),
        Section("topics", [], [{"name": one, "resources": list(names)} for one, names in topics.items()]),
        Section("limits", [], [{"name": one, "text": text} for one, text in manifest.limits.items()]),
        Section("unverified", [], [{"about": one} for one in manifest.unverified]),
    ]
    shown = sections if app.as_json else [one for one in sections if one.columns]
    return app.output.emit(Report("connectors show", Outcome.IN_SYNC, shown))


def _about(manifest: Manifest) -> dict[str, object]:
    return {
        "name": manifest.name,
        "title": manifest.title,
        "roles": list(manifest.roles),
        "needs": manifest.needs,
        "versions": list(manifest.versions),
        "default_version": manifest.default_version or None,
        "sunsets": {version: day.isoformat() for version, day in manifest.sunsets.items()},
        "docs": manifest.docs,
    }


def _about_lines(manifest: Manifest) -> list[dict[str, object]]:
    """A line each: they say different things."""
    required = [name for name, setting in manifest.settings.items() if setting.required]
    told = "its webhooks; `crossdock webhooks list` shows the addresses" if manifest.webhooks is not None else ""
    lines: list[tuple[str, object]] = [
        ("name", manifest.name),
        ("platform", manifest.title),
        ("role", list(manifest.roles)),
        ("needs", manifest.needs or ", ".join(required)),
        ("versions", list(manifest.versions)),
        ("hears", told),
        ("docs of the platform", manifest.docs),
    ]
    return [{"what": what, "text": text} for what, text in lines if text]


def _settings(manifest: Manifest) -> list[dict[str, object]]:
    return [
        {
            "name": name,
            "kind": one.kind,
            "required": one.required,
            "secret": one.secret,
            "need": ", ".join(word for word in (one.required and "required", one.secret and "secret") if word),
            "default": one.default,
            "choices": list(one.choices),
            "about": f"{one.about} ({' | '.join(one.choices)})" if one.choices else one.about,
            "example": one.example,
        }
        for name, one in manifest.settings.items()
    ]


def _resources(manifest: Manifest) -> list[dict[str, object]]:
    return [
        {
            "name": name,
            "entities": list(one.entities),
            "documents": list(one.documents),
            "holds": [*one.entities, *one.documents],
            "about": one.about,
            "news": one.timestamp or "full reads only",
        }
        for name, one in manifest.resources.items()
    ]


def _writes(manifest: Manifest, fields: FieldCatalog) -> list[dict[str, object]]:
    return [
        {
            "name": name,
            "about": one.about,
            "resource": one.resource,
            "document": "",
            "class": one.write_class.value,
            "lost": _LOST[one.write_class.value],
            "fields": _writable(name, one.resource, fields),
        }
        for name, one in manifest.writes.items()
    ]


def _effects(manifest: Manifest) -> list[dict[str, object]]:
    return [
        {
            "name": name,
            "about": one.about,
            "resource": one.resource,
            "document": one.document,
            "class": one.write_class.value,
            "lost": _LOST[one.write_class.value],
            "fields": [],
        }
        for name, one in manifest.effects.items()
    ]


def _writable(operation: str, resource: str, fields: FieldCatalog) -> list[str]:
    """The paths that a write can set, as a mapping names them."""
    read = [path for path, spec in fields.resources.get(resource, {}).items() if spec.write == operation]
    return list(dict.fromkeys([*read, *fields.writes.get(operation, {})]))
