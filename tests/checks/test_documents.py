"""What the documents say can be done can be done."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
import yaml

from connectors.manifest import load_fields, load_manifest
from crossdock.cli.main import cli
from crossdock.settings.load import examine
from crossdock.settings.platforms import InstalledPlatforms
from tests.checks.tree import ROOT, files, platforms

DOCUMENTS = [name for name in files() if name.endswith(".md")]
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
YAML = [name for name in files() if name.endswith((".yaml", ".yml"))]


def _code(name: str) -> str:
    """The commands of a document: what stands in code blocks and between backticks."""
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return "\n".join(blocks + re.findall(r"`([^`\n]+)`", text))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_make_target_that_a_document_names_exists(name: str) -> None:
    assert set(re.findall(r"\bmake ([a-z]+)\b", _code(name))) - TARGETS == set()


def test_the_makefile_has_the_targets_a_person_expects() -> None:
    assert {"demo", "test", "check", "bench", "lock", "audit", "clean", "help"} <= TARGETS


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_file_that_a_document_links_to_exists(name: str) -> None:
    links = re.findall(r"\]\((?!\w+:|#)([^)#\s]+)", (ROOT / name).read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / Path(name).parent / link).exists()] == []


def test_every_decision_is_in_the_list_of_decisions() -> None:
    listed = (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")
    pages = [path.name for path in (ROOT / "docs/decisions").glob("[0-9]*.md")]
    assert [page for page in pages if f"]({page})" not in listed] == []


@pytest.mark.parametrize("name", YAML)
def test_every_shipped_yaml_file_can_be_read(name: str) -> None:
    list(yaml.safe_load_all((ROOT / name).read_text(encoding="utf-8")))


@pytest.mark.parametrize("platform", sorted(platforms()))
def test_every_connector_declares_itself_and_its_fields(platform: str) -> None:
    assert load_manifest(f"connectors.{platform}").name == platform
    assert load_fields(f"connectors.{platform}").resources


def test_the_configuration_in_the_readme_passes_lint(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    example = tmp_path / "crossdock.yaml"
    example.write_text(re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[0], encoding="utf-8")
    assert [str(problem) for problem in examine(example, InstalledPlatforms())[1]] == []


@pytest.mark.parametrize(
    "name", ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/scale-out.md", "compose.yaml"]
)
def test_every_command_that_a_document_names_exists(name: str) -> None:
    text = _code(name) if name.endswith(".md") else (ROOT / name).read_text(encoding="utf-8")
    wrong = [
        line for line in re.findall(r"(?:\bcrossdock|--rm hub) ([a-z][^\n#`]*)", text) if not _is_command(line.split())
    ]
    assert wrong == []


def _is_command(words: list[str]) -> bool:
    """Whether there is such a command with such options."""
    command: click.Command | None = cli
    context = click.Context(cli)
    while words and isinstance(command, click.Group):
        command = command.get_command(context, words.pop(0))
    if command is None:
        return False
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    return all(word in known for word in words if word.startswith("-"))
