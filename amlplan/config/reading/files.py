"""The files of a project: which are read, and their text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.diagnostics import Diagnostic, SourceFile, error

if TYPE_CHECKING:
    from pathlib import Path

CONFIGURATION = (".hcl", ".hcl.json")
DEFAULT_VALUES = ("amlplan.amlvars", "amlplan.amlvars.json")
AUTO_VALUES = (".auto.amlvars", ".auto.amlvars.json")
PERSONAL_VALUES = ("connections.amlvars", "connections.amlvars.json")
"""How I reach things: never committed, and no part of a saved plan."""


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """The text of a project's files, each group sorted by name."""

    configuration: tuple[SourceFile, ...]
    values: tuple[SourceFile, ...]


def read_folder(root: Path, folder: str = ".") -> tuple[ProjectFiles, list[Diagnostic]]:
    """The files of one folder of a project, `.` for its own, and what could not be read.

    Values of variables are read from the project's own folder only.
    """
    problems: list[Diagnostic] = []
    place = root / folder
    try:
        names = sorted(entry.name for entry in place.iterdir())
    except OSError as failure:
        return ProjectFiles((), ()), [
            error(
                "unreadable_folder",
                "Unreadable folder",
                f"The folder {place} cannot be read: {failure.strerror}. Name the folder with the "
                "configuration, as in -chdir=DIR.",
            )
        ]
    hcl = [name for name in names if name.endswith(CONFIGURATION) and not name.startswith(".")]
    values: list[str] = []
    if folder == ".":
        values = [name for name in names if name in DEFAULT_VALUES]
        values += [name for name in names if name.endswith(AUTO_VALUES)]
        values += [name for name in names if name in PERSONAL_VALUES]
    if not hcl:
        problems.append(
            error(
                "no_configuration",
                "No configuration files",
                f"The folder {place} holds no *.hcl file. Change to the project's folder or name "
                "it with -chdir=DIR. The smallest one is a file main.hcl with: "
                'workspace "main" {}',
            )
        )
    return (
        ProjectFiles(
            tuple(_read_all(root, folder, hcl, problems)),
            tuple(_read_all(root, folder, values, problems)),
        ),
        problems,
    )


def is_json(source: SourceFile) -> bool:
    """Whether a file is in the JSON syntax, as its name tells."""
    return source.filename.endswith(".json")


def _read_all(
    root: Path, folder: str, names: list[str], problems: list[Diagnostic]
) -> list[SourceFile]:
    files = []
    for entry in names:
        name = entry if folder == "." else f"{folder}/{entry}"
        path = root / name
        if path.exists() and not (path.is_file() or path.is_dir()):
            # A named pipe would block for ever.
            why = f"{name} is no file but a pipe, a socket or a device. Move it elsewhere."
            problems.append(error("unreadable_file", "Unreadable file", why))
            continue
        source, problem = read_source(path, name)
        if problem is not None:
            problems.append(problem)
        else:
            files.append(source)
    return files


def read_source(path: Path, shown: str) -> tuple[SourceFile, Diagnostic | None]:
    """One file as text, or what kept it from being read; `shown` is its name for people."""
    try:
        raw = path.read_bytes()
    except OSError as failure:
        why = f"The file {shown} cannot be read: {failure.strerror}. Check its name and its mode."
        return SourceFile(shown, ""), error("unreadable_file", "Unreadable file", why)
    return source_of(raw, shown)


def source_of(raw: bytes, shown: str) -> tuple[SourceFile, Diagnostic | None]:
    """Bytes as text, or what keeps them from being that."""
    try:
        return SourceFile(shown, raw.decode("utf-8")), None
    except UnicodeDecodeError as failure:
        line = raw[: failure.start].count(b"\n") + 1
        return SourceFile(shown, ""), error(
            "invalid_encoding",
            "Invalid character encoding",
            f"The file {shown} is not UTF-8: byte {failure.start} on line {line} is no part of a "
            "character. Save the file as UTF-8.",
        )
