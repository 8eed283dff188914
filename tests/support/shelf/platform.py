"""The shelf: things with an amount and a note, tokens that end, documents that are confirmed."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.simulation import CatalogItem, SimRequest, SimResponse, Simulator, Ticker, json_response

PAGE = 4
MOST_ROWS = 3


@dataclass
class Thing:
    id: str
    amount: int
    note: str
    changed: int = 0


@dataclass
class Document:
    reference: str
    rows: list[dict[str, Any]]
    confirmed: bool = False


@dataclass
class Parcel:
    id: str
    thing: str
    units: int
    reference: str
    key: str = ""
    changed: int = 0


@dataclass
class State:
    things: dict[str, Thing] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    parcels: dict[str, Parcel] = field(default_factory=dict)
    answered: dict[str, Any] = field(default_factory=dict)
    tick: int = 0


class ShelfSimulator(Simulator):
    """Reads by page, ids or change; writes amounts at once, by key, or as a document in two steps."""

    name = "shelf"

    def __init__(self, clock: Ticker, items: Sequence[CatalogItem]) -> None:
        super().__init__(clock=clock)
        self.state = State()
        self.generation = 1
        for number, item in enumerate(items):
            thing = Thing(f"t{number}", sum(item.stock.values()), item.title)
            self.state.things[thing.id] = thing

    def is_write(self, request: SimRequest) -> bool:
        return request.method == "POST" and request.path != "/token"

    def snapshot(self) -> dict[str, object]:
        with self.turn():
            state = copy.deepcopy(self.state)
        return {
            "things": {one.id: vars(one) for one in state.things.values()},
            "documents": {name: vars(one) for name, one in state.documents.items()},
            "parcels": {one.id: vars(one) for one in state.parcels.values()},
        }

    def touch(self, resource: str, index: int) -> None:
        with self.turn():
            if resource == "things":
                self._set(f"t{index}", 99)
            else:
                self.state.tick += 1
                self.state.parcels[f"p{index}"].changed = self.state.tick

    def hand_over(self, parcels: int) -> None:
        """Somebody at the counter sends so many parcels, of nothing."""
        with self.turn():
            for _ in range(parcels):
                self._parcel("", 0, f"counter-{len(self.state.parcels)}")

    def answer(self, request: SimRequest) -> SimResponse:
        if request.path == "/token":
            self.log.read("token")
            return json_response({"token": f"token-{self.generation}"})
        if request.headers.get("authorization") != f"Bearer token-{self.generation}":
            return json_response({"message": "token ended"}, 401)
        return self._write(request) if self.is_write(request) else self._read(request)

    def _read(self, request: SimRequest) -> SimResponse:
        if request.path.startswith("/documents/"):
            self.log.read("document")
            found = self.state.documents.get(request.path.rpartition("/")[2])
            return json_response(vars(found) if found else {"message": "not found"}, 200 if found else 404)
        if request.param("about"):
            self.log.read("parcels")
            held = self.state.parcels.values()
            return json_response([vars(one) for one in held if request.param("about", "") in one.reference])
        kind = request.path.removeprefix("/")
        things: list[Thing | Parcel] = list(
            self.state.parcels.values() if kind == "parcels" else self.state.things.values()
        )
        if ids := request.param("ids"):
            things = [one for one in things if one.id in ids.split(",")]
        if since := request.param("since"):
            things = [one for one in things if one.changed > int(since)]
        page = int(request.param("page", "1"))
        part = things[(page - 1) * PAGE : page * PAGE]
        self.log.read(kind, rows=len(part))
        return json_response({"items": [vars(one) for one in part], "total": len(things), "tick": self.state.tick})

    def _write(self, request: SimRequest) -> SimResponse:
        body = request.json()
        kind, _, rest = request.path.removeprefix("/").partition("/")
        if kind == "documents":
            return self._document(rest, body)
        if kind == "parcels":
            return self._take(body)
        if len(body["rows"]) > MOST_ROWS:
            return json_response({"message": "too many rows"}, 413)
        key = body.get("key", "")
        if key and key in self.state.answered:
            self.log.write(kind, rows=len(body["rows"]))
            return json_response(self.state.answered[key])
        results = [self._row(kind, row) for row in body["rows"]]
        if key:
            self.state.answered[key] = results
        return json_response(results)

    def _row(self, kind: str, row: dict[str, Any]) -> dict[str, str]:
        thing = self.state.things.get(row["id"])
        if thing is None or row["to"] < 0:
            self.log.write(kind, rows=1)
            return {"id": row["id"], "status": "bad"}
        if "from" in row and row["from"] != thing.amount:
            self.log.write(kind, rows=1)
            return {"id": row["id"], "status": "stale"}
        self.log.write(kind, rows=1, effect=[self._set(row["id"], row["to"])])
        return {"id": row["id"], "status": "ok"}

    def _document(self, confirmed: str, body: dict[str, Any]) -> SimResponse:
        if not confirmed:
            self.state.documents[body["reference"]] = Document(body["reference"], body["rows"])
            self.log.write("documents", rows=len(body["rows"]), effect=[f"draft {body['reference']}"])
            return json_response({"reference": body["reference"]})
        document = self.state.documents[confirmed]
        effects = [f"confirm {confirmed}"] + [self._set(row["id"], row["to"]) for row in document.rows]
        document.confirmed = True
        self.log.write("documents", effect=effects)
        return json_response({"reference": confirmed})

    def _take(self, body: dict[str, Any]) -> SimResponse:
        held = [one for one in self.state.parcels.values() if body.get("key") and one.key == body["key"]]
        if held or body.get("thing") not in self.state.things:
            self.log.write("parcels")
            return json_response(vars(held[0])) if held else json_response({"refused": "no such thing"})
        parcel = self._parcel(body["thing"], body["units"], body["reference"], body["key"])
        self.log.write("parcels", rows=1, effect=[f"{parcel.id} {parcel.reference}"])
        return json_response(vars(parcel))

    def _parcel(self, thing: str, units: int, reference: str, key: str = "") -> Parcel:
        self.state.tick += 1
        parcel = Parcel(f"p{len(self.state.parcels)}", thing, units, reference, key, self.state.tick)
        self.state.parcels[parcel.id] = parcel
        return parcel

    def _set(self, thing: str, amount: int) -> str:
        self.state.tick += 1
        self.state.things[thing].amount = amount
        self.state.things[thing].changed = self.state.tick
        return f"{thing}={amount}"
