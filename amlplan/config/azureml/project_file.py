"""What a folder of an Azure ML project says of itself: project.json, and its runconfig files."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from amlplan.config.azureml.runconfig import FOLDERS, SUFFIX
from amlplan.config.azureml.yaml_file import INVALID, LARGEST, SUMMARY
from amlplan.diagnostics import SourceFile, SourceRange, error
from amlplan.errors import ConfigError
from amlplan_schemas.base import HISTORY_PATTERN

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME: Final = "project.json"


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """A project.json: its path in the project, the history that `Id` names, and all of it."""

    path: str
    history: str
    values: Mapping[str, Any]


def read_project_file(root: Path) -> ProjectFile | None:
    """The project.json of a folder, that in `.azureml` before that in `aml_config`.

    Raises ConfigError for one that is not what the SDK writes.
    """
    for folder in FOLDERS:
        path = root / folder / NAME
        if path.is_file():
            return _read(root, f"{folder}/{NAME}")
    return None


def _read(root: Path, name: str) -> ProjectFile:
    try:
        with (root / name).open("rb") as file:
            text = file.read(LARGEST + 1).decode("utf-8-sig")
        values = json.loads(text)
    except OSError as failure:
        raise _wrong(name, "", f"{name} cannot be read: {failure.strerror}.") from None
    except json.JSONDecodeError as failure:
        raise _wrong(name, text, f"This is not JSON: {failure.msg}.", failure.pos) from None
    except (UnicodeDecodeError, RecursionError):
        raise _wrong(name, "", f"{name} is no JSON text.") from None
    history = values.get("Id") if isinstance(values, dict) else None
    if not isinstance(history, str) or re.fullmatch(HISTORY_PATTERN, history) is None:
        raise _wrong(
            name,
            text,
            "Its Id must name a history, with letters, digits, - and _ only. Correct it, or attach "
            "the folder anew: amlplan project attach -history=NAME",
        )
    return ProjectFile(name, history, values)


def _wrong(name: str, text: str, detail: str, at: int = 0) -> ConfigError:
    return ConfigError(
        [error(INVALID, SUMMARY, detail, SourceRange(SourceFile(name, text), at, at))]
    )


def runconfig_path(root: Path, name: str) -> str | None:
    """The runconfig file of a name, or at a path, relative to the project; None without one."""
    if name.endswith(SUFFIX):
        return name if (root / name).is_file() else None
    places = (f"{folder}/{name}{SUFFIX}" for folder in FOLDERS)
    return next((place for place in places if (root / place).is_file()), None)


def runconfig_names(root: Path) -> list[str]:
    """The names of the runconfig files of a folder."""
    found = {path.stem for folder in FOLDERS for path in (root / folder).glob(f"*{SUFFIX}")}
    return sorted(found)
