"""The examples of how to run it fit the program: commands and options exist, ports meet, secrets stay outside."""

from __future__ import annotations

import re
from typing import Any

import click
import pytest
import yaml

from crossdock.cli.main import cli
from crossdock.settings.database import database_problem
from tests.checks.tree import ROOT

FOLDER = ROOT / "deploy/kubernetes"
MANIFESTS: list[dict[str, Any]] = [
    one for file in sorted(FOLDER.glob("*.yaml")) for one in yaml.safe_load_all(file.read_text(encoding="utf-8"))
]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
WORKLOADS = [one for one in MANIFESTS if one["kind"] in ("Deployment", "StatefulSet")]
OURS = [one for one in WORKLOADS if one["kind"] == "Deployment"]


def _named(kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in MANIFESTS if one["kind"] == kind}


def _container(workload: dict[str, Any]) -> dict[str, Any]:
    [container] = workload["spec"]["template"]["spec"]["containers"]
    return dict(container)


def _accepted(words: list[str]) -> click.Context:
    """Parse the words of a command as the program does; a word that it does not know is an error."""
    command = cli.get_command(click.Context(cli), words[0])
    assert command is not None, words
    return command.make_context(words[0], words[1:], obj=None)


def _commands() -> list[list[str]]:
    composed = [one["command"] for name, one in COMPOSE["services"].items() if name != "database"]
    return [*composed, *(_container(one)["args"] for one in OURS)]


@pytest.mark.parametrize("words", _commands(), ids=" ".join)
def test_every_command_that_is_started_exists_with_its_options(words: list[str]) -> None:
    assert _accepted([str(word) for word in words]).params["log_format"] == "json"


def test_there_are_receivers_workers_and_one_database() -> None:
    assert {one["metadata"]["name"]: _container(one)["args"][0] for one in OURS} == {
        "crossdock-receiver": "serve",
        "crossdock-worker": "worker",
    }
    assert all(one["spec"]["replicas"] >= 2 for one in OURS)
    assert list(_named("StatefulSet")) == ["crossdock-database"]
    assert {one["metadata"]["namespace"] for one in MANIFESTS} == {"crossdock"}


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda one: one["metadata"]["name"])
def test_a_workload_finds_its_pods_and_all_that_it_mounts(workload: dict[str, Any]) -> None:
    template = workload["spec"]["template"]
    assert workload["spec"]["selector"]["matchLabels"] == template["metadata"]["labels"]
    volumes = {one["name"]: one for one in template["spec"].get("volumes", [])}
    claimed = {one["metadata"]["name"] for one in workload["spec"].get("volumeClaimTemplates", [])}
    assert {one["name"] for one in _container(workload)["volumeMounts"]} == set(volumes) | claimed
    for volume in volumes.values():
        assert "configMap" not in volume or volume["configMap"]["name"] in _named("ConfigMap")
    assert template["spec"]["securityContext"]["runAsNonRoot"] is True
    assert _container(workload)["securityContext"]["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize("workload", OURS, ids=lambda one: one["metadata"]["name"])
def test_probes_ask_where_it_listens_and_it_has_the_time_to_end(workload: dict[str, Any]) -> None:
    container = _container(workload)
    [port] = container["ports"]
    config = yaml.safe_load(_named("ConfigMap")["crossdock-config"]["data"]["crossdock.yaml"])
    address = _accepted([str(word) for word in container["args"]]).params.get("address")
    listening = address or f"{config['webhooks']['host']}:{config['webhooks']['port']}"
    assert listening == f"0.0.0.0:{port['containerPort']}"
    asked = {name: container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert [one["port"] for one in asked.values()] == [port["name"]] * 3
    assert [one["path"] for one in asked.values()] == ["/healthz", "/healthz", "/readyz"]
    assert workload["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > 10


def test_services_reach_the_pods_they_are_for() -> None:
    for name, service in _named("Service").items():
        workload = {**_named("Deployment"), **_named("StatefulSet")}[name]
        assert service["spec"]["selector"] == workload["spec"]["template"]["metadata"]["labels"]
        ports = {one["name"] for one in _container(workload)["ports"]}
        assert {one.get("targetPort", one["name"]) for one in service["spec"]["ports"]} <= ports


def test_secrets_are_only_referred_to_and_the_database_is_reached_directly() -> None:
    assert _named("Secret") == {}
    for one in OURS:
        known = {entry["name"]: entry for entry in _container(one)["env"]}
        assert known["POSTGRES_PASSWORD"]["valueFrom"]["secretKeyRef"]["name"] == "crossdock-database"
        url = known["DATABASE_URL"]["value"]
        assert database_problem(url) is None
        assert re.search(r":\$\(POSTGRES_PASSWORD\)@crossdock-database:5432/", url)
        # What it refers to must be defined before it, or it is not filled in.
        assert list(known).index("POSTGRES_PASSWORD") < list(known).index("DATABASE_URL")


def test_compose_starts_the_hub_alone_unless_it_is_asked_to_scale_out() -> None:
    services = COMPOSE["services"]
    assert {name: one.get("profiles") for name, one in services.items()} == {
        "database": None,
        "hub": None,
        "receiver": ["scale-out"],
        "worker": ["scale-out"],
    }
    assert services["worker"]["deploy"]["replicas"] == 2
    # The image's health check asks port 8085 of the container itself.
    assert "127.0.0.1:8085" in services["worker"]["command"]
    assert services["receiver"]["environment"] == services["worker"]["environment"] == services["hub"]["environment"]
