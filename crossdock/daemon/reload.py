"""Take over a changed configuration between two runs; one that is broken is told of, and the last good one stays."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from canonical.errors import ConfigError, CrossdockError, Problem
from crossdock.alerts.targets import Target, targets
from crossdock.cli.app import App
from crossdock.cli.errors import redacted
from crossdock.cli.workspace import load, resolver
from crossdock.daemon.active import Active
from crossdock.daemon.watch import metrics_token
from crossdock.health import require_connectors
from crossdock.settings.hub import database_url, hub_config
from crossdock.settings.model import Settings
from crossdock.webhooks.doors import doors
from crossdock.webhooks.receiver import Door
from sync.config import HubConfig

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 1.0
Seen = Mapping[Path, tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A configuration that was read and can be taken over."""

    settings: Settings
    config: HubConfig
    doors: Mapping[str, Door]
    targets: Mapping[str, Target]
    metrics_token: str = field(repr=False)


class Announcer(Protocol):
    """Tells others which configuration is at work, and why another one is not."""

    def configured(self, settings: Settings) -> None:
        """This one is at work from now on."""
        ...

    def broken(self, problem: str) -> None:
        """The one on disk is not taken over."""
        ...


@dataclass
class Reloader:
    """Looks now and then whether the files changed; ``ask`` makes it look at once.

    ``follow`` is given each configuration that is taken over, changed or not: its secrets are read anew. ``paced`` is
    whether an interval was asked for at the start, which leaves no room for schedules.
    """

    app: App
    active: Active
    announcer: Announcer
    follow: Callable[[Candidate], None]
    paced: bool = False
    _taken: Seen = field(default_factory=dict)
    _last: Seen = field(default_factory=dict)
    _next_look: float = 0.0
    _asked: bool = False

    def __post_init__(self) -> None:
        # The file this process began with, whatever else would be found in its place later.
        self.app = replace(self.app, config=self.active.settings.file)
        self._telemetry = self.active.settings.telemetry

    def ask(self) -> None:
        """Read everything anew at the next look, also where no file changed, as for a secret in another place."""
        self._asked = True

    def look(self) -> bool:
        """Take over what changed; whether another configuration is at work from now on."""
        now = time.monotonic()
        if now < self._next_look and not self._asked:
            return False
        self._next_look = now + _LOOK_SECONDS
        seen = dict(_files(self.active.settings))
        # Seen twice alike: not in the middle of being written.
        settled, self._last = seen == self._last, seen
        if not self._asked and (seen == self._taken or not settled):
            return False
        self._asked = False
        changed = self._take_over()
        self._taken = seen
        return changed

    def _take_over(self) -> bool:
        try:
            found = self._read()
        except ConfigError as error:
            return self._refuse(_first(error))
        except (OSError, ValueError) as error:
            # A folder that may not be entered, or no text: it must not keep the last good one from working.
            return self._refuse(f"it cannot be read: {error}")
        before = self.active.settings
        changed = found.settings.version != before.version
        try:
            # Told first: from here on nobody plans with the old one, and this process does not either.
            self.announcer.configured(found.settings)
            self.active.hub.close()
            self.active.hub.config = found.config
            self.follow(found)
        except CrossdockError:
            # The database: all of it is done once more as soon as that answers.
            self._asked = True
            raise
        self.active.settings = found.settings
        if found.settings.telemetry not in (before.telemetry, self._telemetry):
            _log.warning("telemetry is only read at the start: restart to follow what changed there")
        if changed:
            _log.warning("works with the changed configuration %s, version %s", self.app.config, found.config.version)
        elif found.settings != before:
            _log.info("follows the changed schedules, alerts or limits of %s", self.app.config)
        return changed

    def _refuse(self, why: str) -> bool:
        told = redacted(why, self.app.secrets)
        _log.warning("the configuration on disk is not valid, the last good one stays: %s", told)
        self.announcer.broken(told)
        return False

    def _read(self) -> Candidate:
        """The configuration on disk with every secret readable; ConfigError when it cannot be taken over."""
        settings = load(self.app)
        secrets = resolver(self.app, settings)
        before = self.active.settings
        same_door = (settings.webhooks.host, settings.webhooks.port) == (before.webhooks.host, before.webhooks.port)
        if database_url(settings, secrets) != database_url(before, secrets) or not same_door:
            hint = "stop the daemon and start it again"
            message = "database, webhooks.host and webhooks.port are only read at the start"
            raise ConfigError([Problem(message, file=str(settings.file), hint=hint)])
        if self.paced and settings.schedules:
            raise paced_and_scheduled(settings)
        require_connectors(settings, secrets)
        told = targets(settings, secrets, self.active.hub.clock)
        token = metrics_token(settings, secrets)
        return Candidate(settings, hub_config(settings, secrets), doors(settings, secrets), told, token)


def paced_and_scheduled(settings: Settings) -> ConfigError:
    """Both an interval and schedules say when everything is read."""
    hint = "leave --every out, or take the schedules out of the configuration"
    return ConfigError([Problem("the schedules say when everything is read", file=str(settings.file), hint=hint)])


def _files(settings: Settings) -> Iterator[tuple[Path, tuple[int, int, int]]]:
    """What a configuration is read from, as it lies there."""
    for path in (settings.file, settings.config_dir / ".env", *sorted(settings.mappings_dir.rglob("*.yaml"))):
        try:
            found = path.stat()
        except OSError:
            continue
        yield path, (found.st_mtime_ns, found.st_size, found.st_ino)


def _first(error: ConfigError) -> str:
    others = len(error.problems) - 1
    return f"{error.problems[0]}" + (f", and {others} more: see `crossdock lint`" if others else "")
