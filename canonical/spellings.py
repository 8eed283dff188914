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
    return plain | urls | {html.escape(one) for one in plain} | {one.replace("/", "\\/") for one in plain}
