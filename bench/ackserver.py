"""The two servers whose answers are compared: one that only checks the signature, one that stores before it answers."""

from __future__ import annotations

import argparse
import base64
import hmac
import sys
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from connectors.registry import webhooks_of
from crossdock.clock import SystemClock
from crossdock.daemon.server import Server, listen
from crossdock.webhooks.limits import Limits
from crossdock.webhooks.receiver import Door, Receiver
from sync.store.database import open_database

SECRET = "what the platform signs with"


def bare() -> Starlette:
    """Reads the body, checks the HMAC, answers."""
    key = SECRET.encode()

    async def take(request: Request) -> Response:
        body = await request.body()
        given = base64.b64decode(request.headers["x-wc-webhook-signature"])
        if not hmac.compare_digest(hmac.digest(key, body, "sha256"), given):
            return Response(status_code=401)
        return PlainTextResponse("ok")

    return Starlette(routes=[Route("/webhooks/{connection}", take, methods=["POST"])])


def durable(folder: Path) -> Starlette:
    """The receiver as it is, on SQLite."""
    reader = webhooks_of("woocommerce")
    assert reader is not None
    database = open_database(f"sqlite:///{folder / 'hub.sqlite'}")
    return Receiver({"shop": Door("shop", reader, (SECRET,))}, database, SystemClock(), Limits(per_second=1e6)).app


def main() -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["bare", "durable"])
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    listener = listen("127.0.0.1", 0)
    server = Server(bare() if given.kind == "bare" else durable(given.folder), listener)
    print(listener.getsockname()[1], flush=True)
    server.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
