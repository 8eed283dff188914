"""The registry: names to connectors, settings judged before anything is built, everything wrong told at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from canonical.errors import ConfigError
from connectors import registry
from connectors.base import Environment
from connectors.conformance.world import MemoryState
from connectors.simulation import Ticker

MANIFEST = """
name: plugin
title: A plug-in
docs: none
settings:
  url: {about: where it is, required: true}
  token: {about: its token, required: true, secret: true}
  version: {about: API version, choices: ["1", "2"], default: "2"}
  page_size: {about: rows a page, kind: integer, default: 50}
  factor: {about: a factor, kind: number}
  strict: {about: whether to be strict, kind: flag, default: false}
resources: {}
writes: {}
"""
FIELDS = "resources: {things: {sku: {type: text}}}\nwrites: {}\n"
CONNECTOR = """
from __future__ import annotations
def connect(settings, environment):
    return (dict(settings), environment.connection)
"""
GOOD = {"url": "http://x.test", "token": "t"}


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An installed plug-in called ``plugin``."""
    package = tmp_path / "crossdock_plugin"
    package.mkdir()
    for name, text in {
        "__init__.py": "",
        "manifest.yaml": MANIFEST,
        "fields.yaml": FIELDS,
        "connector.py": CONNECTOR,
    }.items():
        (package / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    points = EntryPoints(
        [
            EntryPoint("plugin", "crossdock_plugin", registry.GROUP),
            EntryPoint("shopify", "crossdock_plugin", registry.GROUP),
            EntryPoint("gone", "no_such_package.inside", registry.GROUP),
        ]
    )
    monkeypatch.setattr(registry, "entry_points", lambda group: points.select(group=group))
    caches = (registry._packages, registry.manifest_of, registry.fields_of)
    for cache in caches:
        cache.cache_clear()
    yield "plugin"
    for cache in caches:
        cache.cache_clear()


def environment() -> Environment:
    return Environment("my_plugin", Ticker(), MemoryState())


def test_built_in_connectors_are_known_by_name() -> None:
    assert registry.names()[:4] == ["shopify", "woocommerce", "tryton", "memory"]


def test_an_unknown_connector_is_answered_with_a_guess() -> None:
    with pytest.raises(ConfigError, match=r"unknown connector 'shopfy'.*did you mean 'shopify'"):
        registry.package_of("shopfy")
    with pytest.raises(ConfigError, match=r"known are: memory, .*tryton, woocommerce"):
        registry.manifest_of("qqqq")


def test_a_plug_in_is_found_by_its_entry_point_and_built_with_its_defaults(plugin: str) -> None:
    assert registry.manifest_of(plugin).title == "A plug-in"
    assert "sku" in registry.fields_of(plugin).resources["things"]
    built: object = registry.create(plugin, {**GOOD, "page_size": 10}, environment())
    assert built == ({**GOOD, "version": "2", "page_size": 10, "strict": False}, "my_plugin")


def test_a_plug_in_cannot_take_the_name_of_a_built_in_connector(plugin: str) -> None:
    assert registry.package_of("shopify") == "connectors.shopify"


def test_a_plug_in_that_is_not_there_is_a_clear_error(plugin: str) -> None:
    with pytest.raises(ConfigError, match=r"'gone': its package no_such_package\.inside cannot be imported"):
        registry.manifest_of("gone")


def test_right_settings_have_no_problems(plugin: str) -> None:
    more = {"version": "1", "page_size": 7, "factor": 1.5, "strict": True}
    assert registry.settings_problems(plugin, {**GOOD, **more}) == []
    assert registry.settings_problems(plugin, {**GOOD, "factor": 2}) == []


def test_every_wrong_setting_is_told_at_once(plugin: str) -> None:
    problems = registry.settings_problems(
        plugin, {"tokn": "x", "version": "3", "page_size": "many", "strict": "yes", "factor": True, "url": ""}
    )
    assert problems == [
        "setting 'url' is missing: where it is",
        "setting 'token' is missing: its token",
        "unknown setting 'tokn'; did you mean 'token'?",
        "setting 'version' cannot be '3'; known are: 1, 2",
        "setting 'page_size' must be an integer, not 'many'",
        "setting 'strict' must be a flag, not 'yes'",
        "setting 'factor' must be a number, not True",
    ]


def test_a_number_where_text_belongs_is_told_to_be_quoted_and_a_secret_is_not_shown(plugin: str) -> None:
    problems = registry.settings_problems(plugin, {"url": 80, "token": 12345678})
    assert problems == [
        "setting 'url' must be text, not 80; put it in quotes",
        "setting 'token' must be text, not a secret; put it in quotes",
    ]


def test_a_connector_is_not_built_from_wrong_settings(plugin: str) -> None:
    with pytest.raises(ConfigError) as caught:
        registry.create(plugin, {"tokn": "x"}, environment())
    assert len(caught.value.problems) == 3
    assert all(problem.message.startswith("connection my_plugin: ") for problem in caught.value.problems)


@pytest.mark.parametrize("name", list(registry.BUILT_IN))
def test_the_manifest_and_fields_of_every_built_in_connector_agree(name: str) -> None:
    manifest, fields = registry.manifest_of(name), registry.fields_of(name)
    assert manifest.name == name
    assert set(fields.resources) == set(manifest.resources)
    assert set(fields.writes) == set(manifest.writes)
    assert {spec.resource for spec in manifest.writes.values()} <= set(manifest.resources)
    written = {path.write for paths in fields.resources.values() for path in paths.values() if path.write}
    assert written <= set(manifest.writes)


def test_knowing_the_manifests_imports_no_connector_and_no_http_client() -> None:
    code = (
        "import sys; from connectors import registry; [registry.manifest_of(n) for n in registry.BUILT_IN];"
        "print([m for m in sys.modules if m.endswith(('.connector', '.client')) and m.startswith('connectors.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
