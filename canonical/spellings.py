"""How a secret is spelled where it was quoted: in a URL, in JSON, in JSON within JSON, in a web page; pure."""

from __future__ import annotations

import html
import json
from urllib.parse import quote, quote_plus


def spellings(secret: str) -> set[str]:
    """Every form in which a text may hold a secret, with the space around it and without."""
    bare = secret.strip()
    quoted = json.dumps(bare)[1:-1]
    literal = json.dumps(bare, ensure_ascii=False)[1:-1]
    plain = {secret, bare, quoted, literal, json.dumps(quoted)[1:-1], json.dumps(literal, ensure_ascii=False)[1:-1]}
    urls = {quote(bare), quote(bare, safe=""), quote_plus(bare)}
    pages = {form for one in plain for form in _on_pages(one)}
    return plain | urls | pages | {one.replace("/", "\\/") for one in plain}


def _on_pages(text: str) -> set[str]:
    """How web pages write it: quotes as they are, or in one of two ways."""
    escaped = html.escape(text)
    return {escaped, escaped.replace("&#x27;", "&#039;"), html.escape(text, quote=False)}
