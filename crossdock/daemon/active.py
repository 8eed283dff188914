"""The configuration that the daemon works with now."""

from __future__ import annotations

from dataclasses import dataclass

from crossdock.settings.model import Settings
from sync.hub import Hub


@dataclass
class Active:
    """The settings and the hub made of them; ``secrets`` is every secret read so far, kept out of every message."""

    settings: Settings
    hub: Hub
    secrets: set[str]
