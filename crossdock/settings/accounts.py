"""Check each connection: its connector exists and its settings are those the connector's manifest declares."""

from __future__ import annotations

from collections.abc import Mapping

from canonical.hints import did_you_mean
from connectors.manifest import Manifest, Setting
from crossdock.settings.check import Path
from crossdock.settings.findings import Findings
from crossdock.settings.platforms import Platforms
from crossdock.settings.secrets import is_reference, malformed
from crossdock.settings.shape import ConnectionShape, SettingValue

_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "text": ((str,), "text"),
    "url": ((str,), "text"),
    "integer": ((int,), "a whole number"),
    "number": ((int, float), "a number"),
    "flag": ((bool,), "true or false"),
    "boolean": ((bool,), "true or false"),
}


def check_accounts(
    connections: Mapping[str, ConnectionShape], platforms: Platforms, findings: Findings
) -> dict[str, Manifest]:
    """The manifest of each connection whose connector exists; every problem goes to the findings."""
    names = platforms.names()
    manifests: dict[str, Manifest] = {}
    for name, connection in connections.items():
        path: Path = ("connections", name)
        if connection.connector not in names:
            message = f"there is no connector {connection.connector}"
            findings.error((*path, "connector"), message, did_you_mean(connection.connector, names))
            continue
        manifests[name] = platforms.manifest_of(connection.connector)
        _check_settings(connection.settings, manifests[name], (*path, "settings"), path, findings)
    return manifests


def _check_settings(
    given: Mapping[str, SettingValue], manifest: Manifest, path: Path, owner: Path, findings: Findings
) -> None:
    for key in given:
        if key not in manifest.settings:
            message = f"{manifest.title} has no setting {key}"
            findings.error((*path, key), message, did_you_mean(key, manifest.settings))
    for key, setting in manifest.settings.items():
        if given.get(key, "") != "":
            _check_value(key, given[key], setting, (*path, key), findings)
        elif setting.required and setting.default is None:
            findings.error(path if given else owner, f"the setting {key} is missing", _example(key, setting))


def _check_value(key: str, value: SettingValue, setting: Setting, path: Path, findings: Findings) -> None:
    if isinstance(value, str):
        for message, hint in malformed(value):
            findings.error(path, message, hint)
    if is_reference(value):
        return
    if setting.secret:
        reference = f"write {key}: ${{env:NAME}} or {key}: ${{file:PATH}} and keep the secret there"
        findings.error(path, f"the secret {key} must not stand in this file", reference)
        return
    types, wanted = _KINDS.get(setting.kind, ((str, int, float, bool), ""))
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        findings.error(path, f"{key} must be {wanted}, not {value}", _example(key, setting))
    elif setting.choices and str(value) not in setting.choices:
        findings.error(path, f"{key} cannot be {value}", did_you_mean(str(value), setting.choices))


def _example(key: str, setting: Setting) -> str:
    if setting.secret:
        return f"{setting.about}; write {key}: ${{env:NAME}}"
    return f"{setting.about}, as in {key}: {setting.example}" if setting.example else setting.about
