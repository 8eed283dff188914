"""Run the rules of the house over the project: ``python -m tests.checks.house``."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tests.checks import rules, secrets, tree


def findings() -> Iterator[str]:
    """Everything that breaks a rule."""
    sources = tree.sources()
    platforms = tree.platforms()
    yield from rules.sizes(sources)
    yield from rules.broad_excepts(sources)
    yield from rules.platform_names(sources, platforms - {"memory"})
    yield from rules.connectors_apart(sources, platforms)
    yield from rules.wrapped_packages(sources)
    yield from rules.purity(sources)
    yield from rules.finished(sources)
    yield from rules.data_stays_data(sources)
    yield from rules.plain_texts(tree.texts())
    yield from secrets.scan(tree.texts())


def summary() -> str:
    """How large the project is, in one line."""
    code = [source for source in tree.sources() if source.is_code]
    sizes = sorted(source.text.count("\n") for source in code)
    return f"House rules: {len(code)} files of code, median {sizes[len(sizes) // 2]} lines, longest {sizes[-1]}"


def main() -> int:
    """Print every finding; 1 when there is one."""
    found = list(findings())
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{summary()}, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
