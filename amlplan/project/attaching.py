"""Attaches a folder to a history: what `project.json` of Azure ML says, in the same file."""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.config.azureml.project_file import NAME, read_project_file
from amlplan.config.azureml.runconfig import FOLDERS
from amlplan.errors import RunError
from amlplan.files import failure_at, make_folder
from amlplan_schemas.base import HISTORY_PATTERN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.config.azureml.project_file import ProjectFile


def attach(root: Path, history: str | None) -> ProjectFile:
    """Write that runs of a folder go into a history.

    Where none is given, it is the one that a file there names, else it is named for the folder.
    What the file says beside that stays. Raises AmlplanError; may be repeated.
    """
    path, values = _present(root)
    name = _name_of(root, values) if history is None else history
    if re.fullmatch(HISTORY_PATTERN, name) is None:
        raise RunError(
            "No name for a history",
            f"{name!r} cannot be one: letters, digits, - and _ may stand in it, 255 of them at "
            "most, and a letter or a digit comes first.",
        )
    values = {"Scope": f"/projects/{root.resolve().name}", **values, "Id": name}
    _write(root / path, json.dumps(values, indent=4, ensure_ascii=False) + "\n")
    attached = read_project_file(root)
    assert attached is not None  # noqa: S101 - it was written
    return attached


def _name_of(root: Path, values: Mapping[str, object]) -> str:
    present = values.get("Id")
    if isinstance(present, str) and re.fullmatch(HISTORY_PATTERN, present):
        return present
    return re.sub(r"[^a-zA-Z0-9_-]", "-", root.resolve().name).strip("-_")[:255] or "runs"


def _present(root: Path) -> tuple[str, dict[str, object]]:
    """The file that is there with what it says, whatever its Id; else where a new one goes."""
    for folder in FOLDERS:
        path = root / folder / NAME
        if path.is_file():
            return f"{folder}/{NAME}", _values(path)
    return f"{FOLDERS[0]}/{NAME}", {}


def _values(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    raise RunError(
        "A project file is broken",
        f"{path} is there and is no JSON object. Mend or remove it, then attach the folder again.",
    )


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    make_folder(path.parent)
    temporary = None
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{NAME}.", dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).chmod(0o644)  # committed, so readable like the files beside it
        Path(temporary).replace(path)
    except OSError as failure:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise failure_at(path, "written", failure) from failure
