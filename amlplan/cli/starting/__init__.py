"""Starting projects: which files each has, and writing them into an empty folder."""

from __future__ import annotations

import sys
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from amlplan.errors import AmlplanError
from amlplan.wording import few

if TYPE_CHECKING:
    from pathlib import Path

_QUICKSTART = ("main.hcl", "train.py", "data/points.csv")
_SCORING = ("scoring/score.py", "sample-request.json")
PROJECTS: Final = {
    "quickstart": _QUICKSTART,
    "deployment": (*_QUICKSTART, "serving.hcl", *_SCORING),
    "docker": (*_QUICKSTART, "docker.hcl", *_SCORING),
}
_SUFFIX = ".template"
"""What the files carry here, so that nobody takes them for parts of amlplan."""
_PYTHON = "PYTHON_VERSION"


class NotEmptyError(AmlplanError):
    """A starting project is asked for where something is already."""

    code = "folder_not_empty"


def write_project(name: str, root: Path) -> tuple[str, ...]:
    """Write a starting project into a folder that holds nothing but hidden files; its files.

    Raises NotEmptyError, and AmlplanError where the folder cannot be written.
    """
    there = sorted(path.name for path in root.iterdir() if not path.name.startswith("."))
    if there:
        raise NotEmptyError(
            "The folder is not empty",
            f"A starting project is written into an empty folder, and {root} holds {few(there)}. "
            f"Make another: mkdir my-project; amlplan -chdir=my-project init -with={name}",
        )
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    for file in PROJECTS[name]:
        template = files(__name__).joinpath(f"{file}{_SUFFIX}").read_text(encoding="utf-8")
        _write(root / file, template.replace(_PYTHON, version))
    return PROJECTS[name]


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(exist_ok=True)
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as failure:
        raise AmlplanError(
            "The project cannot be written", f"{path}: {failure.strerror}. Make it writable."
        ) from failure
