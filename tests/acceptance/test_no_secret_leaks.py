"""Platforms that repeat our secrets to our face: none is found in anything the hub says or keeps."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from html import escape
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from connectors.simulation import SimRequest, SimResponse, Simulator, html_response, json_response, serve
from crossdock.cli.app import App
from crossdock.cli.main import run
from crossdock.clock import SystemClock

# Each has a character that URLs, JSON and HTML write in another way.
SECRETS = {
    name: f'rk_{name.lower().replace("_", "-")}/Zq7&x9+"Kd{number}='
    for number, name in enumerate(
        ("ERP_PASSWORD", "EU_TOKEN", "EU2_SECRET", "WOO_KEY", "WOO_SECRET", "BOB", "HERO", "HERO_PW", "PAY", "HOOK")
    )
}
ISSUED = "issued-token/Zq7&x9+Kd"
_CONFIG = """\
database: sqlite:///hub.sqlite
connections:
  erp:
    connector: tryton
    allow_private_network: true
    settings: {{url: "{url}/erp", database: d, username: u, password: "${{env:ERP_PASSWORD}}", web_shop: 1}}
  eu:
    connector: shopify
    allow_private_network: true
    settings: {{url: "{url}/eu", access_token: "${{env:EU_TOKEN}}"}}
    currency: EUR
  eu2:
    connector: shopify
    allow_private_network: true
    settings: {{url: "{url}/eu2", client_id: crossdock, client_secret: "${{env:EU2_SECRET}}"}}
    currency: EUR
  woo:
    connector: woocommerce
    allow_private_network: true
    settings:
      url: "{url}/woo"
      consumer_key: "${{env:WOO_KEY}}"
      consumer_secret: "${{env:WOO_SECRET}}"
      query_string_auth: true
      headers: "X-Forwarded-Proto: https"
    currency: EUR
    webhook_secrets: ["${{env:HOOK}}"]
  bob:
    connector: shipbob
    allow_private_network: true
    settings: {{token: "${{env:BOB}}", api_base: "{url}/bob"}}
  hero:
    connector: shiphero
    allow_private_network: true
    settings: {{refresh_token: "${{env:HERO}}", username: u, password: "${{env:HERO_PW}}", url: "{url}/hero"}}
  pay:
    connector: stripe
    allow_private_network: true
    settings: {{api_key: "${{env:PAY}}", api_base: "{url}/pay"}}
locations:
  WH1: {{erp: "1", eu: "gid://shopify/Location/1", eu2: "gid://shopify/Location/1", bob: "1", hero: "1"}}
ownership: {{variant.sku: erp, "inventory.stock[*]": erp, "variant.price[EUR]": erp}}
pools:
  main: {{locations: [WH1]}}
flows:
  stock: {{kind: inventory, source: erp, targets: {{eu: {{pool: main}}, eu2: {{pool: main}}, woo: {{pool: main}}}}}}
orders:
  woo: {{go_live: "2026-01-01T00:00:00Z", books: [erp]}}
  eu: {{go_live: "2026-01-01T00:00:00Z", books: [erp]}}
routing:
  - {{to: bob, locations: [WH1]}}
  - {{to: hero, locations: [WH1]}}
payments:
  pay: {{channels: [woo]}}
"""


class Parrot(Simulator):
    """Grants tokens where it is asked for them, and repeats everything else in the manner it was given."""

    name = "parrot"

    def __init__(self, manner: Callable[[str], SimResponse]) -> None:
        super().__init__(clock=SystemClock())
        self._manner = manner
        self.heard: list[str] = []

    def is_write(self, request: SimRequest) -> bool:
        return False

    def answer(self, request: SimRequest) -> SimResponse:
        said = _everything(request)
        self.heard.append(said)
        if request.path.endswith("/admin/oauth/access_token"):
            return json_response({"access_token": ISSUED, "expires_in": 86_399})
        return self._manner(said)


def _everything(request: SimRequest) -> str:
    """The request as a careless server shows it: its credentials decoded, and everything again as it came."""
    given = request.headers.get("authorization", "")
    basic = base64.b64decode(given.removeprefix("Basic ")).decode() if given.startswith("Basic ") else ""
    query = urlencode(request.query)
    parts = [given, basic, *(value for _, value in request.query), request.path, query, str(dict(request.headers))]
    return " | ".join([request.headers.get("x-shopify-access-token", ""), *parts, request.body.decode(), " tail"])


def _slashed(said: str) -> bytes:
    """JSON as PHP writes it."""
    return json.dumps({"code": "bad", "message": said, "errors": said}).replace("/", "\\/").encode()


COMMANDS = (
    "doctor -v",
    "plan -v",
    "sync -v --format json",
    "runs",
    "status --format json",
)
_JSON = {"content-type": "application/json"}
MANNERS: dict[str, Callable[[str], SimResponse]] = {
    "unauthorized": lambda said: json_response({"code": "no", "message": said, "errors": said, "detail": said}, 401),
    "as PHP": lambda said: SimResponse(403, _JSON, _slashed(said)),
    "bad request": lambda said: SimResponse(400, {"content-type": "text/plain"}, said.encode()),
    "page": lambda said: html_response(f"<html><h1>Whoops</h1><pre>{escape(said)}</pre></html>", 500),
    "page with 200": lambda said: html_response(f"<html><body>{said}</body></html>"),
    "redirect": lambda said: SimResponse(
        302, {"location": f"https://other.invalid/{quote(said[:900])}?token={said[:60]!r}"}
    ),
    "cut": lambda said: SimResponse(200, _JSON, _slashed(said)[:-2]),
    "an error of GraphQL or RPC": lambda said: json_response(
        {"error": ["UserError", [said, said]], "errors": [{"message": said, "extensions": {"code": "ODD"}}]}
    ),
    "padded": lambda said: html_response("<i> </i>" * 155 + said, 500),
    "a header": lambda said: SimResponse(429, {"retry-after": "0", **_JSON}, _slashed(said)),
}


@pytest.fixture(params=list(MANNERS))
def parrot(request: pytest.FixtureRequest) -> Parrot:
    return Parrot(MANNERS[request.param])


def _forms(secret: str) -> set[str]:
    found = {secret, quote(secret, safe=""), quote(secret), urlencode({"": secret})[1:], escape(secret)}
    found |= {json.dumps(secret)[1:-1], json.dumps(secret)[1:-1].replace("/", "\\/")}
    return found | {part for form in found for part in (form[:14],)}


def _kept(folder: Path) -> dict[str, str]:
    return {path.name: path.read_bytes().decode("utf-8", "replace") for path in folder.iterdir() if path.is_file()}


@pytest.fixture
def said(
    parrot: Parrot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> dict[str, str]:
    """All that an operator sees of each command, with the log in full."""
    monkeypatch.setattr(SystemClock, "sleep", lambda _self, _seconds: None)
    for name, secret in SECRETS.items():
        monkeypatch.setenv(name, secret)
    found: dict[str, str] = {}
    with serve(parrot) as where:
        config = tmp_path / "crossdock.yaml"
        config.write_text(_CONFIG.format(url=where.base_url))
        for command in COMMANDS:
            run([*command.split(), "--config", str(config)], App())
            found[command] = "".join(capfd.readouterr())
    return found


def test_no_secret_is_in_what_is_said_or_kept(parrot: Parrot, said: dict[str, str], tmp_path: Path) -> None:
    basic = base64.b64encode(f"{SECRETS['WOO_KEY']}:{SECRETS['WOO_SECRET']}".encode()).decode()
    heard = "\n".join(parrot.heard)
    unheard = [name for name, secret in SECRETS.items() if not any(form in heard for form in _forms(secret))]
    assert set(unheard) <= {"HOOK", "HERO_PW"}
    leaks = [
        (place, name, text[max(0, text.index(form) - 80) : text.index(form) + 60])
        for place, text in {**said, **_kept(tmp_path)}.items()
        for name, secret in {**SECRETS, "issued": ISSUED, "basic": basic}.items()
        for form in _forms(secret)
        if form in text
    ]
    assert leaks == []
    assert "Traceback" not in "".join(said.values())
