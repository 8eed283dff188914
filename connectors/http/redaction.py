"""Redaction: what must never be seen in an error, a log or a URL."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable

from canonical.spellings import spellings

MASK = "***"
MIN_LENGTH = 4

_NAMES = (
    r"consumer_key|consumer_secret|oauth_[a-z_]+|[a-z_]*access_token|refresh_token|client_secret"
    r"|signature|x-amz-[a-z-]+|x-goog-signature|password"
)
_QUERY = re.compile(rf"(?i)\b({_NAMES})=([^&\s\"'<>#]+)")
_JSON = re.compile(rf"(?i)\"({_NAMES})\"(\s*:\s*)\"[^\"]*\"?")


class Redactor:
    """Replaces known secrets, however they are written, and everything that is secret by its name."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: tuple[str, ...] = ()
        self.hide(*secrets)

    def hide(self, *secrets: str) -> None:
        """Learn secrets; those under four characters would only make texts unreadable and are left out."""
        forms = set(self._forms)
        for secret in secrets:
            bare = secret.strip()
            if len(bare) >= MIN_LENGTH:
                forms |= spellings(secret)
        self._forms = tuple(sorted(forms, key=len, reverse=True))

    def hide_pair(self, user: str, password: str) -> None:
        """Learn what Basic authentication makes of two secrets."""
        self.hide(base64.b64encode(f"{user}:{password}".encode()).decode())

    def __call__(self, text: str) -> str:
        """The text without anything secret."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return _JSON.sub(rf'"\1"\2"{MASK}"', _QUERY.sub(rf"\1={MASK}", text))
