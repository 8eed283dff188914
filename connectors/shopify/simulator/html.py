"""The filter that descriptions go through: no scripts, no event handlers, no script addresses."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser

_DROPPED = frozenset({"script", "object", "embed", "form", "noscript"})
_VOID = frozenset({"br", "hr", "img", "input", "source", "wbr", "col"})
_ADDRESSES = frozenset({"href", "src", "action", "formaction"})


def clean_html(text: str) -> str:
    """The HTML the platform keeps of what it was given."""
    cleaner = _Cleaner()
    cleaner.feed(text)
    cleaner.close()
    return "".join(cleaner.parts).strip()


def plain_text(text: str) -> str:
    """The words of an HTML text."""
    reader = _Words()
    reader.feed(text)
    reader.close()
    return " ".join("".join(reader.parts).split())


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_endtag(self, tag: str) -> None:
        self.parts.append(" ")


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._dropping = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self._dropping += 1
        elif not self._dropping:
            self.parts.append(f"<{tag}{_attributes(attrs)}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _DROPPED and not self._dropping:
            self.parts.append(f"<{tag}{_attributes(attrs)}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in _DROPPED:
            self._dropping = max(0, self._dropping - 1)
        elif not self._dropping and tag not in _VOID:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self.parts.append(escape(data, quote=False))


def _attributes(attrs: list[tuple[str, str | None]]) -> str:
    kept = [(name, value) for name, value in attrs if not _is_script(name, value)]
    return "".join(f' {name}="{escape(value or "")}"' for name, value in kept)


def _is_script(name: str, value: str | None) -> bool:
    address = "".join((value or "").split()).lower()
    return name.startswith("on") or (name in _ADDRESSES and address.startswith(("javascript:", "vbscript:")))
