"""The data that a run reads: fingerprinted, linked into its working folder, told to its script."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.content import content_of
from amlplan.errors import NotFoundError, RunError
from amlplan.files import failure_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


FOLDER = "inputs"
"""The folder in a working folder that inputs of datastores are brought to."""


@dataclass(frozen=True, slots=True)
class Input:
    """One input: where it lies, and the digest and size of what is in it.

    Those of datastores have a mode: `direct` are used where they are, `mount` are linked into the
    working folder, `download` are copied there; others are linked at their place in the source.
    """

    name: str
    path: Path
    digest: str
    size: int
    mode: str = ""

    def place_in(self, work: Path, source: Path | None = None) -> Path:
        """Where a script in a working folder finds it; with a source, only in that folder."""
        if self.mode in {"mount", "download"}:
            return work / FOLDER / self.name
        return self.path if source is None else work / os.path.relpath(self.path, source)

    @property
    def variable(self) -> str:
        """The environment variable that tells the script its path."""
        from amlplan_schemas.run_config import input_variable  # most runs have no input

        return input_variable(self.name)


def fingerprinted(
    paths: Mapping[str, str],
    root: Path,
    cache_folder: Path,
    check: Callable[[], None] = lambda: None,
    modes: Mapping[str, str] | None = None,
) -> tuple[Input, ...]:
    """The inputs of these names, whose paths start in `root`; raises RunError for a missing one.

    Reads what changed since it was last fingerprinted.
    """
    found = []
    for name, path in paths.items():
        place = (root / os.path.expanduser(path)).absolute()  # noqa: PTH111 - inside a path
        try:
            content = content_of(place, cache_folder, check)
        except NotFoundError as failure:
            raise RunError(
                "An input is missing",
                f'The input "{name}" is {place}, which does not exist. Put the data there, or '
                "correct the path.",
            ) from failure
        found.append(Input(name, place, content.digest, content.size, (modes or {}).get(name, "")))
    return tuple(found)


def within(inputs: Iterable[Input], source: Path) -> tuple[Input, ...]:
    """Inputs as a container has them: what is not in the source folder is in one of its own.

    Raises RunError for a name that is none of a folder.
    """
    from amlplan_schemas.run_config import FOLDER_PATTERN

    found = []
    for item in inputs:
        inner = os.path.relpath(item.path, source)
        is_inside = not item.mode and inner != "." and Path(inner).parts[0] != ".."
        if not is_inside and re.fullmatch(FOLDER_PATTERN, item.name) is None:
            raise RunError(
                "The name of an input is no name of a folder",
                f'The input "{item.name}" is brought into the container in a folder of its name, '
                "so it may have letters, digits, . - and _ only. Rename it.",
            )
        found.append(
            item if is_inside else replace(item, mode=item.mode.replace("direct", "") or "mount")
        )
    return tuple(found)


def link(inputs: Iterable[Input], source: Path, work: Path) -> None:
    """Link inputs into a working folder, at the path they have in the source folder.

    What lies outside of the source, or is in the snapshot already, is left where it is: the
    variable tells its place. Raises AmlplanError where a link cannot be made.
    """
    for item in inputs:
        if item.mode:
            _put(item, item.place_in(work))
            continue
        inner = os.path.relpath(item.path, source)
        place = work / inner
        if inner == "." or inner.startswith("..") or os.path.lexists(place):
            continue
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(item.path)
        except OSError as failure:
            raise failure_at(place, "made", failure) from failure


def _put(item: Input, place: Path) -> None:
    """Bring an input of a datastore to its place; raises AmlplanError where that is taken."""
    if place == item.path:
        return
    if os.path.lexists(place):
        raise RunError(
            "The place of an input is taken",
            f'The input "{item.name}" would be {FOLDER}/{item.name} in the working folder, and the '
            "source folder has something of that name. Give the input another name, or use "
            'mode = "direct".',
        )
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if item.mode == "mount":
            place.symlink_to(item.path)
        elif item.path.is_dir():
            shutil.copytree(item.path, place)
        else:
            shutil.copy2(item.path, place)
    except (OSError, shutil.Error) as failure:
        what = failure if isinstance(failure, OSError) else OSError(0, str(failure))
        raise failure_at(place, "made", what) from failure
