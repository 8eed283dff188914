"""Name a configuration by its content, so that plans and stored values can say which one they were made under."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from canonical.errors import ConfigError, Problem

_NO_VALUES = ("retention", "schedules", "alerts", "metrics", "telemetry", "privacy", "token_key")
"""Blocks that decide nothing about values: changing one makes no plan old, and nothing is read anew for it."""


def config_version(data: object, files: Iterable[Path]) -> str:
    """16 hex digits of crossdock.yaml's meaning (not its layout) and of the mapping files' bytes by name.

    ConfigError when one of the files cannot be read.
    """
    if isinstance(data, dict):
        data = {name: block for name, block in data.items() if name not in _NO_VALUES}
    digest = hashlib.sha256(json.dumps(data, sort_keys=True, ensure_ascii=False).encode())
    named = sorted(("/".join(file.parts[-2:]), hashlib.sha256(_bytes(file)).hexdigest()) for file in files)
    digest.update(json.dumps(named).encode())
    return digest.hexdigest()[:16]


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError([Problem(f"the file cannot be read: {error.strerror}", str(file))]) from error
