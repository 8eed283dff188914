from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.slot import Slot, parse_slot

_NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True)
_SCOPES = st.text(st.characters(blacklist_characters="[]", blacklist_categories=["Cs"]), max_size=12)


@given(_NAMES, _SCOPES)
def test_a_slot_is_read_back_from_its_text(name: str, scope: str) -> None:
    if "\n" not in scope:
        assert parse_slot(str(Slot(name, scope))) == Slot(name, scope)


@pytest.mark.parametrize("text", ["", "Price", "price[", "price[]", "price[a][b]", "1x", "price [EUR]"])
def test_what_is_no_slot_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a field"):
        parse_slot(text)
