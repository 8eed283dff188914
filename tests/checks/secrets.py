"""Nothing that looks like a key, a token or a password lies in the project: what lies in git is read by everybody."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

# Made up, and looking so real that the patterns below see a secret; each with why it has to look that way.
ALLOWED: Mapping[str, str] = {
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw": "the published example of the Standard Webhooks specification",
    "rk_live_0123456789": "digits in a row; only a live key is taken for one that moves money",
    "shpat_0123+456/789=": "digits in a row; its signs are what URLs write in another way",
    "ck_0123456789abcdef": "digits in a row; the simulator asks for a key in WooCommerce's form",
}
_THIS_FILE = "tests/checks/secrets.py"

KINDS: Mapping[str, re.Pattern[str]] = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a key of Shopify": re.compile(r"\bshp(?:at|ss|ca|pa|ua)_[0-9a-fA-F]{32}\b"),
    "a key of Stripe": re.compile(r"\b[sr]k_(?:live|test)_[0-9a-zA-Z]{16,}"),
    "a signing secret": re.compile(r"\bwhsec_[0-9a-zA-Z+/]{24,}={0,2}"),
    "a key of WooCommerce": re.compile(r"\bc[ks]_[0-9a-f]{40}\b"),
    "a key of AWS": re.compile(r"\bA(?:KIA|SIA)[0-9A-Z]{16}\b"),
    "a key of Google": re.compile(r"\bAIza[0-9A-Za-z_-]{35}"),
    "a token of GitHub": re.compile(r"\bgh[pousr]_\w{36}|\bgithub_pat_\w{40,}"),
    "a token of Slack": re.compile(r"\bxox[abeprs]-[0-9A-Za-z-]{10,}|hooks\.slack\.com/services/T\w+/B\w+/\w{16,}"),
    "a signed token": re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"),
}
_NAMED = re.compile(
    r"(?i)(?:pass(?:word|wd|phrase)|secret|token|api_?key|consumer_?key|access_?key|private_?key)\w*[\"']?\]?"
    r"(?:\s*:\s*\w+)?\s*[:=]\s*[\"']?(?P<value>[0-9a-zA-Z+/=_.~-]{16,})"
)
_CODE = re.compile(r"[a-zA-Z_]\w*(?:\.[a-zA-Z_]\w*)+")
_BITS = 3.6
"""Words in a row stay under so many bits a character; what a generator makes is above."""


def scan(texts: Iterable[tuple[str, str]], allowed: Mapping[str, str] = ALLOWED) -> Iterator[str]:
    """Each secret with its place, only its beginning shown; and each exception that nothing needs any longer."""
    used: set[str] = set()
    for path, text in texts:
        if path == _THIS_FILE:
            continue
        for at, what, found in _hits(text):
            if found in allowed:
                used.add(found)
            else:
                yield f"{path}:{text.count(chr(10), 0, at) + 1}: {what}: {found[:12]}…; keep it outside, or allow it"
    for left in sorted(set(allowed) - used):
        yield f"{_THIS_FILE}:1: {left[:12]}… is allowed, but is nowhere"


def _hits(text: str) -> Iterator[tuple[int, str, str]]:
    taken: list[range] = []
    for what, pattern in KINDS.items():
        for hit in pattern.finditer(text):
            taken.append(range(*hit.span()))
            yield hit.start(), what, hit[0]
    for hit in _NAMED.finditer(text):
        value = hit["value"]
        if _is_generated(value) and not any(hit.start("value") in one for one in taken):
            yield hit.start("value"), "a secret by its name", value


def _is_generated(value: str) -> bool:
    if _CODE.fullmatch(value):
        return False
    mixed = any(character.isdigit() for character in value) and any(character.isalpha() for character in value)
    counts = Counter(value).values()
    bits = -sum(count / len(value) * math.log2(count / len(value)) for count in counts)
    return mixed and bits >= _BITS
