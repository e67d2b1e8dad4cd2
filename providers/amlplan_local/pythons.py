"""Where the Pythons of this machine lie, for uv, which stops at a shim that leads nowhere."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OLDEST = (3, 6)
"""uv fails at an older one, even where it looks for another."""
_MANAGERS = (
    ("PYENV_ROOT", ".pyenv", "versions/*/bin"),
    ("ASDF_DATA_DIR", ".asdf", "installs/python/*/bin"),
    ("MISE_DATA_DIR", ".local/share/mise", "installs/python/*/bin"),
)
"""The variable that names each manager's folder, where that is else, and where Pythons are in it.

Each has its shims in a folder `shims`.
"""


def search_path(variables: Mapping[str, str]) -> str:
    """The PATH on which uv finds every Python: managers' versions in place of their shims.

    A shim fails where its manager was not told which version is meant, although it is there.
    """
    folders = variables.get("PATH", os.defpath).split(os.pathsep)
    for root, places in _managers(variables):
        there = [folder for folder in root.glob(places) if _version(folder) >= OLDEST]
        found = sorted(there, key=_version, reverse=True)
        shims = os.path.normpath(root / "shims")
        at = next((i for i, name in enumerate(folders) if os.path.normpath(name) == shims), None)
        if found and at is not None:
            folders[at : at + 1] = map(str, found)
        else:
            folders += map(str, found)
    return os.pathsep.join(dict.fromkeys(folders))


def _version(folder: Path) -> tuple[int, ...]:
    """The version that a folder of a manager is named for, () where it is no CPython's."""
    name = folder.parent.name
    return tuple(map(int, name.split("."))) if re.fullmatch(r"\d+(\.\d+)+", name) else ()


def _managers(variables: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    home = variables.get("HOME")
    for name, place, versions in _MANAGERS:
        if variables.get(name):
            yield Path(variables[name]), versions
        elif home:
            yield Path(home) / place, versions
