"""``crossdock init``: write a commented configuration to start from."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

from canonical.errors import CrossdockError
from crossdock.cli.app import App, make_command
from crossdock.cli.outcome import Outcome
from crossdock.cli.report import Column, Report, Section

FILES: dict[str, tuple[str, str]] = {
    "crossdock.yaml": ("crossdock.templates", "crossdock.yaml"),
    ".env.example": ("crossdock.templates", "env.example"),
    ".gitignore": ("crossdock.templates", "gitignore"),
    "mappings/README.md": ("crossdock.templates", "mappings/README.md"),
    "schemas/crossdock.schema.json": ("crossdock.schemas", "crossdock.schema.json"),
    "schemas/document.schema.json": ("crossdock.schemas", "document.schema.json"),
    "schemas/mapping.schema.json": ("crossdock.schemas", "mapping.schema.json"),
}
"""Each file under ``config``, and where its text ships; the schemas are for the editor."""


@make_command(
    "init",
    "Write a commented configuration to start from.",
    """
    crossdock init               writes config/ here
    crossdock init /srv/hub      writes /srv/hub/config/
    """,
)
@click.argument("directory", default=".", type=click.Path(path_type=Path, file_okay=False))
def command(app: App, directory: Path) -> Outcome:
    """Write config/crossdock.yaml with a comment on every block, .env.example and a place for your mappings.

    The file passes `crossdock lint` as it is written. Nothing that exists is overwritten.

    JSON: {"files": [{"file"}], ...}
    """
    written = write_files(directory / "config")
    rows = [{"file": str(path)} for path in written]
    steps = (
        f"copy {directory / 'config' / '.env.example'} to .env beside it and fill in your secrets",
        f"edit {directory / 'config' / 'crossdock.yaml'}",
        "crossdock lint",
        "crossdock doctor",
    )
    section = Section("files", [Column("file", "written")], rows)
    return app.output.emit(Report("init", Outcome.IN_SYNC, [section], next=steps))


def texts() -> dict[str, str]:
    """The text of every file by its place under ``config``."""
    return {
        place: resources.files(package).joinpath(name).read_text(encoding="utf-8")
        for place, (package, name) in FILES.items()
    }


def write_files(folder: Path) -> list[Path]:
    """Write every file into a folder; refuses, before it writes anything, when one of them exists."""
    targets = {folder / place: text for place, text in texts().items()}
    present = [str(path) for path in targets if path.exists()]
    if present:
        raise CrossdockError(
            f"nothing was written, since there is already {', '.join(present)}",
            hint="name another folder, move it away, or go on with it: crossdock lint",
        )
    try:
        for path, text in targets.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CrossdockError(f"cannot write {error.filename}: {error.strerror}", hint="check the folder") from error
    return list(targets)
