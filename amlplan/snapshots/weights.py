"""What the folders and files of a source weigh, and which lines would leave out enough of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.snapshots.tree import line_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from amlplan.snapshots.tree import Found

    Measure = Callable[["Weight"], int]

MANY_ALIKE = 20
"""From so many files of one ending in a folder on, one line for all of them is considered."""
NEARLY_ALL = 0.9
"""Where something holds this part of its folder, a line for it does as well and costs less."""


@dataclass(frozen=True, slots=True)
class Weight:
    """A number of files, and their bytes together."""

    files: int
    size: int


@dataclass(frozen=True, slots=True)
class _Candidate:
    """What one line would leave out: a file, a folder, or the files of a folder with an ending."""

    folder: str
    name: str
    weight: Weight
    is_group: bool = False

    @property
    def path(self) -> str:
        return self.folder + self.name

    @property
    def is_folder(self) -> bool:
        return self.name.endswith("/")

    @property
    def line(self) -> str:
        if self.is_group:
            return f"{line_for(self.folder)}*{line_for(self.name)[1:]}"
        return line_for(self.path)

    def holds(self, path: str) -> bool:
        if not self.is_group:
            return path == self.path or (self.is_folder and path.startswith(self.path))
        inner = path[len(self.folder) :]
        return path.startswith(self.folder) and "/" not in inner and inner.endswith(self.name)


def weights_of(found: Sequence[Found]) -> dict[str, Weight]:
    """The weight of each file, and of each folder by its path with a slash at the end.

    The source itself is "".
    """
    files: defaultdict[str, int] = defaultdict(int)
    sizes: defaultdict[str, int] = defaultdict(int)
    for item in found:
        parts = item.path.split("/")
        folders = ["/".join([*parts[:depth], ""]) for depth in range(len(parts))]
        for name in (*folders, item.path):
            files[name] += 1
            sizes[name] += item.status.st_size
    return {name: Weight(files[name], sizes[name]) for name in files}


def lines_against(found: Sequence[Found], limit: Weight, most: int) -> list[str]:
    """Lines for an ignore file that leave out enough, the heaviest first.

    Empty where `most` lines are not enough.
    """
    lines: list[str] = []
    left = list(found)
    while len(lines) < most and left:
        is_over = len(left) > limit.files
        candidate = _heaviest(left, (lambda w: w.files) if is_over else (lambda w: w.size))
        lines.append(candidate.line)
        left = [item for item in left if not candidate.holds(item.path)]
        if len(left) <= limit.files and sum(item.status.st_size for item in left) <= limit.size:
            return lines
    return []


def _heaviest(found: Sequence[Found], measure: Measure) -> _Candidate:
    """The heaviest at the top, or what is in it where that is nearly all of it."""
    weights = weights_of(found)
    best = reached = _heaviest_in("", weights, measure)
    while reached.is_folder:
        inner = _heaviest_in(reached.path, weights, measure)
        if measure(inner.weight) < NEARLY_ALL * measure(reached.weight):
            break
        if inner.weight.files < best.weight.files:
            best = inner
        reached = inner
    return best


def _heaviest_in(folder: str, weights: Mapping[str, Weight], measure: Measure) -> _Candidate:
    inside: list[_Candidate] = []
    alike: defaultdict[str, list[Weight]] = defaultdict(list)
    for path, weight in weights.items():
        name = path[len(folder) :]
        if not path.startswith(folder) or not name or "/" in name[:-1]:
            continue
        inside.append(_Candidate(folder, name, weight))
        stem, dot, ending = name.rpartition(".")
        if stem and dot and not name.endswith("/"):
            alike[f".{ending}"].append(weight)
    inside += (
        _Candidate(folder, ending, Weight(len(group), sum(w.size for w in group)), is_group=True)
        for ending, group in alike.items()
        if len(group) >= MANY_ALIKE
    )
    return max(inside, key=lambda item: (measure(item.weight), item.weight.size, item.path))
