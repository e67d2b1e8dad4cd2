"""How large a snapshot may be, and what is said about one that is larger."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.errors import AmlplanError
from amlplan.snapshots.ignore import GIT, OWN
from amlplan.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from amlplan.snapshots.ignore import IgnoreRules
    from amlplan.snapshots.tree import Found

NAMED = 5
"""How many of the largest are named."""
NEARLY_ALL = 0.9
"""A folder that holds this part of all is looked into: its name alone would not help."""


@dataclass(frozen=True, slots=True)
class _Weight:
    files: int
    size: int


def check_limits(
    rules: IgnoreRules, found: Sequence[Found], *, max_size: int, max_files: int
) -> None:
    """Raise AmlplanError, naming what is largest, where there is more than a snapshot may have."""
    size = sum(item.status.st_size for item in found)
    holds = f"{rules.source} holds {counted(len(found), 'file')} of {_shown(size)} together"
    if len(found) > max_files:
        said = _largest(found, lambda weight: weight.files)
        raise _refused("Too many files for a snapshot", f"max_files = {max_files}", holds, said)
    if size > max_size:
        said = _largest(found, lambda weight: weight.size)
        limit = f"max_size = {_shown(max_size)}"
        raise _refused("Too large for a snapshot", limit, holds, said)


def _refused(summary: str, limit: str, holds: str, largest: str) -> AmlplanError:
    return AmlplanError(
        summary,
        f"{holds}, and the limit is {limit}. The largest: {largest}. Leave out what the script "
        f"does not need by a line for each, as in data/, in {OWN} (which then decides alone) or "
        f"{GIT}, and keep data in a datastore; or raise the limit in the block snapshot.",
    )


def _largest(found: Sequence[Found], measure: Callable[[_Weight], int]) -> str:
    weights = _weights(found)
    folder, everything = "", measure(weights[""])
    while True:
        inside = [
            path
            for path in weights
            if path.startswith(folder) and path != folder and "/" not in path[len(folder) : -1]
        ]
        inside.sort(key=lambda path: (-measure(weights[path]), path))
        first = inside[0]
        if not first.endswith("/") or measure(weights[first]) < NEARLY_ALL * everything:
            break
        folder = first
    named = inside[:NAMED]
    return ", ".join(f"{path} ({_told(weights[path])})" for path in named)


def _weights(found: Sequence[Found]) -> dict[str, _Weight]:
    """The weight of each file, and of each folder by its path with a slash at the end."""
    files: defaultdict[str, int] = defaultdict(int)
    sizes: defaultdict[str, int] = defaultdict(int)
    for item in found:
        parts = item.path.split("/")
        names = ["/".join([*parts[:depth], ""]) for depth in range(len(parts))]
        for name in (*names, item.path):
            files[name] += 1
            sizes[name] += item.status.st_size
    return {name: _Weight(files[name], sizes[name]) for name in files}


def _told(weight: _Weight) -> str:
    if weight.files == 1:
        return _shown(weight.size)
    return f"{counted(weight.files, 'file')}, {_shown(weight.size)}"


def _shown(size: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:  # noqa: PLR2004 - what the units are made of
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
