"""The filter a shop puts texts through when they are saved: some tags, few attributes, no scripts."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser

_TAGS = frozenset(
    {
        "a",
        "abbr",
        "address",
        "b",
        "blockquote",
        "br",
        "cite",
        "code",
        "dd",
        "del",
        "div",
        "dl",
        "dt",
        "em",
        "figure",
        "figcaption",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "section",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "u",
        "ul",
        "video",
    }
)
_ATTRIBUTES = frozenset(
    {
        "alt",
        "class",
        "colspan",
        "datetime",
        "dir",
        "height",
        "href",
        "id",
        "lang",
        "name",
        "rel",
        "rowspan",
        "src",
        "style",
        "target",
        "title",
        "width",
    }
)
_LINKS = frozenset({"href", "src"})


class _Filter(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open(tag, attrs, "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open(tag, attrs, " /")

    def handle_endtag(self, tag: str) -> None:
        if tag in _TAGS:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.parts.append(data.replace("&", "&amp;").replace("<", "&lt;"))

    def handle_entityref(self, name: str) -> None:
        self.parts.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.parts.append(f"&#{name};")

    def _open(self, tag: str, attrs: list[tuple[str, str | None]], end: str) -> None:
        if tag in _TAGS:
            kept = "".join(f' {name}="{escape(value or "")}"' for name, value in attrs if _allowed(name, value))
            self.parts.append(f"<{tag}{kept}{end}>")


def _allowed(name: str, value: str | None) -> bool:
    unsafe = name in _LINKS and (value or "").strip().lower().startswith(("javascript:", "data:", "vbscript:"))
    return name in _ATTRIBUTES and not unsafe


def filter_html(text: str) -> str:
    """What is stored of a text: forbidden tags and attributes go, the words inside them stay."""
    if "<" not in text and "&" not in text:
        return text
    parser = _Filter()
    parser.feed(text)
    parser.close()
    return "".join(parser.parts)
