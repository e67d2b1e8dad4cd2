"""The data that a run reads: fingerprinted, linked into its working folder, told to its script."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.content import content_of
from amlplan.errors import NotFoundError, RunError
from amlplan.files import failure_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Input:
    """One input: where it lies, and the digest and size of what is in it."""

    name: str
    path: Path
    digest: str
    size: int

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
        found.append(Input(name, place, content.digest, content.size))
    return tuple(found)


def link(inputs: Iterable[Input], source: Path, work: Path) -> None:
    """Link inputs into a working folder, at the path they have in the source folder.

    What lies outside of the source, or is in the snapshot already, is left where it is: the
    variable tells its place. Raises AmlplanError where a link cannot be made.
    """
    for item in inputs:
        inner = os.path.relpath(item.path, source)
        place = work / inner
        if inner == "." or inner.startswith("..") or os.path.lexists(place):
            continue
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(item.path)
        except OSError as failure:
            raise failure_at(place, "made", failure) from failure
