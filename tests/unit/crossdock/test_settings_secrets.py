"""Secrets are read where they are kept, at use, and show themselves to nobody by accident."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from canonical.errors import ConfigError
from crossdock.settings.secrets import Resolver, Secret, is_reference, malformed, read_env_file


def test_a_secret_shows_three_stars_in_every_text_form() -> None:
    secret = Secret("s3cr3t")
    shown = [str(secret), repr(secret), f"{secret}", f"{secret:>5}", "%s" % secret, repr([secret]), repr({"a": secret})]
    assert all("s3cr3t" not in text and "***" in text for text in shown)
    assert secret.reveal() == "s3cr3t"


def test_a_secret_is_not_serialized() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret("s3cr3t"))
    with pytest.raises(TypeError):
        json.dumps(Secret("s3cr3t"))


def test_the_environment_is_read_at_use(tmp_path: Path) -> None:
    resolver = Resolver({"TOKEN": "abc"}, tmp_path)
    assert resolver.resolve("${env:TOKEN}").reveal() == "abc"
    assert resolver.resolve("postgresql://me:${env:TOKEN}@host/db").reveal() == "postgresql://me:abc@host/db"


def test_a_secret_file_is_relative_to_the_configuration_and_loses_its_last_line_break(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc\n", encoding="utf-8")
    assert Resolver({}, tmp_path).resolve("${file:token}").reveal() == "abc"


def test_the_env_file_fills_in_what_the_environment_does_not_say(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# note\n\nexport A=1\nB = 'two words'\nC=x=y\nnot a line\n", encoding="utf-8")
    assert read_env_file(tmp_path / ".env") == {"A": "1", "B": "two words", "C": "x=y"}
    resolver = Resolver({"A": "from the environment"}, tmp_path)
    assert resolver.resolve("${env:A}").reveal() == "from the environment"
    assert resolver.resolve("${env:B}").reveal() == "two words"


@pytest.mark.parametrize("reference", ["${env:NOPE}", "${file:nope}", "${file:.}"])
def test_a_reference_to_nothing_names_it_and_says_what_to_do(tmp_path: Path, reference: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Resolver({}, tmp_path).resolve(reference)
    assert any(word in str(caught.value) for word in ("NOPE", "nope", str(tmp_path)))


def test_a_file_of_variables_that_is_no_text_is_wrong_configuration(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("TOKEN=gr\u00fcn".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"\.env: .*not UTF-8"):
        Resolver({}, tmp_path)


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="TOKEN is not set"):
        Resolver({"TOKEN": ""}, tmp_path).resolve("${env:TOKEN}")


def test_what_was_revealed_is_known_for_redaction(tmp_path: Path) -> None:
    seen: set[str] = set()
    Resolver({"TOKEN": "abc-def"}, tmp_path, seen).resolve("x${env:TOKEN}y")
    assert seen == {"abc-def"}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("${env:A}", 0),
        ("${file:a/b}", 0),
        ("${enf:A}", 1),
        ("${A}", 1),
        ("${env:}", 1),
        ("${x:1} ${y:2}", 2),
        ("$5", 0),
    ],
)
def test_references_that_can_never_be_read_are_found_without_reading(text: str, wrong: int) -> None:
    assert len(list(malformed(text))) == wrong
    assert is_reference(text) == text.startswith("${")
