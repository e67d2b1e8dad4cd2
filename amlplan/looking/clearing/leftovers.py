"""Containers of runs that are still on an engine though nothing looks after their run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.abilities import SUPERVISED
from amlplan.containers import FindsLeftovers
from amlplan.errors import HistoryError, ProviderError
from amlplan.history import FINAL
from amlplan.provider import has

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amlplan.containers import Leftover
    from amlplan.registry import Registry
    from amlplan.runs.place import RunPlace
    from amlplan_schemas.state import Record

CONTAINERS = "compute.docker"
"""The kind whose provider knows the engine of this host."""


@dataclass(frozen=True, slots=True)
class LeftContainer:
    """A container that may go: where it is, None being the engine of this host, and why."""

    target: Record | None
    found: Leftover
    why: str


@dataclass(slots=True)
class Leftovers:
    """Looks for them on every engine of a project, and on that of this host.

    `unreached` gets what kept engines from being looked at.
    """

    place: RunPlace
    registry: Registry
    targets: Iterable[Record]
    unreached: list[ProviderError]

    def find(self) -> list[LeftContainer]:
        """What may go, by the names of the containers."""
        found: dict[str, LeftContainer] = {}
        # An engine of this host is asked only where runs of this workspace were in containers.
        had = any("engine" in run.definition for run in self.place.history.overviews())
        for target in (*self.targets, *([None] if had else [])):
            for each in self._on(target):
                why = self._reason(each)
                if why is not None:
                    found.setdefault(each.name, LeftContainer(target, each, why))
        return [found[name] for name in sorted(found)]

    def remove(self, left: Iterable[LeftContainer]) -> list[LeftContainer]:
        """Remove those that may still go, and give them; raises ProviderError."""
        still = {each.found.name for each in self.find()}
        gone = [each for each in left if each.found.name in still]
        for each in gone:
            provider = self._provider(each.target)
            if provider is not None:
                provider.remove_container(each.target, each.found.name)
        return gone

    def _on(self, target: Record | None) -> Iterator[Leftover]:
        provider = self._provider(target)
        if provider is None:
            return
        try:
            yield from provider.containers_of_runs(target)
        except ProviderError as failure:
            if target is not None:  # a host without an engine is none that lacks something
                self.unreached.append(failure)

    def _provider(self, target: Record | None) -> FindsLeftovers | None:
        kind = CONTAINERS if target is None else target.kind
        if kind not in self.registry.kinds:
            return None
        try:
            provider = self.registry.provider(kind)
        except ProviderError:  # its SDK is not installed, so nothing was ever put there from here
            return None
        return provider if has(provider, FindsLeftovers) else None

    def _reason(self, found: Leftover) -> str | None:
        """Why a container may go; None where it may not, or is not for this workspace to judge."""
        folder = self.place.folder_of(found.run)
        if found.is_of_this_host and Path(found.folder) == folder.absolute() and folder.is_dir():
            return self._reason_of_known(found.run, folder)
        if found.is_of_this_host and found.folder and not Path(found.folder).exists():
            return "the folder of its run was removed"
        return None

    def _reason_of_known(self, run_id: str, folder: Path) -> str | None:
        try:
            status = self.place.history.run(run_id).summary.status
        except HistoryError:
            return "its run was cleared away"
        if status not in FINAL or self.place.jobs.pull(run_id, folder) in SUPERVISED:
            return None
        return f"its run is {status}"
