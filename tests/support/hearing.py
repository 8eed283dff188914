"""A WooCommerce shop whose orders ShipBob sends, both over real HTTP, and a hub that is told by webhook."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
from sqlalchemy import func, select

from connectors.shipbob.simulator.loading import CENTERS, load
from connectors.shipbob.simulator.simulator import TOKEN, ShipBobSimulator
from connectors.shipbob.simulator.switches import Switches
from connectors.simulation import CatalogItem, serve
from connectors.woocommerce.simulator import WooSimulator
from crossdock.clock import SystemClock
from sync import observeset
from sync.orders.store import ORDER
from sync.store.database import open_database
from sync.store.inbox import Inbox
from sync.store.tables import Run, table
from tests.support.commands import ROOT, crossdock
from tests.support.receiving import SECRET

CONFIG = """\
database: sqlite:///hub.sqlite
connections:
  bob:
    connector: shipbob
    allow_private_network: true
    settings: {{token: "${{env:BOB}}", api_base: "{bob}"}}
  shop:
    connector: woocommerce
    allow_private_network: true
    settings: {{url: "{shop}", consumer_key: "${{env:WOO_KEY}}", consumer_secret: "${{env:WOO}}"}}
    currency: EUR
    webhook_secrets: ["${{env:HOOK}}"]
locations:
  WH1: {{bob: "{center}"}}
ownership: {{variant.sku: bob, "inventory.stock[*]": bob}}
pools:
  main: {{locations: [WH1]}}
flows:
  stock: {{kind: inventory, source: bob, targets: {{shop: {{pool: main}}}}}}
orders:
  shop: {{go_live: "{live}"}}
routing:
  - {{to: bob, locations: [WH1]}}
webhooks: {{port: 0}}
"""
SECRETS = {"BOB": TOKEN, "WOO_KEY": "ck_simulated", "WOO": "cs_simulated", "HOOK": SECRET}
ROWS, RUNS = table(Inbox), table(Run)
_SECONDS = 30


@dataclass
class Hearing:
    """The folder with the configuration, and the two platforms."""

    folder: Path
    woo: WooSimulator
    bob: ShipBobSimulator
    processes: list[Serving] = field(default_factory=list)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return crossdock("--config", "crossdock.yaml", *arguments, cwd=self.folder, env=SECRETS)

    def messages(self) -> list[tuple[bytes, Mapping[str, str]]]:
        """What the shop would post now, greetings left out."""
        with self.woo.turn():
            self.woo.webhooks.run_queue()
            sent, self.woo.webhooks.outbox = self.woo.webhooks.outbox, []
        return [(one.body, one.headers) for one in sent if not one.body.startswith(b"webhook_id=")]

    def asked(self) -> list[str]:
        """The references of all orders that ShipBob has."""
        return sorted(order["reference"] for order in self.bob.snapshot()["orders"].values())

    def stored(self) -> dict[str, int]:
        """The bodies in the inbox, and how often each came."""
        database = open_database(f"sqlite:///{self.folder / 'hub.sqlite'}")
        with database.begin() as connection:
            rows = connection.execute(select(ROWS.c.body, ROWS.c.copies)).all()
        database.close()
        return {bytes(row[0]).decode(): row[1] for row in rows}

    def marked(self) -> int:
        """How many records are marked to be read."""
        database = open_database(f"sqlite:///{self.folder / 'hub.sqlite'}")
        with database.begin() as connection:
            count = observeset.count(connection)
        database.close()
        return count

    def runs(self, command: str) -> list[str]:
        """How the runs of a command ended, the one under way included."""
        database = open_database(f"sqlite:///{self.folder / 'hub.sqlite'}")
        with database.begin() as connection:
            found = list(connection.execute(select(RUNS.c.outcome).where(RUNS.c.command == command)).scalars())
        database.close()
        return found

    def orders(self) -> int:
        """How many orders the hub knows."""
        database = open_database(f"sqlite:///{self.folder / 'hub.sqlite'}")
        with database.begin() as connection:
            count = connection.execute(select(func.count()).select_from(ORDER)).scalar_one()
        database.close()
        return int(count)

    def serve(self, *options: str) -> Serving:
        """Start the hub as a process of its own."""
        self.processes.append(start_serving(self.folder / "crossdock.yaml", *options, env=SECRETS))
        return self.processes[-1]


@dataclass
class Serving:
    """A hub that runs."""

    process: subprocess.Popen[str]

    def __post_init__(self) -> None:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert "listening" in line, (line, self.process.stderr and self.process.stderr.read())
        self.url = json.loads(line)["listening"] if line.startswith("{") else line.split()[2]
        self.begun = line

    def post(self, client: httpx.Client, body: bytes, headers: Mapping[str, str], door: str = "shop") -> int:
        """Post a message; the status of the answer, 0 where none came."""
        try:
            return client.post(f"{self.url}/webhooks/{door}", content=body, headers=dict(headers)).status_code
        except httpx.HTTPError:
            return 0

    def rest(self) -> str:
        """Ask it to stop; what it still said on stdout."""
        assert self.process.stdout is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.stdout.read()

    def end(self, how: signal.Signals) -> int:
        """Send a signal and wait for the end; the exit code."""
        self.process.send_signal(how)
        self.process.communicate(timeout=_SECONDS)
        return self.process.returncode


def start_serving(config: Path, *options: str, env: Mapping[str, str] | None = None) -> Serving:
    """Start a hub as a process of its own, in the folder of its configuration."""
    process = subprocess.Popen(
        [sys.executable, "-m", "crossdock", "--config", str(config), "serve", *options],
        cwd=config.parent,
        env={**os.environ, **(env or {}), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return Serving(process)


@contextmanager
def hearing(folder: Path, items: int = 5) -> Iterator[Hearing]:
    """The platforms, a catalog in both, and a hub that has adopted them."""
    clock = SystemClock()
    woo = WooSimulator(clock=clock)
    bob = ShipBobSimulator(clock=clock, switches=Switches(stock_lag_seconds=0, allocation_seconds=0))
    catalog = [CatalogItem(f"SKU-{at}", f"Thing {at}", Decimal("9.90"), {"WH1": 50}) for at in range(items)]
    woo.load(catalog)
    load(bob, catalog)
    with ExitStack() as stack:
        urls = {one.name: stack.enter_context(serve(one)).base_url for one in (woo, bob)}
        live = (datetime.now(UTC) - timedelta(minutes=1)).isoformat(timespec="seconds")
        text = CONFIG.format(bob=urls["shipbob"], shop=urls["woocommerce"], center=CENTERS["WH1"], live=live)
        (folder / "crossdock.yaml").write_text(text)
        with woo.turn():
            for topic in ("order.created", "order.updated"):
                woo.webhooks.subscribe(topic, "https://hub.example/webhooks/shop", SECRET)
        found = Hearing(folder, woo, bob)
        try:
            done = found.run("adopt", "--yes")
            assert done.returncode in (0, 2), done.stdout + done.stderr
            yield found
        finally:
            for one in found.processes:
                with suppress(ProcessLookupError):
                    one.process.kill()
                one.process.communicate(timeout=_SECONDS)
