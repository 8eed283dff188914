"""The parts of ShipHero's answers that this connector itself reads; everything else passes through as it is."""

from __future__ import annotations

import re

import msgspec

_NOT_FOUND = 5
_ABSENT = re.compile(r"\bnot found\b|\bdoes ?n[o']t exist\b", re.IGNORECASE)
_UNAUTHORIZED = re.compile(
    r"\bunauthori[sz]ed\b|\bnot authenticated\b"
    r"|\btoken\b.{0,20}\b(?:expired|invalid)\b|\b(?:expired|invalid)\b.{0,20}\btoken\b",
    re.IGNORECASE,
)
_PASSING = re.compile(
    r"\binternal\b|\bunexpected\b|\btime(?:d )?out\b|\btry again\b|\bsomething went wrong\b", re.IGNORECASE
)
_CREDITS = re.compile(r"\bcredits?\b", re.IGNORECASE)
_IN_SECONDS = re.compile(r"\bin (\d+(?:\.\d+)?) seconds?\b", re.IGNORECASE)
_REQUIRED = re.compile(r"\brequires (\d+) credits?\b", re.IGNORECASE)
_LEFT = re.compile(r"\bonly (\d+) left\b", re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)")
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(h|m|s)?", re.IGNORECASE)
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "": 1.0}


def seconds_of(said: object) -> float | None:
    """Seconds from what is called the time remaining: a number, ``7 seconds``, ``0:01:30``; None when unclear."""
    if isinstance(said, (int, float)) and not isinstance(said, bool):
        return max(0.0, float(said))
    if not isinstance(said, str):
        return None
    if (clock := _CLOCK.fullmatch(said.strip())) is not None:
        return float(clock[1] or 0) * 3600 + float(clock[2]) * 60 + float(clock[3])
    parts = _PART.findall(said)
    return sum(float(number) * _UNITS[unit.lower()] for number, unit in parts) if parts else None


class Problem(msgspec.Struct, frozen=True):
    """One entry of ``errors``; whatever its parts are, reading it never fails."""

    message: object = ""
    code: object = None
    required_credits: object = None
    remaining_credits: object = None
    time_remaining: object = None

    @property
    def text(self) -> str:
        """What it says."""
        return self.message if isinstance(self.message, str) else str(self.message)

    @property
    def throttles(self) -> bool:
        """Whether it says that the credits do not suffice now."""
        told = (self.required_credits, self.remaining_credits, self.time_remaining)
        return any(one is not None for one in told) or _CREDITS.search(self.text) is not None

    @property
    def absent(self) -> bool:
        """Whether it says that there is no such record."""
        return self.code in (_NOT_FOUND, str(_NOT_FOUND)) or _ABSENT.search(self.text) is not None

    @property
    def unauthorized(self) -> bool:
        """Whether it says that the token is no good."""
        return _UNAUTHORIZED.search(f"{self.code} {self.text}".replace("_", " ")) is not None

    @property
    def passing(self) -> bool:
        """Whether it is trouble of the platform's own, in which nobody knows what was done."""
        return _PASSING.search(f"{self.code} {self.text}".replace("_", " ")) is not None

    @property
    def required(self) -> float | None:
        """The credits that the request needs, if it says so."""
        return _number(self.required_credits, _REQUIRED, self.text)

    @property
    def remaining(self) -> float | None:
        """The credits that were left, if it says so."""
        return _number(self.remaining_credits, _LEFT, self.text)

    @property
    def pause(self) -> float | None:
        """Seconds until the request can be made, if it says so."""
        told = seconds_of(self.time_remaining)
        return _number(None, _IN_SECONDS, self.text) if told is None else told


class Quota(msgspec.Struct, frozen=True):
    """The bucket of credits as the platform describes it."""

    credits_remaining: float | None = None
    increment_rate: float | None = None
    max_available: float | None = None


class _Throttling(msgspec.Struct, frozen=True):
    user_quota: Quota | None = None


class _Extensions(msgspec.Struct, frozen=True):
    throttling: _Throttling | None = None


class _Result(msgspec.Struct, frozen=True):
    complexity: float | None = None


class Envelope(msgspec.Struct, frozen=True):
    """An answer of the GraphQL endpoint, its parts unread."""

    data: dict[str, msgspec.Raw] | None = None
    errors: msgspec.Raw = msgspec.Raw(b"null")
    extensions: msgspec.Raw = msgspec.Raw(b"null")

    def problems(self) -> list[Problem]:
        """What went wrong, also where it is written as a plain text."""
        try:
            return msgspec.json.decode(self.errors, type=list[Problem] | None) or []
        except msgspec.ValidationError:
            return [Problem(bytes(self.errors).decode("utf-8", "replace")[:300])]

    def present(self, name: str) -> bool:
        """Whether a field of the answer holds something."""
        return bool(self.data) and bytes((self.data or {}).get(name, msgspec.Raw(b"null"))) != b"null"

    def complexity(self) -> float:
        """The credits that the platform counts for the request; 0 when it does not say."""
        return sum(_complexity(raw) for raw in (self.data or {}).values())

    def quota(self) -> Quota | None:
        """What it says of the bucket, if anything."""
        try:
            found = msgspec.json.decode(self.extensions, type=_Extensions | None)
        except msgspec.ValidationError:
            return None
        return found.throttling.user_quota if found and found.throttling else None


class PageInfo(msgspec.Struct, frozen=True, rename="camel"):
    """Where a page ends."""

    has_next_page: bool
    end_cursor: str | None = None


class Edge(msgspec.Struct, frozen=True):
    """One record of a page and its place in the list."""

    node: msgspec.Raw
    cursor: str | None = None


class Connection(msgspec.Struct, frozen=True, rename={"page_info": "pageInfo"}):
    """One page of a list."""

    edges: list[Edge]
    page_info: PageInfo


class Listed(msgspec.Struct, frozen=True):
    """A page as the root of a list gives it."""

    data: Connection


class One(msgspec.Struct, frozen=True):
    """A single record as its root gives it."""

    data: msgspec.Raw = msgspec.Raw(b"null")


def _complexity(raw: msgspec.Raw) -> float:
    try:
        found = msgspec.json.decode(raw, type=_Result | None)
    except msgspec.ValidationError:
        return 0.0
    return (found.complexity or 0.0) if found else 0.0


def _number(given: object, pattern: re.Pattern[str], text: str) -> float | None:
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return float(given)
    found = pattern.search(text)
    return float(found[1]) if found else None
