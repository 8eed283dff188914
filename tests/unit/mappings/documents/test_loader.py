"""Loading: the shipped file, the operator's changes on top, and problems with their places."""

from __future__ import annotations

from pathlib import Path

import pytest

from canonical.errors import ConfigError
from mappings.documents import compile_document, load_documents, read_documents
from mappings.loader import SHIPPED
from tests.unit.mappings.documents.conftest import CONTEXT, raw

PAYOUT = """\
platform: acme
document: payout
resource: payouts
fields:
  id: id
  amount: {path: amount, read: minor(cur)}
  currency: cur
  status: {path: state, default: unknown}
  created_at: {path: at, read: utc}
  itemized: {path: state, values: {done: true, "*": false}}
"""


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A folder of shipped mappings with one payout."""
    _write(tmp_path / "shipped", PAYOUT)
    return tmp_path / "shipped"


def _write(folder: Path, text: str, document: str = "payout") -> Path:
    path = folder / "acme" / "documents" / f"{document}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def _errors(tmp_path: Path, shipped: Path) -> list[str]:
    with pytest.raises(ConfigError) as error:
        load_documents("acme", tmp_path / "ours", shipped)
    return [str(problem) for problem in error.value.problems]


def test_the_operator_changes_single_keys(tmp_path: Path, shipped: Path) -> None:
    text = 'fields:\n  status: {default: new}\n  itemized: {values: {booked: true}}\n  balance_id: "^entry"\n'
    _write(tmp_path / "ours", text)
    (spec,) = load_documents("acme", tmp_path / "ours", shipped)
    mapping = compile_document(spec, CONTEXT)
    payout = mapping.decode(raw(amount=5, state=None, entry="e"))
    assert (payout.status, payout.itemized, payout.balance_id) == ("new", False, "e")
    assert mapping.decode(raw(amount=5, state="booked")).itemized
    assert mapping.decode(raw(amount=5, state="done")).itemized


def test_the_operator_takes_a_key_away_or_replaces_a_source(tmp_path: Path, shipped: Path) -> None:
    _write(tmp_path / "ours", "fields:\n  itemized: null\n  status: word\n  amount: {path: null, sum: [a, b]}\n")
    (spec,) = load_documents("acme", tmp_path / "ours", shipped)
    assert set(spec.body.fields) == {"id", "amount", "currency", "status", "created_at"}
    assert "word" in compile_document(spec, CONTEXT).read_paths


def test_a_document_of_the_operator_alone_is_loaded(tmp_path: Path, shipped: Path) -> None:
    text = "platform: acme\ndocument: cancel_request\noperation: order.cancel\nfields: {id: target_id}\n"
    _write(tmp_path / "ours", text, "cancel_request")
    assert [spec.document for spec in load_documents("acme", tmp_path / "ours", shipped)] == [
        "cancel_request",
        "payout",
    ]


def test_all_problems_are_told_at_once_each_in_the_file_that_says_it(tmp_path: Path, shipped: Path) -> None:
    ours = _write(tmp_path / "ours", "fields:\n  itemised: {value: true}\n  amount:\n    read: minr(cur)\n")
    _write(shipped, PAYOUT.replace("currency: cur", "currency: {pth: cur}").replace("payout", "charge"), "charge")
    said = _errors(tmp_path, shipped)
    assert len(said) == 3
    assert said[0].startswith(f"{shipped}/acme/documents/charge.yaml:7:14: unknown key 'pth'")
    assert said[1] == f"{ours}:2:3: PayoutRecord has no field 'itemised' (did you mean 'itemized'?)"
    assert said[2] == f"{ours}:4:11: unknown transform 'minr(cur)' (did you mean 'minor'?)"


@pytest.mark.parametrize(
    ("document", "text", "said"),
    [
        ("payment", "", "there is no document 'payment' (did you mean 'payout'?)"),
        ("payout", "fields: [", "not valid YAML"),
        ("payout", "platform: acne\n", "1:1: platform is 'acne', but the file is for 'acme' (did you mean 'acme'?)"),
        ("payout", "document: charge\n", "1:1: document is 'charge', but the file is for 'payout'"),
        ("payout", "fields: {amount: {sum: [a]}}\n", "exactly one of path, first, join, value, sum"),
        ("payout", "list: {}\n", "1:1: unknown key 'list' (did you mean 'lists'?)"),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, shipped: Path, document: str, text: str, said: str) -> None:
    _write(tmp_path / "ours", text, document)
    assert said in "\n".join(_errors(tmp_path, shipped))


def test_a_broken_file_does_not_hide_the_others(tmp_path: Path, shipped: Path) -> None:
    _write(tmp_path / "ours", "{", "charge")
    specs, problems = read_documents("acme", tmp_path / "ours", shipped)
    assert [spec.document for spec in specs] == ["payout"]
    assert len(problems) == 1


def test_a_platform_without_documents_has_none(tmp_path: Path) -> None:
    assert load_documents("nobody", tmp_path, tmp_path) == []


SHIPPED_FILES = sorted(SHIPPED.glob("*/documents/*.yaml"))


@pytest.mark.parametrize("path", SHIPPED_FILES, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")
def test_shipped_documents_load_and_say_what_they_do_with_every_value(path: Path) -> None:
    specs, problems = read_documents(path.parent.parent.name)
    assert [str(problem) for problem in problems if problem.file.endswith(path.name)] == []
    (spec,) = (one for one in specs if one.document == path.stem)
    mapping = compile_document(spec, CONTEXT)
    assert bool(mapping.read_paths) is not spec.writing
    assert spec.file == f"mappings/{path.relative_to(SHIPPED).as_posix()}"
