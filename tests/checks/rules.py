"""The rules of the house that no linter knows; each yields findings as ``path:line: what is wrong``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from tests.checks.tree import Source

FILE_LIMIT = 500
FUNCTION_LIMIT = 80
# A migration is one frozen list of steps; cutting it up would hide their order.
STEPS = "sync/migrations/versions/"
# A command that is carried out for somebody else turns whatever is left into a message for them; what no one foresaw
# ends what is done with one connection, one sync of the daemon, or one wake. Nothing else swallows what it cannot name.
BROAD_EXCEPTS: dict[str, int] = {
    "crossdock/daemon/commands.py": 1,
    "crossdock/daemon/loop.py": 1,
    "crossdock/engines/embedded.py": 1,
    "sync/contain.py": 1,
}
# Packages without types are wrapped once, so that one file changes when they do.
WRAPPED = ("shopify", "pyactiveresource", "woocommerce", "apscheduler", "stripe")
_IMPURE = {
    "asyncio",
    "httpx",
    "logging",
    "os",
    "random",
    "secrets",
    "socket",
    "sqlalchemy",
    "subprocess",
    "threading",
    "time",
}
IMPURE = {"canonical": _IMPURE | {"importlib", "pathlib", "sys", "uuid", "yaml"}, "mappings": _IMPURE}
# Here a platform may be called by its name: its own folders, the list of connectors, and what sets a stage.
_NAMING = re.compile(
    r"connectors/registry\.py|connectors/(?P<own>\w+)/|mappings/(?P<map>\w+)/|crossdock/demo/|bench/|tests/"
)


def sizes(sources: Iterable[Source]) -> Iterator[str]:
    """Files and functions stay small enough to be read."""
    for source in sources:
        lines = source.text.count("\n")
        if lines > FILE_LIMIT:
            yield f"{source.path}:1: {lines} lines, the limit is {FILE_LIMIT}"
        for node in source.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not source.path.startswith(STEPS):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LIMIT:
                    yield f"{source.path}:{node.lineno}: {node.name} has {length} lines, the limit is {FUNCTION_LIMIT}"


def broad_excepts(sources: Iterable[Source]) -> Iterator[str]:
    """Only what is listed catches everything, and no more often than listed."""
    for source in sources:
        if not source.is_code:
            continue
        found = [_line(node) for node in source.nodes if _catches_all(node)]
        for line in found[BROAD_EXCEPTS.get(source.path, 0) :]:
            yield f"{source.path}:{line}: a broad except; catch what you can name"


def _line(node: ast.AST) -> int:
    line: int = getattr(node, "lineno", 1)
    return line


def _catches_all(node: ast.AST) -> bool:
    broad = {"Exception", "BaseException"}
    if isinstance(node, ast.ExceptHandler):
        if isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None:
            return False  # noted and passed on; nothing is swallowed
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        return any(item is None or (isinstance(item, ast.Name) and item.id in broad) for item in caught)
    if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "suppress":
        return any(isinstance(item, ast.Name) and item.id in broad for item in node.args)
    return False


def platform_names(sources: Iterable[Source], platforms: set[str]) -> Iterator[str]:
    """No decision by a platform's name outside that platform's folders: capabilities are data."""
    for source in sources:
        place = _NAMING.match(source.path)
        if place and (place["own"] or place["map"] or "any") in platforms | {"any"}:
            continue
        for node in source.nodes:
            for name in _decides_by(node) & platforms:
                yield f"{source.path}:{_line(node)}: decides by the platform name {name!r}; ask the manifest"


def _decides_by(node: ast.AST) -> set[object]:
    operands: list[ast.expr] = []
    if isinstance(node, ast.Compare):
        operands = [node.left, *node.comparators]
    elif isinstance(node, ast.MatchValue):
        operands = [node.value]
    elif isinstance(node, ast.Dict):
        operands = [key for key in node.keys if key is not None]
    inner = [
        item for one in operands for item in (one.elts if isinstance(one, ast.Tuple | ast.List | ast.Set) else [one])
    ]
    return {item.value for item in inner if isinstance(item, ast.Constant)}


def connectors_apart(sources: Iterable[Source], platforms: set[str]) -> Iterator[str]:
    """A connector imports no other connector."""
    for source in sources:
        parts = source.path.split("/")
        if parts[0] != "connectors" or parts[1] not in platforms:
            continue
        for name, line in source.imports():
            other = name.split(".")[1] if name.startswith("connectors.") else ""
            if other in platforms and other != parts[1]:
                yield f"{source.path}:{line}: imports another connector, {other}"


def wrapped_packages(sources: Iterable[Source]) -> Iterator[str]:
    """Each package without types is imported by one module only."""
    users: dict[str, dict[str, int]] = {}
    for source in sources:
        if source.is_code:
            for name, line in source.imports():
                users.setdefault(name.split(".")[0], {}).setdefault(source.path, line)
    for package in WRAPPED:
        for path, line in list(users.get(package, {}).items())[1:]:
            yield f"{path}:{line}: imports {package}, which another module already wraps"


def purity(sources: Iterable[Source]) -> Iterator[str]:
    """The ground floor and the mappings do no I/O, read no clock and no environment."""
    for source in sources:
        impure = IMPURE.get(source.path.split("/")[0], set())
        for name, line in source.imports():
            if name in impure:
                yield f"{source.path}:{line}: imports {name}; this code is pure"


def finished(sources: Iterable[Source]) -> Iterator[str]:
    """Nothing is left as a promise."""
    for source in sources:
        for node in source.nodes:
            if source.is_code and isinstance(node, ast.Name) and node.id == "NotImplementedError":
                yield f"{source.path}:{node.lineno}: NotImplementedError; write it or leave it out"


_CODE_FROM_DATA = {"pickle", "marshal", "shelve", "dill", "jsonpickle"}
_UNSAFE_YAML = re.compile(r"\b(?:unsafe_load|full_load|UnsafeLoader|FullLoader|CUnsafeLoader|CFullLoader)\w*")


def data_stays_data(sources: Iterable[Source]) -> Iterator[str]:
    """Nothing that is read becomes code; the linter knows eval, exec, shells and yaml.load, these it does not."""
    for source in sources:
        for name, line in source.imports():
            if source.is_code and name.split(".")[0] in _CODE_FROM_DATA:
                yield f"{source.path}:{line}: imports {name}, which makes code of data"
        for node in source.nodes:
            found = ast.unparse(node) if isinstance(node, ast.Attribute | ast.Name) else ""
            if source.is_code and _UNSAFE_YAML.fullmatch(found.split(".")[-1]):
                yield f"{source.path}:{_line(node)}: {found} makes objects of YAML; use safe_load"


_MARKS = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
_MERGE = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)
_MACHINE = re.compile(r"(?<![\w.$}/-])/(?:home|Users|root|wo" + r"rk)/\w[\w.-]*")


def plain_texts(texts: Iterable[tuple[str, str]]) -> Iterator[str]:
    """No file names somebody's machine, holds a merge mark or a note to do something later."""
    kinds = (
        (_MARKS, "unfinished work"),
        (_MERGE, "a merge mark"),
        (_MACHINE, "a path of one machine"),
    )
    for path, text in texts:
        for pattern, what in kinds:
            for hit in pattern.finditer(text):
                yield f"{path}:{text.count(chr(10), 0, hit.start()) + 1}: {what}: {hit[0][:40]}"
