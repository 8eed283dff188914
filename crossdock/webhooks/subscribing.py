"""What each connection's platform should be asked to tell, with its address and its secret."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from canonical.errors import ConfigError, FatalError, Problem
from connectors.manifest import WebhookSpec
from crossdock.settings.model import Settings
from crossdock.settings.secrets import Resolver
from crossdock.webhooks import secretfile
from crossdock.webhooks.doors import address
from crossdock.webhooks.secretfile import told_for_each
from sync import subscriptions
from sync.hub import Hub
from sync.subscriptions import Action, Step

_FILE = re.compile(r"\$\{file:(?P<path>[^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Asked:
    """One connection that the hub subscribes for: what is wanted, and the secret, which may not be known yet.

    ``file`` is where a secret goes that the platform makes; None where the configuration names no file for it. Where
    the platform makes one for each topic, the file holds a line for each.
    """

    connection: str
    spec: WebhookSpec
    address: str
    wanted: tuple[str, ...]
    secret: str = field(repr=False)
    file: Path | None = None

    def steps(self, hub: Hub) -> list[Step]:
        """What differs on the platform."""
        there = subscriptions.listed(hub, self.connection)
        kept = None
        if self.file is not None and told_for_each(self.spec):
            kept = {one.topic for one in secretfile.lines(self.secret)}
        known = bool(self.secret)
        return subscriptions.steps(self.spec, self.wanted, self.address, there, secret_kept=known, kept=kept)

    def carry_out(self, hub: Hub, step: Step) -> None:
        """Do one step; a secret that the platform tells only now is kept where the configuration looks for it."""
        telling = self.spec.registration is not None and self.spec.registration.signed_by == "told"
        if telling and self.file is None and step.action is Action.CREATE:
            raise _no_file(self.connection)
        if telling and self.file is not None and step.action is Action.CREATE:
            # Before: else the platform would have a webhook whose messages nobody could believe.
            require_writable(self.file)
        several = self.file is not None and told_for_each(self.spec)
        if self.file is not None and several and step.action is not Action.CHANGE:
            # Before: a secret that stands there is one whose webhook was made, and made to its end.
            keep(self.file, secretfile.without(_read(self.file), step.topics))
        told = subscriptions.carry_out(hub, self.connection, step, self.address, self.secret)
        if told and self.file is not None:
            keep(self.file, secretfile.added(_read(self.file), told, step.topics[0]) if several else told)


def registering(settings: Settings) -> list[str]:
    """The connections that the hub can subscribe for: those with a door, on platforms where it can be done by API."""
    found = []
    for name, one in settings.connections.items():
        spec = one.manifest.webhooks
        if spec is not None and spec.registration is not None and one.webhook_secrets:
            found.append(name)
    return found


def asked(settings: Settings, resolver: Resolver, hub: Hub, name: str) -> Asked:
    """What a connection's platform should be asked; ConfigError where its secret is missing and cannot be made."""
    spec = settings.connections[name].manifest.webhooks
    assert spec is not None
    assert spec.registration is not None
    reference = settings.connections[name].webhook_secrets[0]
    told = spec.registration.signed_by == "told"
    file = _file_of(settings, reference) if told else None
    secret = _secret(resolver, reference, file, name)
    if told and not secret and file is None:
        raise _no_file(name)
    wanted = subscriptions.wanted_topics(hub.config, name)
    return Asked(name, spec, address(settings.webhooks, name), wanted, secret, file)


def _no_file(name: str) -> ConfigError:
    hint = f'write webhook_secrets: ["${{file:secrets/{name}}}"] first; what the platform tells is put there'
    return ConfigError([Problem(f"connection {name}: its platform makes the secret, and tells it once", hint=hint)])


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise FatalError(f"the secret file {path} cannot be read", hint="see that it belongs to you") from error


def require_public(settings: Settings) -> None:
    """ConfigError where platforms cannot be told an address."""
    if not settings.webhooks.public_url:
        hint = "set webhooks.public_url to what platforms call, as in https://hub.example.com"
        raise ConfigError([Problem("no address to subscribe", file=str(settings.file), hint=hint)])


def require_writable(path: Path) -> None:
    """FatalError where a secret could not be put into its file; leaves nothing behind but the folder."""
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        fresh, number = _beside(path)
        os.close(number)
        fresh.unlink()
    except OSError as error:
        hint = "make the folder writable and register again"
        raise FatalError(f"cannot keep a secret in {path}: {error.strerror}", hint=hint) from error


def keep(path: Path, secret: str) -> None:
    """Put a secret into its file, readable by us alone, and never half."""
    try:
        fresh, number = _beside(path)
        with os.fdopen(number, "w", encoding="utf-8") as writing:
            writing.write(f"{secret}\n")
            writing.flush()
            os.fsync(writing.fileno())
        fresh.replace(path)
    except OSError as error:
        hint = "make the folder writable and register again: a subscription whose secret was not kept is made anew"
        raise FatalError(f"cannot keep the secret in {path}: {error.strerror}", hint=hint) from error


def _beside(path: Path) -> tuple[Path, int]:
    """An empty file of ours beside another one, open to be written."""
    fresh = path.with_name(f".{path.name}.new")
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh.unlink(missing_ok=True)
    return fresh, os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _file_of(settings: Settings, reference: str) -> Path | None:
    match = _FILE.fullmatch(reference)
    return settings.config_dir / match["path"] if match else None


def _secret(resolver: Resolver, reference: str, file: Path | None, name: str) -> str:
    if file is not None and not file.exists():
        return ""
    try:
        return resolver.resolve(reference).reveal()
    except ConfigError as error:
        problems = [
            Problem(f"connection {name}, webhook_secrets: {one.message}", hint=one.hint) for one in error.problems
        ]
        raise ConfigError(problems) from error
