"""A comparable form of HTML: platforms re-quote, re-space and re-escape what they are given."""

from __future__ import annotations

import re
from functools import lru_cache
from html.parser import HTMLParser
from typing import TypeAlias

_BLANKS = re.compile(r"[ \t\r\n\f]+")
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
_BLOCK = frozenset(
    (
        *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "figure", "footer"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section"),
        *("table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    )
)
_VERBATIM = frozenset(("pre", "textarea", "script", "style"))

Token: TypeAlias = tuple[str, ...]


@lru_cache(maxsize=1024)
def normal_markup(text: str) -> tuple[Token, ...]:
    """The tags, attributes and texts of a piece of HTML, free of how it happens to be written."""
    collector = _Collector()
    collector.feed(text)
    collector.close()
    return _trimmed(collector.tokens)


class _Collector(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tokens: list[Token] = []
        self.verbatim = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.verbatim += tag in _VERBATIM
        pairs = sorted((name, value or "") for name, value in attrs)
        self.tokens.append(("<", tag, *(part for pair in pairs for part in pair)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        self.verbatim -= tag in _VERBATIM and self.verbatim > 0
        if tag not in _VOID:
            self.tokens.append(("/", tag))

    def handle_data(self, data: str) -> None:
        text = data if self.verbatim else _BLANKS.sub(" ", data)
        kind = "=" if self.verbatim else "t"
        if self.tokens and self.tokens[-1][0] == kind:
            joined = self.tokens[-1][1] + text
            self.tokens[-1] = (kind, joined if self.verbatim else _BLANKS.sub(" ", joined))
        else:
            self.tokens.append((kind, text))

    def handle_comment(self, data: str) -> None:
        self.tokens.append(("!", data.strip()))

    def handle_decl(self, decl: str) -> None:
        self.tokens.append(("!", decl))

    def unknown_decl(self, data: str) -> None:
        self.tokens.append(("!", data))


def _trimmed(tokens: list[Token]) -> tuple[Token, ...]:
    """Without the blanks beside block tags and at both ends, which no reader sees."""
    result: list[Token] = []
    for index, token in enumerate(tokens):
        if token[0] != "t":
            result.append(token)
            continue
        text = token[1]
        if index == 0 or _is_block(tokens[index - 1]):
            text = text.lstrip(" ")
        if index == len(tokens) - 1 or _is_block(tokens[index + 1]):
            text = text.rstrip(" ")
        if text:
            result.append(("t", text))
    return tuple(result)


def _is_block(token: Token) -> bool:
    return token[0] in "</" and token[1] in _BLOCK
