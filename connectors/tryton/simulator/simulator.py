"""The server: paths, sessions, methods, and the transaction clock."""

from __future__ import annotations

import base64
import binascii
import gzip
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from canonical.clock import Clock
from connectors.simulation import CatalogItem, SimRequest, SimResponse, Simulator, html_response, json_response
from connectors.tryton.simulator.admin import Admin
from connectors.tryton.simulator.calls import body_of, method_of, writes
from connectors.tryton.simulator.clerk import Clerk
from connectors.tryton.simulator.desk import Desk
from connectors.tryton.simulator.documents import USER, Documents
from connectors.tryton.simulator.models import Context, Model, models
from connectors.tryton.simulator.queries import Queries
from connectors.tryton.simulator.state import State
from connectors.tryton.simulator.trade import Trade
from connectors.tryton.simulator.trademodels import trade_models
from connectors.tryton.simulator.wire import ServerError, StatusError, decoded

_IDLE = timedelta(seconds=300)
_WRONG_LOGINS = 5
_LABELED_FROM = 1400
_TICK = timedelta(microseconds=10)


class TrytonSimulator(Simulator):
    """One Tryton server with one database, one company and one user."""

    name = "tryton"
    series: ClassVar[str] = "8.2"

    def __init__(
        self,
        *,
        clock: Clock,
        database: str = "tryton",
        username: str = "admin",
        password: str = "admin-pw-1",  # noqa: S107 - the made-up password of a made-up server
        warehouses: Mapping[str, str] | None = None,
        sells: bool = True,
    ) -> None:
        """``sells`` is whether the modules sale and web_shop are active."""
        super().__init__(clock=clock)
        self.database, self.username, self.password = database, username, password
        self.state = State()
        trade = Trade()
        self.desk = Desk(self.state, trade, self.stamp, self.today)
        self.clerk = Clerk(self)
        sold = trade_models(self.state, trade) if sells else {}
        self._queries = Queries({**models(self.state, self.today, trade.unsold), **sold})
        self._documents = Documents(self.state, trade, self.stamp, self.today)
        self._sessions: dict[str, datetime] = {}
        self._logins = 0
        self._wrong_logins = 0
        self._last_stamp = datetime.min.replace(tzinfo=UTC)
        self.admin = Admin(self, warehouses or {"WH1": "Main", "WH2": "Second"})
        self._writers: dict[str, Callable[[list[Any], Context], tuple[Any, list[str]]]] = {
            **(self.desk.writers() if sells else {}),
            "product.template.write": lambda p, c: (None, self._documents.write_templates(p, c)),
            "stock.inventory.create": lambda p, c: self._documents.create_inventories(p[0]),
            "stock.inventory.write": lambda p, c: (None, self._documents.write_inventories(p[0], p[1], c)),
            "stock.inventory.confirm": lambda p, c: (None, self._documents.confirm(p[0], c)),
            "stock.inventory.delete": lambda p, c: (None, self._documents.delete_inventories(p[0])),
            "ir.note.create": lambda p, c: self._documents.create_notes(p[0]),
        }
        self._wizards = self.desk.wizards() if sells else {}

    def today(self) -> date:
        """The company's date."""
        return self.clock.now().date()

    def stamp(self) -> datetime:
        """The stamp of a new transaction: no two have the same."""
        self._last_stamp = max(self.clock.now(), self._last_stamp + _TICK)
        return self._last_stamp

    def load(self, items: Iterable[CatalogItem], *, kind: str = "goods", digits: int = 0) -> None:
        """Put items into the catalog; ``digits`` is how many decimals their unit allows."""
        with self.turn():
            self.admin.load(items, kind, digits)

    def location_id(self, code: str) -> str:
        """The id of a warehouse."""
        return str(self.admin.warehouse(code).id)

    def product_id(self, sku: str) -> str:
        """The id of a variant."""
        return str(self.state.by_code[sku])

    def template_id(self, sku: str) -> str:
        """The id of a variant's template."""
        return str(self.state.variants[self.state.by_code[sku]].template)

    def quantity(self, sku: str, warehouse: str) -> Decimal:
        """What lies in a warehouse, all its zones together."""
        with self.turn():
            return self.admin.quantity(sku, warehouse)

    def price(self, sku: str) -> Decimal:
        """The list price of a variant's template."""
        with self.turn():
            return self.state.template_of(self.state.by_code[sku]).list_price or Decimal(0)

    def snapshot(self) -> dict[str, Any]:
        """The whole company as nested plain values."""
        with self.turn():
            return self.admin.snapshot()

    @property
    def logins(self) -> int:
        """How many logins were granted."""
        return self._logins

    def expire_sessions(self) -> None:
        """Forget every session."""
        with self.turn():
            self._sessions.clear()

    def is_write(self, request: SimRequest) -> bool:
        """Everything that is not a login or a reading method."""
        return writes(request)

    def operation_of(self, request: SimRequest) -> str:
        """The method called."""
        return method_of(request) or super().operation_of(request)

    def answer(self, request: SimRequest) -> SimResponse:
        """Answer one call: results and most errors come with HTTP 200."""
        try:
            return self._compressed(self._call(request), request)
        except ServerError as error:
            return self._compressed({"id": _id_of(request), "error": error.body}, request)
        except StatusError as error:
            return html_response(f"<!doctype html><title>{error.status}</title><p>{error.text}</p>", error.status)

    def _call(self, request: SimRequest) -> dict[str, Any]:
        path = request.path
        if path not in ("/rpc/", f"/{self.database}/rpc/"):
            raise _wrong_path(path, self.database)
        if request.method != "POST":
            raise StatusError(405, "Method Not Allowed")
        body = body_of(request)
        method, params = str(body["method"]), list(body.get("params") or [])
        if path == "/rpc/":
            return {"id": body.get("id"), "result": self._server_method(method)}
        if method == "common.db.login":
            return {"id": body.get("id"), "result": self._login(params)}
        self._authenticate(request)
        return {"id": body.get("id"), "result": self._model_method(method, params)}

    def _server_method(self, method: str) -> Any:
        if method == "common.server.version":
            return self.series
        if method == "common.db.list":
            return [self.database]
        raise ServerError(f"'{method}'", "")

    def _login(self, params: list[Any]) -> list[Any]:
        if self._wrong_logins >= _WRONG_LOGINS:
            raise StatusError(429, "Too Many Requests")
        secret = params[1].get("password") if len(params) > 1 and isinstance(params[1], dict) else None
        if params[0] != self.username or secret != self.password:
            self._wrong_logins += 1
            raise StatusError(401, "Unauthorized")
        self._logins += 1
        self._wrong_logins = 0
        token = f"{self._logins:064x}"
        self._sessions[token] = self.clock.now()
        return [USER, token, None]

    def _authenticate(self, request: SimRequest) -> None:
        kind, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            name, user, token = base64.b64decode(encoded, validate=True).decode().split(":", 2)
        except (binascii.Error, ValueError):
            raise StatusError(401, "Unauthorized") from None
        now = self.clock.now()
        used = self._sessions.get(token)
        if kind != "Session" or name != self.username or user != str(USER) or used is None or now - used > _IDLE:
            self._sessions.pop(token, None)
            raise StatusError(401, "Unauthorized")
        self._sessions[token] = now

    def _model_method(self, method: str, params: list[Any]) -> Any:
        kind, _, rest = method.partition(".")
        name, _, verb = rest.rpartition(".")
        writers = {"model": self._writers, "wizard": self._wizards}.get(kind)
        if writers is None:
            raise StatusError(403, "Forbidden")
        if not params or not isinstance(params[-1], dict):
            raise StatusError(422, "Missing context argument")
        context = decoded(params.pop())
        values = [decoded(one) for one in params]
        if rest == "res.user.get_preferences":
            return {"company": 1, "companies": [1], "language": "en"}
        if (writer := writers.get(rest)) is not None:
            result, effects = writer(values, context)
            self.log.write(method, rows=len(effects), effect=effects)
            return result
        if kind != "model":
            raise StatusError(403, "Forbidden")
        return self._reading(method, self._queries.model(name), verb, values, context)

    def _reading(self, method: str, model: Model, verb: str, values: list[Any], context: Context) -> Any:
        queries = self._queries
        if verb == "read":
            self._must_exist(model, values[0])
            found = [model.records[one] for one in values[0]]
            self.log.read(method, rows=len(found))
            return queries.rows(model, found, values[1], context)
        if verb == "search_count":
            return len(queries.search(model, values[0], context))
        if verb not in ("search", "search_read"):
            raise StatusError(403, "Forbidden")
        domain, offset, limit, order, *names = [*values, None, None, None][: 5 if verb == "search_read" else 4]
        found = queries.page(model, domain, (offset or 0, limit), order, context)
        self.log.read(method, rows=len(found))
        return queries.rows(model, found, names[0] or [], context) if names else [one.id for one in found]

    @staticmethod
    def _must_exist(model: Model, ids: Sequence[int]) -> None:
        if missing := [str(one) for one in ids if one not in model.records or one in model.hidden]:
            text = f'You are trying to read records "{", ".join(missing)}" of "{model.name}" that don\'t exist.'
            raise ServerError("UserError", [text, "", None])

    @staticmethod
    def _compressed(value: dict[str, Any], request: SimRequest) -> SimResponse:
        """Longer answers are labeled as compressed, also when the client cannot read that and they are not."""
        answer = json_response(value, headers={"content-type": "application/json"})
        if len(answer.body) <= _LABELED_FROM:
            return answer
        readable = "gzip" in request.headers.get("accept-encoding", "")
        body = gzip.compress(answer.body, compresslevel=1, mtime=0) if readable else answer.body
        return SimResponse(answer.status, {**answer.headers, "content-encoding": "gzip"}, body)


def _wrong_path(path: str, database: str) -> StatusError:
    if path in ("/", f"/{database}/"):
        return StatusError(405, "Method Not Allowed")
    return StatusError(404, "Not Found")


def _id_of(request: SimRequest) -> Any:
    return body_of(request).get("id")
