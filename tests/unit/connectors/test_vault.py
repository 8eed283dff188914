"""What a platform replaces outlives the process, and nobody who has the database alone can read it."""

from __future__ import annotations

import pytest

from connectors.conformance.world import MemoryState
from connectors.vault import Vault

_KEY, _OTHER = "a key that is long enough", "another key that is long enough"


def test_what_was_kept_is_read_with_the_same_key_alone(caplog: pytest.LogCaptureFixture) -> None:
    state = MemoryState()
    Vault(state, _KEY).put("refresh", "token-1")
    assert Vault(state, _KEY).get("refresh") == "token-1"
    assert Vault(state, _OTHER).get("refresh") is None
    assert "another key" in caplog.text
    assert Vault(state, _KEY).get("something else") is None


def test_neither_the_text_nor_the_key_is_in_what_is_stored() -> None:
    state = MemoryState()
    Vault(state, _KEY).put("refresh", "token-1")
    kept = state.get("vault:refresh")
    assert kept
    assert "token-1" not in kept
    assert _KEY not in kept


def test_what_somebody_changed_is_not_believed() -> None:
    state = MemoryState()
    vault = Vault(state, _KEY)
    vault.put("refresh", "token-1")
    kept = state.get("vault:refresh") or ""
    state.put("vault:refresh", kept[:-6] + ("A" if kept[-6] != "A" else "B") + kept[-5:])
    assert vault.get("refresh") is None
