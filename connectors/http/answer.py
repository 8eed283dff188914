"""An answer of a platform, and how to read it without trusting it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from canonical.errors import ProtocolError
from connectors.http.elements import elements
from connectors.http.redaction import Redactor

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

EXCERPT = 160
_LONGEST_SECRET = 4096
_PLAIN = Redactor()
_MARKUP = re.compile(r"<(script|style)\b.*?(</\1\s*>|$)|<!--.*?(-->|$)|<[^>]*(>|$)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP answer; ``started`` is when its request was sent, ``elapsed`` is in seconds."""

    status: int
    headers: httpx.Headers = field(repr=False)
    content: bytes = field(repr=False)
    started: datetime
    elapsed: float
    operation: str
    connection: str = ""
    redact: Callable[[str], str] = field(default=_PLAIN, repr=False)

    @property
    def place(self) -> str:
        """Connection and operation, for messages."""
        return f"{self.connection}: {self.operation}" if self.connection else self.operation

    @property
    def server_date(self) -> datetime | None:
        """The platform's own clock at the answer, from the Date header."""
        return parse_http_date(self.headers.get("date", ""))

    @property
    def is_html(self) -> bool:
        """Whether this is a page for people instead of an answer for programs."""
        kind = self.headers.get("content-type", "").lower()
        return "html" in kind or self.content.lstrip()[:1] == b"<"

    def excerpt(self, limit: int = EXCERPT) -> str:
        """The first words of the body, on one line and without secrets; of a page only what a reader would see."""
        head = self.content[: limit * 8 + _LONGEST_SECRET]
        text = self.redact(head.decode("utf-8", "replace"))
        if len(head) < len(self.content):
            text = text[:-_LONGEST_SECRET]  # a secret that is cut in two would not be recognized there
        text = _MARKUP.sub(" ", text) if self.is_html else text
        line = " ".join(_visible(self.redact(text)).split())
        return line if len(line) <= limit else line[: limit - 1] + "…"

    def json(self) -> Any:
        """The body as plain Python values; ProtocolError when it is not whole JSON."""
        try:
            return msgspec.json.decode(self.content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self.problem() from error

    def decode(self, type: type[T]) -> T:  # noqa: A002 - the same word as in msgspec
        """The body as a typed value; ProtocolError when it is not whole JSON of that shape."""
        try:
            return msgspec.json.decode(self.content, type=type)
        except msgspec.ValidationError as error:
            raise ProtocolError(
                f"{self.place}: the answer has not the expected shape: {error}",
                hint="check the API version of this connection",
            ) from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self.problem() from error

    def records(self) -> list[msgspec.Raw]:
        """The elements of a list as they came, also those that no decoder takes; ProtocolError when it is no list."""
        try:
            return self.decode(list[msgspec.Raw])
        except ProtocolError as error:
            found = elements(self.content) if isinstance(error.__cause__, RecursionError) else None
            if found is None:
                raise
            return [msgspec.Raw(one) for one in found]

    def is_whole_json(self) -> bool:
        """Whether the body is one complete JSON text; looks without building anything."""
        try:
            msgspec.json.decode(self.content, type=msgspec.Raw)
        except RecursionError:
            return elements(self.content) is not None
        except (msgspec.DecodeError, UnicodeDecodeError):
            return False
        return True

    def problem(self) -> ProtocolError:
        """Say what is wrong with a body that is not whole JSON."""
        if not self.content.strip():
            return ProtocolError(
                f"{self.place}: empty answer (status {self.status})",
                hint="check the URL of this connection and what stands before the site",
            )
        if self.is_html:
            return ProtocolError(
                f"{self.place}: the site answered a web page instead of JSON (status {self.status}): {self.excerpt()}",
                hint="maintenance mode, a firewall or a wrong URL; open the URL of this connection in a browser",
            )
        return ProtocolError(
            f"{self.place}: the answer is not complete JSON (status {self.status}, {len(self.content)} bytes): "
            f"{self.excerpt()}",
            hint="the connection was cut or something before the site changes its answers",
        )


def _visible(text: str) -> str:
    """The text without what would move a terminal's cursor or color it."""
    return "".join(character if character.isprintable() else " " for character in text)


def parse_http_date(text: str) -> datetime | None:
    """Read an HTTP date; None when it is not one."""
    if not text:
        return None
    try:
        instant = parsedate_to_datetime(text)
    except ValueError:
        return None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
