"""The image can be built: the Dockerfile's own install commands, run in a folder of their own without Docker."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def _instructions(stage: int) -> list[tuple[str, str]]:
    """The instructions of one stage as (word, rest), continued lines joined and comments left out."""
    lines = "\n".join(line for line in DOCKERFILE.splitlines() if not line.startswith("#")).replace("\\\n", " ")
    pairs = [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines.splitlines() if line)]
    stages: list[list[tuple[str, str]]] = [[]]
    for word, rest in pairs:
        if word == "FROM":
            stages.append([])
        stages[-1].append((word, rest))
    return stages[stage]


def _index_settings() -> dict[str, str]:
    """Where pip finds packages on this machine; nothing else of the environment goes into the build."""
    kept = (
        "PATH",
        "HOME",
        "LANG",
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "http_proxy",
        "https_proxy",
    )
    return {name: value for name, value in os.environ.items() if name in kept or name.startswith("PIP_")}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_install_steps_of_the_image_give_a_working_command(tmp_path: Path) -> None:
    hub = _install(tmp_path) / "bin" / "crossdock"
    assert {"shopify", "woocommerce", "tryton"} <= set(_ask(hub, tmp_path, "connectors", "list").split())
    _ask(hub, tmp_path, "init")
    assert (tmp_path / "config" / "crossdock.yaml").is_file()
    _ask(hub, tmp_path, "lint")


def _install(folder: Path) -> Path:
    """Run the instructions of the first stage below a folder; where the hub was installed."""
    source = folder / "source"
    source.mkdir()
    places = {
        place: str(folder / place.strip("/").replace("/", "-")) for place in ("/build", "/wheels", "/opt/crossdock")
    }
    for word, rest in _instructions(1):
        if word == "COPY":
            *names, target = rest.split()
            for name in names:
                _copy(ROOT / name, source / target)
        elif word == "RUN":
            command = re.sub(r"(?<![\w.])(/build|/wheels|/opt/crossdock)\b", lambda hit: places[hit[1]], rest)
            _run(["bash", "-euc", re.sub(r"^python\b", sys.executable, command)], source, _index_settings())
    return Path(places["/opt/crossdock"])


def _ask(hub: Path, folder: Path, *words: str) -> str:
    """What a command of the installed hub prints, with nothing of this checkout in reach."""
    return _run([str(hub), *words], folder, {"PATH": "/usr/bin:/bin"})


def _run(command: list[str], folder: Path, env: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _copy(origin: Path, target: Path) -> None:
    """What COPY does here: a folder becomes the target, a file goes into it."""
    if origin.is_dir():
        shutil.copytree(origin, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(origin, target)


def test_everything_that_goes_into_the_wheel_goes_into_the_image() -> None:
    copied = {name for word, rest in _instructions(1) if word == "COPY" for name in rest.split()[:-1]}
    packages = re.search(r"^packages = \[(.*)\]", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert packages is not None
    assert set(re.findall(r'"(\w+)"', packages[1])) <= copied
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {name for name in copied if f"!{name}" not in allowed and "!requirements/*.lock" not in allowed} == set()
    assert {name for name in copied if f"!{name}" not in allowed} == {
        "requirements/build.lock",
        "requirements/runtime.lock",
    }


def test_the_image_runs_without_root_and_tells_whether_it_is_well() -> None:
    last = dict(_instructions(2))
    user = last["USER"]
    assert user.split(":")[0] not in {"", "0", "root"}
    assert "/healthz" in last["HEALTHCHECK"]
    assert json.loads(last["CMD"])[0] == "serve"
    assert "pip" not in " ".join(rest for word, rest in _instructions(2) if word == "RUN")


def test_the_compose_file_gives_the_hub_a_database_that_is_ready() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert services["hub"]["depends_on"]["database"]["condition"] == "service_healthy"
    assert "DATABASE_URL" in services["hub"]["environment"]
    assert services["hub"]["command"][0] == "serve"
    assert all("ports" not in service for service in services.values())
