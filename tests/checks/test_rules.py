"""The rules of the house hold, and each of them can fail."""

from __future__ import annotations

import pytest

from tests.checks import house, rules
from tests.checks.tree import Source

PLATFORMS = {"acme", "bolt"}


def test_the_project_keeps_the_rules_of_the_house() -> None:
    assert list(house.findings()) == []


def test_a_file_above_the_limit_is_found() -> None:
    assert len(list(rules.sizes([Source("sync/a.py", "x = 1\n" * (rules.FILE_LIMIT + 1))]))) == 1
    assert list(rules.sizes([Source("sync/a.py", "x = 1\n" * rules.FILE_LIMIT)])) == []


def test_a_function_above_the_limit_is_found_with_its_name() -> None:
    body = "def long() -> None:\n" + "    x = 1\n" * rules.FUNCTION_LIMIT
    assert list(rules.sizes([Source("sync/a.py", body)])) == ["sync/a.py:1: long has 81 lines, the limit is 80"]


@pytest.mark.parametrize(
    "handler",
    [
        "try:\n    f()\nexcept:\n    pass\n",
        "try:\n    f()\nexcept Exception:\n    pass\n",
        "try:\n    f()\nexcept (KeyError, BaseException) as error:\n    pass\n",
        "with contextlib.suppress(Exception):\n    f()\n",
    ],
)
def test_every_form_of_catching_everything_is_found(handler: str) -> None:
    assert len(list(rules.broad_excepts([Source("sync/a.py", handler)]))) == 1


def test_catching_what_has_a_name_is_fine() -> None:
    assert (
        list(rules.broad_excepts([Source("sync/a.py", "try:\n    f()\nexcept (KeyError, OSError):\n    pass\n")])) == []
    )


def test_noting_everything_and_passing_it_on_is_fine() -> None:
    passed_on = "try:\n    f()\nexcept BaseException:\n    note()\n    raise\n"
    assert list(rules.broad_excepts([Source("sync/a.py", passed_on)])) == []
    replaced = passed_on.replace("raise", "raise KeyError from None")
    assert len(list(rules.broad_excepts([Source("sync/a.py", replaced)]))) == 1


def test_the_listed_broad_excepts_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rules.BROAD_EXCEPTS, "sync/jobs.py", 1)
    once = "try:\n    f()\nexcept Exception:\n    pass\n"
    assert list(rules.broad_excepts([Source("sync/jobs.py", once)])) == []
    assert len(list(rules.broad_excepts([Source("sync/jobs.py", once * 2)]))) == 1


@pytest.mark.parametrize("decision", ['x == "acme"', 'x in ("acme", "other")', '{"acme": 1}[x]', '"acme" != x'])
def test_deciding_by_a_platform_name_is_found_outside_its_own_folder(decision: str) -> None:
    for path in ("sync/plan.py", "connectors/http/retry.py", "mappings/compiler.py", "crossdock/cli/main.py"):
        assert len(list(rules.platform_names([Source(path, decision)], PLATFORMS))) == 1
    for path in ("connectors/acme/client.py", "mappings/acme/x.py", "crossdock/demo/story.py", "tests/unit/a.py"):
        assert list(rules.platform_names([Source(path, decision)], PLATFORMS)) == []


def test_a_connector_that_imports_another_is_found() -> None:
    code = Source(
        "connectors/acme/client.py", "from connectors.bolt.client import sign\nfrom connectors.http import Transport\n"
    )
    found = list(rules.connectors_apart([code], PLATFORMS))
    assert found
    assert all("bolt" in line for line in found)


def test_an_untyped_package_is_wrapped_by_one_module_only() -> None:
    users = [Source(f"connectors/acme/{name}.py", "import woocommerce\n") for name in ("oauth", "client")]
    assert list(rules.wrapped_packages(users[:1])) == []
    assert len(list(rules.wrapped_packages(users))) == 1
    assert list(rules.wrapped_packages([Source("sync/a.py", "from connectors.shopify import client\n")] * 2)) == []


def test_pure_code_that_reaches_out_is_found() -> None:
    assert len(list(rules.purity([Source("canonical/a.py", "import os\n")]))) == 1
    assert len(list(rules.purity([Source("mappings/a.py", "def f():\n    import httpx\n")]))) == 1
    assert list(rules.purity([Source("sync/a.py", "import os\n")])) == []


@pytest.mark.parametrize(
    "text",
    [
        "x  # TO" + "DO later",
        "<" * 7 + " HEAD",
        "see /ho" + "me/somebody/notes",
    ],
)
def test_a_text_that_must_not_be_published_is_found(text: str) -> None:
    assert len(list(rules.plain_texts([("docs/a.md", "first line\n" + text)]))) == 1


@pytest.mark.parametrize(
    "code", ["import pickle", "import shelve", "yaml.unsafe_load(text)", "yaml.load(text, Loader=FullLoader)"]
)
def test_code_made_of_data_is_found(code: str) -> None:
    assert len(list(rules.data_stays_data([Source("sync/a.py", code)]))) == 1
    assert list(rules.data_stays_data([Source("sync/a.py", "yaml.safe_load(text)\nimport json\n")])) == []


def test_ordinary_texts_pass() -> None:
    harmless = "https://example.com/home/page and ${HOME}/x and ./work/item, a method called todo()"
    assert list(rules.plain_texts([("docs/a.md", harmless)])) == []
