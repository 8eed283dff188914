"""Run by the server's own Python: the stand-in on one port of this machine, keeping nothing on disk."""

from __future__ import annotations

import sys
from importlib import import_module


def main(port: int) -> None:
    """Serve until the process is ended."""
    import_module("localstripe.resources").Store.dump_to_disk = lambda store: None
    app = import_module("localstripe.server").app
    import_module("aiohttp.web").run_app(app, host="127.0.0.1", port=port, print=None)


if __name__ == "__main__":
    main(int(sys.argv[1]))
