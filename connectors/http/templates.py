"""A path without what stands for a record: words of the API stay, everything else becomes ``{id}``."""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[a-z]{1,13}(?:[-_][a-z]{1,13}){0,3}(?:\.json|\.php)?|v[0-9]{1,2}|20[0-9]{2}-(?:0[1-9]|1[0-2])")
_MASK = "{id}"


@lru_cache(maxsize=1024)
def path_template(path: str) -> str:
    """A path as monitoring may see it; ids of records, tokens and names of files are masked, queries left out.

    Ids that look like words are masked too where a prefix tells them (``ch_abcdefghijklmnop``): words of APIs are
    shorter than these.
    """
    return "/".join(":".join(_shown(part) for part in segment.split(":")) for segment in path.split("/"))


def _shown(part: str) -> str:
    return part if not part or _WORD.fullmatch(part) else _MASK
