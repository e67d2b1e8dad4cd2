"""Clears away: decides which runs may go, removes them, then the content that nobody refers to."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.abilities import Swept
from amlplan.digests import digests_in
from amlplan.files import failure_at
from amlplan.history import FINAL
from amlplan.history_location import read_location
from amlplan.lockfile import LOCK_NAME
from amlplan.looking.clearing.references import (
    digests_of_runs,
    parents_of_kept,
    reasons_to_keep,
)
from amlplan.runs.elsewhere import is_elsewhere
from amlplan.store_use import RECENT, alone_with

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from amlplan.abilities import ModelVersion, SweepsContent
    from amlplan.history import RunOverview
    from amlplan.runs.place import RunPlace

_REMOVED = ".removed-"
"""Begins the name of a folder that is being removed; no run is called so."""


@dataclass(frozen=True, slots=True)
class Clearing:
    """What clearing would do: runs that go, with the bytes of their folders, and those that stay.

    `kept` has why each stays of those that were to go. `swept` is what would go of the content,
    nothing of it where other hosts share the store: what their runs refer to is not all known here.
    """

    runs: Sequence[RunOverview]
    sizes: Mapping[str, int]
    kept: Mapping[str, str]
    swept: Swept
    is_shared: bool = False

    @property
    def size(self) -> int:
        """All bytes that would be free then."""
        return sum(self.sizes.values()) + self.swept.size

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to clear away."""
        return not (self.runs or self.swept.contents or self.swept.snapshots)


@dataclass(frozen=True, slots=True)
class Clearer:
    """Clears one workspace. `models` gives its registered models as they are when it is called."""

    place: RunPlace
    root: Path
    workspaces: SweepsContent
    models: Callable[[], Mapping[str, Sequence[ModelVersion]]]

    def foresee(self, candidates: Sequence[RunOverview]) -> Clearing:
        """What would be cleared away, if these runs were to go; changes nothing."""
        runs, kept = self._divided(candidates)
        ids = {run.summary.id for run in runs}
        swept = self._sweep(ids, is_dry=True)
        sizes = {run_id: self._size(run_id) for run_id in ids}
        return Clearing(runs, sizes, kept, swept, self._is_shared)

    def carry_out(self, approved: Collection[RunOverview]) -> Clearing:
        """Remove those of the approved runs that nothing has come to refer to, and content.

        Nobody adds to the store meanwhile. Killed at any point, what is there stays consistent,
        and clearing again goes on. Raises AmlplanError.
        """
        with alone_with(self.place.content.folder):
            self._drop_leavings()
            runs, kept = self._divided(list(approved))
            sizes = {run.summary.id: self._size(run.summary.id) for run in runs}
            for run_id in sizes:
                self._remove(run_id)
            self.place.history.sync(wait=True)
            swept = self._sweep(set(), is_dry=False)
            return Clearing(runs, sizes, kept, swept, self._is_shared)

    @property
    def _is_shared(self) -> bool:
        return read_location(self.place.folder) is not None

    def _divided(
        self, candidates: Sequence[RunOverview]
    ) -> tuple[list[RunOverview], dict[str, str]]:
        kept = reasons_to_keep(self.place, candidates, self.models(), self.root)
        for run in candidates:
            if is_elsewhere(run.summary, self.place):
                kept[run.summary.id] = f"it is on {run.summary.host}, and is cleared away there"
        every = self.place.history.overviews(with_children=True)
        statuses = {run.summary.id: run.summary.status for run in every}
        while True:
            runs = [run for run in candidates if run.summary.id not in kept]
            runs = [run for run in runs if statuses.get(run.summary.id) in FINAL]
            more = parents_of_kept(every, {run.summary.id for run in runs})
            if not more:
                return runs, kept
            kept |= more

    def _sweep(self, leaving: set[str], *, is_dry: bool) -> Swept:
        if self._is_shared:
            return Swept()
        kept = digests_of_runs(self.place.folder / "runs", leaving)
        kept |= self.workspaces.referred(self.place.folder)
        kept |= digests_in(self.root / LOCK_NAME)
        return self.workspaces.sweep(self.place.folder, kept, self._before(), is_dry=is_dry)

    def _before(self) -> float:
        """The moment from which on content may belong to something that is not recorded yet.

        A run that goes on stores its outputs one by one, and tells of them at its end.
        """
        begun = [run.created for run in self.place.history.unfinished()]
        return min([time.time(), *begun]) - RECENT

    def _size(self, run_id: str) -> int:
        size = 0
        for folder, _, names in os.walk(self.place.folder_of(run_id)):
            for name in names:
                with suppress(OSError):
                    size += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118
        return size

    def _remove(self, run_id: str) -> None:
        """Take a run away at once: it is there as a whole, or not at all."""
        folder = self.place.folder_of(run_id)
        aside = folder.with_name(_REMOVED + folder.name)
        try:
            folder.rename(aside)
        except FileNotFoundError:
            return
        except OSError as failure:
            raise failure_at(folder, "removed", failure) from failure
        _remove_folder(aside)

    def _drop_leavings(self) -> None:
        """Remove what an earlier clearing that was killed had put aside."""
        with suppress(FileNotFoundError):
            for path in (self.place.folder / "runs").iterdir():
                if path.name.startswith(_REMOVED):
                    _remove_folder(path)


def _remove_folder(path: Path) -> None:
    """Remove a folder, also one in which a script took its rights away."""
    for folder, names, _ in os.walk(path):
        for name in names:
            with suppress(OSError):
                place = os.path.join(folder, name)  # noqa: PTH118 - names may be no text
                if not os.path.islink(place):  # noqa: PTH114
                    os.chmod(place, 0o700)  # noqa: PTH101
    try:
        shutil.rmtree(path)
    except OSError as failure:
        raise failure_at(path, "removed", failure) from failure
