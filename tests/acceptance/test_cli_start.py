"""The first minutes with the command line: help, init, lint, and every mistake answered with exit code 1."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from crossdock.cli.main import COMMANDS
from tests.support.commands import ROOT, crossdock

HEAVY = ("httpx", "sqlalchemy", "graphql", "rich", "alembic", "uvicorn", "procrastinate")


def test_help_names_every_command_and_every_exit_code(tmp_path: Path) -> None:
    done = crossdock("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert all(name in done.stdout for name in COMMANDS)
    assert all(f"\n    {code}  " in done.stdout for code in range(6))


@pytest.mark.parametrize("name", list(COMMANDS))
def test_the_help_of_a_command_teaches_by_example(tmp_path: Path, name: str) -> None:
    done = crossdock(name, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert f"crossdock {name}" in done.stdout.split("Usage:", 1)[1].split("\n", 1)[1] or "Commands:" in done.stdout


def test_init_writes_exactly_the_example_in_config(tmp_path: Path) -> None:
    assert crossdock("init", "hub", cwd=tmp_path).returncode == 0
    written = {path.relative_to(tmp_path / "hub" / "config"): path for path in _files(tmp_path / "hub" / "config")}
    example = {path.relative_to(ROOT / "config"): path for path in _files(ROOT / "config")}
    assert sorted(written) == sorted(example)
    assert all(path.read_bytes() == example[name].read_bytes() for name, path in written.items())


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".sqlite")]


def test_what_init_wrote_passes_lint_as_it_is(tmp_path: Path) -> None:
    crossdock("init", cwd=tmp_path)
    done = crossdock("lint", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "errors 0, warnings 0" in done.stdout


def test_what_init_wrote_passes_lint_with_everything_switched_on(tmp_path: Path) -> None:
    crossdock("init", cwd=tmp_path)
    file = tmp_path / "config" / "crossdock.yaml"
    written = file.read_text(encoding="utf-8")
    # As the file itself says: all but the notes, which have one space after the sign.
    text, switched = re.subn(r"(?m)^#(?! \S)", "", written)
    file.write_text(text, encoding="utf-8")
    done = crossdock("lint", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    blocks = ("\nkits:", "\nunits:", "\norders:", "\nrouting:", "\npayments:", "\nwebhooks:", "\n    webhook_secrets:")
    assert switched > 0
    assert all(block in text and block not in written for block in blocks)


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    mine = tmp_path / "config" / "crossdock.yaml"
    mine.write_text("mine", encoding="utf-8")
    done = crossdock("init", cwd=tmp_path)
    assert done.returncode == 1
    assert "crossdock.yaml" in done.stderr
    assert "or go on with it: crossdock lint" in done.stderr
    assert [path.name for path in _files(tmp_path)] == ["crossdock.yaml"]
    assert mine.read_text(encoding="utf-8") == "mine"


def test_lint_tells_every_problem_with_its_place_and_fails(tmp_path: Path) -> None:
    crossdock("init", cwd=tmp_path)
    path = tmp_path / "config" / "crossdock.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("connector: shopify", "connector: shopfy").replace("pool: main", "pool: mian"), "utf-8"
    )
    done = crossdock("lint", "--format", "json", cwd=tmp_path)
    document = json.loads(done.stdout)
    assert (done.returncode, document["exit_code"], document["counts"]["errors"]) == (1, 1, 3)
    for problem in document["problems"]:
        line = path.read_text(encoding="utf-8").splitlines()[problem["line"] - 1]
        assert "shopfy" in line or "mian" in line
        assert "did you mean" in problem["hint"]


def test_the_configuration_may_be_named_by_option_or_environment(tmp_path: Path) -> None:
    crossdock("init", "hub", cwd=tmp_path)
    file = str(tmp_path / "hub" / "config" / "crossdock.yaml")
    assert crossdock("lint", cwd=tmp_path).returncode == 1
    assert crossdock("lint", "--config", file, cwd=tmp_path).returncode == 0
    assert crossdock("--config", file, "lint", cwd=tmp_path).returncode == 0
    assert crossdock("lint", cwd=tmp_path, env={"CROSSDOCK_CONFIG": file}).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Usage: crossdock"),
        (("lnit",), "did you mean 'lint'?"),
        (("lint", "--nope"), "--nope"),
        (("lint", "--format", "xml"), "xml"),
        (("lint",), "crossdock init"),
        (("doctor",), "crossdock init"),
        (("connectors", "test", "shopfy"), "did you mean 'shopify'?"),
        (("connectors", "tset"), "tset"),
    ],
)
def test_wrong_usage_ends_with_one_and_a_message_never_with_two(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = crossdock(*arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_mistyped_option_never_leads_to_an_approval(tmp_path: Path) -> None:
    for arguments in (("sync", "--forse"), ("adopt", "--yse"), ("apply", "--forced")):
        done = crossdock(*arguments, cwd=tmp_path)
        assert done.returncode == 1
        assert "--force" not in done.stderr.replace("--forced", "")
        assert "--yes" not in done.stderr
    assert "--format" in crossdock("sync", "--formt", cwd=tmp_path).stderr


@pytest.mark.parametrize("arguments", [("lint",), ("connectors", "test", "shopfy"), ("lint", "--nope")])
def test_an_error_is_told_in_json_as_well(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = crossdock(*arguments, "--format", "json", cwd=tmp_path)
    document = json.loads(done.stdout)
    assert (done.returncode, document["exit_code"]) == (1, 1)
    assert document["error"].splitlines()[0] in done.stderr
    assert all(step in done.stderr for step in document["next"])


@pytest.mark.parametrize("name", ["conflicts", "connectors"])
def test_the_help_of_a_group_has_examples_and_exit_codes(tmp_path: Path, name: str) -> None:
    said = crossdock(name, "--help", cwd=tmp_path).stdout
    assert f"Examples:\n    crossdock {name} list" in said
    assert "Exit codes:" in said


@pytest.mark.parametrize("arguments", [["--help"], ["lint"], ["init", "other"], ["connectors", "list"]])
def test_light_commands_load_no_heavy_package(tmp_path: Path, arguments: list[str]) -> None:
    crossdock("init", cwd=tmp_path)
    script = (
        "import sys\nfrom crossdock.cli.main import run\n"
        f"code = run({arguments!r})\nprint(code, [name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.splitlines()[-1] == "0 []"


def test_an_unexpected_fault_is_short_and_its_traceback_comes_with_v(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom crossdock.cli import main\nsys.argv = ['crossdock', *sys.argv[1:], 'lint']\n"
        "def broken(*_): raise ZeroDivisionError('no way')\nmain.run = broken\nmain.main()"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    for option, traces in (((), 0), (("-v",), 1)):
        done = subprocess.run(
            [sys.executable, "-c", script, *option], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert "unexpected error: ZeroDivisionError: no way" in done.stderr
        assert done.stderr.count("Traceback") == traces


def test_an_interrupt_ends_quietly_with_130(tmp_path: Path) -> None:
    script = (
        "import os, signal\nfrom crossdock.cli import lint, main\n"
        "def interrupted(*_): os.kill(os.getpid(), signal.SIGINT)\nlint.find_config = interrupted\nmain.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "lint"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 128 + signal.SIGINT
    assert "Traceback" not in done.stderr
