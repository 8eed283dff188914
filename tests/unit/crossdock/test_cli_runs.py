from __future__ import annotations

import pytest

from crossdock.cli.runs import plain


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        ("ConfigError: there is no flow pricse", "there is no flow pricse"),
        ("sqlalchemy.exc.OperationalError: database is locked", "database is locked"),
        ("KeyboardInterrupt: ", "stopped by hand"),
        ("would write price: 1 -> 2", "would write price: 1 -> 2"),
        ("", ""),
    ],
)
def test_what_ended_a_run_is_told_without_the_name_of_a_class(detail: str, shown: str) -> None:
    assert plain(detail) == shown
