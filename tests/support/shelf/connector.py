"""The shelf's connector, right unless told to make one mistake."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

import httpx
import msgspec

from canonical.errors import CrossdockError, FatalError, ProtocolError, RetriableError
from connectors.base import (
    Call,
    CallOutcome,
    Effect,
    Environment,
    Finding,
    Page,
    PlatformLocation,
    RowOutcome,
    RowStatus,
    WriteRow,
)
from connectors.http import Outgoing, RetryPolicy, Transport, http_verdict
from connectors.manifest import CompareAndSet, Manifest, ResourceSpec, WriteClass, WriteSpec
from connectors.paging import DistinctCount
from tests.support.shelf.parcels import EFFECTS, Parcels, specs
from tests.support.shelf.webhooks import SPEC

ABOUT = "made up"
CLASSES = {"amounts": WriteClass.SET, "keyed": WriteClass.KEYED, "documents": WriteClass.SEARCHABLE}


def manifest() -> Manifest:
    return Manifest(
        name="shelf",
        title="Shelf",
        docs=ABOUT,
        settings={},
        resources={
            "things": ResourceSpec(ABOUT, ("variant",), timestamp="changed", covers=("amount",)),
            "parcels": ResourceSpec(ABOUT, documents=("order",), timestamp="changed"),
        },
        effects=specs(),
        webhooks=SPEC,
        writes={
            name: WriteSpec(
                ABOUT,
                "things",
                write_class,
                batch=3,
                compare_and_set=CompareAndSet.VALUE if name == "amounts" else CompareAndSet.NONE,
            )
            for name, write_class in CLASSES.items()
        },
    )


def _token_in(answer: httpx.Response) -> str:
    try:
        return str(msgspec.json.decode(answer.content, type=dict[str, str])["token"])
    except (msgspec.DecodeError, KeyError) as error:
        raise RetriableError(f"no token (status {answer.status_code})") from error


class TokenAuth(httpx.Auth):
    """Fetches a token, and a new one when it has ended."""

    requires_response_body = True

    def __init__(self, *, renews: bool) -> None:
        self._renews = renews
        self._token = ""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        for _ in range(2):
            if not self._token:
                answer = yield httpx.Request("POST", "http://shelf.test/token")
                self._token = _token_in(answer)
            request.headers["authorization"] = f"Bearer {self._token}"
            answer = yield request
            if answer.status_code != 401 or not self._renews:
                return
            self._token = ""


class Shelf:
    """One shelf; ``mistake`` names the one thing it does wrong."""

    def __init__(self, environment: Environment, mistake: str = "") -> None:
        self.manifest = manifest()
        self.mistake = mistake
        self._clock = environment.clock
        blind = mistake in ("writes in a dry run", "repeats writes", "sends in a dry run")
        self._transport = Transport(
            environment.connection,
            base_url="http://shelf.test",
            is_read=lambda outgoing: outgoing.method == "GET" or blind,
            verdict=http_verdict,
            clock=environment.clock,
            auth=TokenAuth(renews=mistake != "keeps its token"),
            retry=RetryPolicy(attempts=1 if mistake == "never asks again" else 4),
            read_only=environment.read_only,
            http_transport=environment.http_transport,
            on_request=environment.on_request,
        )
        self._parcels = Parcels(self._transport, mistake)

    def check(self) -> list[Finding]:
        return [Finding("token", ok=self.mistake != "sees trouble", message="a token was given")]

    def locations(self) -> list[PlatformLocation]:
        return []

    def pull(self, resource: str, fields: Sequence[str]) -> Iterator[Page]:
        yield from self._pages(resource, "", complete=True)

    def changed_since(self, resource: str, fields: Sequence[str], cursor: str) -> Iterator[Page]:
        filter_ = "" if self.mistake == "reads all as delta" else f"&since={cursor}"
        if self.mistake == "misses changes":
            filter_ = "&since=999999"
        yield from self._pages(resource, filter_, complete=self.mistake == "complete delta")

    def lookup(self, resource: str, fields: Sequence[str], ids: Sequence[str]) -> Iterator[Page]:
        if self.mistake == "looks up the first page":
            ids = ids[:4]
        joined = ",".join(ids)
        yield from self._pages(resource, "" if self.mistake == "looks up all" else f"&ids={joined}", complete=False)
        if self.mistake == "makes up records":
            yield Page(resource, [b'{"id":"absent"}'], self._clock.now())

    def pack(self, rows: Sequence[WriteRow], new_key: Callable[[], str]) -> list[Call]:
        if self.mistake == "sends while packing":
            self._get("things?page=1")
        if self.mistake == "loses a row":
            rows = rows[: max(1, len(rows) - 1)]
        size = 5 if self.mistake == "overfills" else 3
        return [self._call(rows[at : at + size], new_key) for at in range(0, len(rows), size)]

    def compose(self, effect: Effect, new_key: Callable[[], str]) -> Call:
        return self._parcels.compose(effect, new_key)

    def push(self, call: Call) -> CallOutcome:
        if call.operation in EFFECTS:
            return self._parcels.push(call)
        if self.mistake == "hides lost answers":
            try:
                return self._push(call)
            except CrossdockError:
                return {number: RowOutcome(RowStatus.APPLIED) for number in call.rows}
        return self._push(call)

    def resolve(self, call: Call) -> CallOutcome | None:
        if call.operation in EFFECTS:
            return self._parcels.resolve(call)
        if call.operation == "keyed":
            if self.mistake == "forgets the key":
                body = msgspec.json.decode(call.body)
                return self._judge(call, self._post("keyed", msgspec.json.encode({"rows": body["rows"]})))
            return self._push(call)
        return self._resolve_document(call)

    def close(self) -> None:
        self._transport.close()

    def _resolve_document(self, call: Call) -> CallOutcome:
        if self.mistake == "starts documents anew":
            return self._push(call)
        try:
            found = self._get(f"documents/{call.key}")
        except ProtocolError:
            return {number: RowOutcome(RowStatus.UNTOUCHED) for number in call.rows}
        if not found["confirmed"] and self.mistake != "leaves drafts":
            self._post(f"documents/{call.key}", b"{}")
        return {number: RowOutcome(RowStatus.APPLIED) for number in call.rows}

    def _push(self, call: Call) -> CallOutcome:
        if call.operation == "documents":
            self._post("documents", call.body)
            self._post(f"documents/{call.key}", b"{}")
            return {number: RowOutcome(RowStatus.APPLIED) for number in call.rows}
        return self._judge(call, self._post(call.operation, call.body))

    def _judge(self, call: Call, results: list[dict[str, str]]) -> CallOutcome:
        statuses = {"ok": RowStatus.APPLIED, "stale": RowStatus.STALE, "bad": RowStatus.REJECTED}
        if self.mistake == "swallows refusals":
            statuses["bad"] = RowStatus.APPLIED
        outcome = {
            number: RowOutcome(statuses[result["status"]], message=result["status"])
            for number, result in zip(call.rows, results, strict=True)
        }
        if self.mistake == "swallows a row":
            outcome.pop(max(outcome))
        return outcome

    def _call(self, rows: Sequence[WriteRow], new_key: Callable[[], str]) -> Call:
        operation = str(next(name for row in rows for name in row.values)).partition(":")[0]
        key = new_key() if operation != "amounts" else ""
        if self.mistake == "packs by chance":
            key = str(id(rows)) + new_key()
        packed = [self._row(operation, row) for row in rows]
        body: dict[str, Any] = {"rows": packed, "key": key, "reference": key}
        return Call(operation, msgspec.json.encode(body), tuple(row.number for row in rows), "things", key=key)

    def _row(self, operation: str, row: WriteRow) -> dict[str, Any]:
        wanted = row.values[f"{operation}:amount"]
        packed: dict[str, Any] = {"id": row.external_id, "to": wanted}
        if operation == "amounts" and self.mistake != "compares nothing":
            packed["from"] = row.expected["amounts:amount"]
        if self.mistake == "writes the wrong thing":
            packed["id"] = "t0"
            packed.pop("from", None)
        return packed

    def _pages(self, resource: str, filter_: str, *, complete: bool) -> Iterator[Page]:
        seen, number = DistinctCount(), 1
        while True:
            as_of = self._clock.now()
            try:
                said = self._get(f"{resource}?page={number}{filter_}")
            except RetriableError:
                if self.mistake != "ends quietly":
                    raise
                said = {"items": [], "total": seen.total, "tick": 0}
            items = said["items"][1:] if self.mistake == "skips one" and number > 1 else said["items"]
            for item in items:
                seen.add(item["id"])
            last = number * 4 >= said["total"] or not said["items"]
            done = complete and last and self.mistake != "never complete"
            if self.mistake == "always complete" and complete:
                done = True
            yield Page(resource, [self._raw(one) for one in items], self._stamp(as_of), str(said["tick"]), done)
            if last:
                return
            number += 0 if self.mistake == "reads one page for ever" and number > 3 else 1

    def _raw(self, item: dict[str, Any]) -> bytes:
        if self.mistake == "unstable bytes":
            item["read_at"] = id(item)
        return msgspec.json.encode(item)

    def _stamp(self, as_of: Any) -> Any:
        return self._clock.now().replace(year=2030) if self.mistake == "dates the future" else as_of

    def _get(self, path: str) -> Any:
        return self._transport.send(Outgoing("GET", path, operation="read")).json()

    def _post(self, path: str, body: bytes) -> Any:
        if self.mistake == "spills":
            self._transport.send(Outgoing("POST", "amounts", b'{"rows":[{"id":"t3","to":1}]}', operation="spill"))
        answer = self._transport.send(Outgoing("POST", path, body, operation=path))
        if answer.status >= 400:
            raise FatalError("refused")
        return answer.json()
