"""Asking a working thread to stop where nothing is open, and ending though it does not come to that."""

from __future__ import annotations

import logging
import os
import sys
from typing import NoReturn


class StoppedError(KeyboardInterrupt):
    """The process was asked to stop."""


def leave() -> NoReturn:
    """End well though a platform does not answer, for which Python would wait; the journal knows what was asked."""
    sys.stdout.flush()
    logging.shutdown()
    os._exit(0)
