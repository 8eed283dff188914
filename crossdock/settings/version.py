"""Name a configuration by its content, so that plans and stored values can say which one they were made under."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path


def config_version(data: object, files: Iterable[Path]) -> str:
    """16 hex digits of crossdock.yaml's meaning (not its layout) and of the mapping files' bytes by name.

    Schedules are left out: when something runs changes nothing of what is true, so nothing is read anew for it.
    """
    meaning = {key: part for key, part in data.items() if key != "schedules"} if isinstance(data, dict) else data
    digest = hashlib.sha256(json.dumps(meaning, sort_keys=True, ensure_ascii=False).encode())
    named = sorted(("/".join(file.parts[-2:]), hashlib.sha256(file.read_bytes()).hexdigest()) for file in files)
    digest.update(json.dumps(named).encode())
    return digest.hexdigest()[:16]
