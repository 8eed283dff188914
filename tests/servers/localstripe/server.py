"""A stand-in for Stripe that others wrote, started for the tests; and what buyers do on it."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[3]
BIN = ROOT / ".venv-localstripe" / "bin"
START = Path(__file__).with_name("start.py")
KEY = "sk_test_12345"
_START_SECONDS = 60
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR")
_CARD = {
    "type": "card",
    "card[number]": "4242424242424242",
    "card[exp_month]": "12",
    "card[exp_year]": "2035",
    "card[cvc]": "123",
}


@dataclass(frozen=True, slots=True)
class LocalStripe:
    """Where the running server is reached."""

    url: str

    def post(self, path: str, form: Mapping[str, str]) -> dict[str, Any]:
        """Do something as the shop's own code would."""
        answer = httpx.post(f"{self.url}{path}", data=dict(form), auth=(KEY, ""), timeout=10, trust_env=False)
        assert answer.status_code == httpx.codes.OK, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def pay(self, amount: int, currency: str = "eur", order: str = "") -> dict[str, Any]:
        """A buyer pays; gives the payment intent."""
        method = self.post("/v1/payment_methods", _CARD)
        form = {"amount": str(amount), "currency": currency, "payment_method": method["id"], "confirm": "true"}
        return self.post("/v1/payment_intents", {**form, **({"metadata[order_id]": order} if order else {})})

    def forget(self) -> None:
        """Start anew."""
        httpx.delete(f"{self.url}/_config/data", timeout=10, trust_env=False).raise_for_status()


def is_installed() -> bool:
    """Whether the server's own environment is there."""
    return (BIN / "python").exists()


@contextmanager
def running(folder: Path) -> Iterator[LocalStripe]:
    """An empty server on a free port of this machine, while the context lasts."""
    port = _free_port()
    kept = {name: value for name, value in os.environ.items() if name in _KEPT}  # noqa: TID251 - for a child
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen([BIN / "python", START, str(port)], stdout=log, stderr=log, env=kept)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, process, folder / "server.log")
            yield LocalStripe(url)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/v1/balance", auth=(KEY, ""), timeout=5, trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)  # noqa: TID251 - a real process starts in real time
    raise RuntimeError(f"the server did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-4000:]}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
