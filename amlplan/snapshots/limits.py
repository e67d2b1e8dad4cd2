"""How large a snapshot may be, and what is said about one that is larger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.errors import AmlplanError
from amlplan.snapshots.ignore import GIT, OWN
from amlplan.snapshots.weights import Weight, lines_against, weights_of
from amlplan.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from amlplan.snapshots.ignore import IgnoreRules
    from amlplan.snapshots.tree import Found

NAMED = 5
"""How many of the largest are named."""
MOST_LINES = 5
"""A way out of more lines than that is none."""
NEARLY_ALL = 0.9
"""A folder that holds this part of another is named in place of it."""


def check_limits(
    rules: IgnoreRules, found: Sequence[Found], *, max_size: int, max_files: int
) -> None:
    """Raise AmlplanError, naming what is largest, where there is more than a snapshot may have."""
    size = sum(item.status.st_size for item in found)
    if len(found) <= max_files and size <= max_size:
        return
    holds = f"{rules.source} holds {counted(len(found), 'file')} of {_shown(size)} together"
    if len(found) > max_files:
        summary, limit = "Too many files for a snapshot", f"max_files = {max_files}"
        largest = _largest(found, lambda weight: weight.files)
    else:
        summary, limit = "Too large for a snapshot", f"max_size = {_shown(max_size)}"
        largest = _largest(found, lambda weight: weight.size)
    lines = lines_against(found, Weight(max_files, max_size), MOST_LINES)
    raise AmlplanError(
        summary,
        f"{holds}, and the limit is {limit}.\n\n{largest}\n\n{_way_out(rules, lines)}",
    )


def _way_out(rules: IgnoreRules, lines: Sequence[str]) -> str:
    otherwise = "Keep data in a datastore, or raise the limit in the block snapshot."
    file = f"{OWN} (which then decides alone) or {GIT}" if rules.file == GIT else OWN
    if not lines:
        return f"Leave out what the script does not need by lines in {file}. {otherwise}"
    what = "This line" if len(lines) == 1 else "These lines"
    shown = "".join(f"\n  {line}" for line in lines)
    return (
        f"{what} in {file} would leave out enough; see that the script needs nothing of it:\n"
        f"{shown}\n\n{otherwise}"
    )


def _largest(found: Sequence[Found], measure: Callable[[Weight], int]) -> str:
    weights = {path: weight for path, weight in weights_of(found).items() if path}
    folders = [path for path in _told_apart(weights, measure) if path.endswith("/")]
    files = [path for path in weights if not path.endswith("/")]
    said = []
    for what, paths in (("folders", folders), ("files", files)):
        paths.sort(key=lambda path: (-measure(weights[path]), -weights[path].size, path))
        if paths:
            named = ", ".join(f"{path} ({_told(weights[path])})" for path in paths[:NAMED])
            said.append(f"  The largest {what}: {named}")
    return "\n".join(said)


def _told_apart(
    weights: Mapping[str, Weight], measure: Callable[[Weight], int]
) -> dict[str, Weight]:
    """The folders without those that are large for one that they hold only."""
    hidden = set()
    for path in weights:
        above = f"{path.removesuffix('/').rpartition('/')[0]}/"
        inner_is_all = path.endswith("/") and above in weights
        if inner_is_all and measure(weights[path]) >= NEARLY_ALL * measure(weights[above]):
            hidden.add(above)
    return {path: weight for path, weight in weights.items() if path not in hidden}


def _told(weight: Weight) -> str:
    if weight.files == 1:
        return _shown(weight.size)
    return f"{counted(weight.files, 'file')}, {_shown(weight.size)}"


def _shown(size: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:  # noqa: PLR2004 - what the units are made of
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
