"""Tokens that a platform replaces: kept in the hub's database, encrypted with a key that is not there."""

from __future__ import annotations

import base64
import hashlib
import logging

from connectors.base import StateStore

_log = logging.getLogger(__name__)
SHORTEST_KEY = 16


class Vault:
    """Texts of one connection, readable only with the operator's key.

    Encrypted and signed (Fernet: AES-128-CBC with HMAC-SHA256); the key is made of the SHA-256 of what the operator
    gave, which must be long and random.
    """

    def __init__(self, state: StateStore, key: str) -> None:
        from cryptography.fernet import Fernet

        self._state = state
        self._fernet = Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()))

    def get(self, name: str) -> str | None:
        """The text, or None where there is none, or it was encrypted with another key."""
        from cryptography.fernet import InvalidToken

        kept = self._state.get(f"vault:{name}")
        if not kept:
            return None
        try:
            return self._fernet.decrypt(kept.encode()).decode()
        except InvalidToken:
            _log.warning("a kept token was encrypted with another key, and is left alone")
            return None

    def put(self, name: str, text: str) -> None:
        """Keep a text."""
        self._state.put(f"vault:{name}", self._fernet.encrypt(text.encode()).decode())
