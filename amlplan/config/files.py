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


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """The text of a project's files, each group sorted by name."""

    configuration: tuple[SourceFile, ...]
    values: tuple[SourceFile, ...]


def read_project(root: Path) -> tuple[ProjectFiles, list[Diagnostic]]:
    """The configuration and value files of one folder, and what could not be read."""
    problems: list[Diagnostic] = []
    try:
        names = sorted(entry.name for entry in root.iterdir())
    except OSError as failure:
        return ProjectFiles((), ()), [
            error(
                "unreadable_folder",
                "Unreadable folder",
                f"The folder {root} cannot be read: {failure.strerror}. Name the folder with the "
                "configuration, as in -chdir=DIR.",
            )
        ]
    hcl = [name for name in names if name.endswith(CONFIGURATION) and not name.startswith(".")]
    values = [name for name in names if name in DEFAULT_VALUES]
    values += [name for name in names if name.endswith(AUTO_VALUES)]
    if not hcl:
        problems.append(
            error(
                "no_configuration",
                "No configuration files",
                f"The folder {root} holds no *.hcl file. Change to the project's folder or name "
                "it with -chdir=DIR. The smallest one is a file main.hcl with: "
                'workspace "main" {}',
            )
        )
    return (
        ProjectFiles(
            tuple(_read_all(root, hcl, problems)), tuple(_read_all(root, values, problems))
        ),
        problems,
    )


def is_json(source: SourceFile) -> bool:
    """Whether a file is in the JSON syntax, as its name tells."""
    return source.filename.endswith(".json")


def _read_all(root: Path, names: list[str], problems: list[Diagnostic]) -> list[SourceFile]:
    files = []
    for name in names:
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
