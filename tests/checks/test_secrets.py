"""A key that got into a file is found, whatever the file; what people write is not taken for one."""

from __future__ import annotations

import pytest

from tests.checks import secrets

# In parts, so that this file passes its own check.
DIGITS = "0123456789abcdef"
GENERATED = "q7Zr2" + "Kx9vB4mT1wYc8Lp"


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN RSA PRIVATE" + " KEY-----",
        "-----BEGIN PRIVATE" + " KEY-----",
        "shpat_" + "0" * 32,
        "shpss_" + DIGITS * 2,
        "sk_live_" + DIGITS + "A",
        "rk_live_" + DIGITS + "A",
        "sk_test_" + DIGITS + "A",
        "whsec_" + GENERATED + "AbCd==",
        "ck_" + DIGITS * 2 + "01234567",
        "cs_" + DIGITS * 2 + "01234567",
        "AKIA" + "ABCDEFGHIJKLMNOP",
        "AIza" + GENERATED + DIGITS[:15],
        "ghp_" + "a1B2" * 9,
        "xoxb-" + "123456789012-abcdef",
        "https://hooks.slack.com/services/" + "T00000000/B00000000/" + GENERATED,
        "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0." + "SflKxwRJSMeKKF2QT4",
        f'password = "{GENERATED}"',
        f"api_key: {GENERATED}",
        f'{{"client_secret": "{GENERATED}"}}',
        f"SHOP_TOKEN={GENERATED}",
        f'os.environ["ERP_PASSWORD"] = "{GENERATED}"',
        f'token: str = "{GENERATED}"',
    ],
)
def test_a_secret_is_found_once_with_its_line_and_is_not_repeated(text: str) -> None:
    (found,) = secrets.scan([("docs/a.md", f"first line\n{text}\n")], {})
    assert found.startswith("docs/a.md:2: a")
    assert text not in found
    assert GENERATED not in found


@pytest.mark.parametrize(
    "text",
    [
        "password: ${env:ERP_PASSWORD}",
        'password="correct-horse-battery-staple"',
        "consumer_secret: str = field(repr=False)",
        "token = self._tokens.current()",
        "secret=options.client_secret_of_2026",
        f"digest: {GENERATED}",
        "eyJhbGciOiJIUzI1NiJ9",
        "sk_live_… and whsec_ and shpat_xxxx",
    ],
)
def test_what_people_write_is_no_secret(text: str) -> None:
    assert list(secrets.scan([("docs/a.md", text)], {})) == []


def test_an_exception_is_for_one_secret_and_must_be_needed() -> None:
    allowed = {"sk_live_" + DIGITS: "made up"}
    assert list(secrets.scan([("a", "sk_live_" + DIGITS)], allowed)) == []
    assert len(list(secrets.scan([("a", "sk_live_" + DIGITS + " sk_live_" + DIGITS + "0")], allowed))) == 1
    (left,) = secrets.scan([("a", "nothing")], allowed)
    assert "is allowed, but is nowhere" in left


def test_every_exception_says_why() -> None:
    assert all(len(reason) > 20 for reason in secrets.ALLOWED.values())
