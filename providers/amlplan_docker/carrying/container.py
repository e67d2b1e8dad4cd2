"""The container of one run: made, filled, started, ended, removed."""

from __future__ import annotations

import tarfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.errors import ProviderError
from amlplan_docker.carrying.fetching import unpack
from amlplan_docker.carrying.sending import Owner, run_archive, task_archive, tree_archive, users_in
from amlplan_docker.carrying.task import INSIDE, WORK
from amlplan_docker.engine.failures import ConflictError, NotThereError, RefusedError
from amlplan_docker.engine.specification import ContainerSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from amlplan_docker.carrying.task import CarryTask
    from amlplan_docker.engine.client import Engine
    from amlplan_docker.engine.seen import ContainerSeen

ROOT = "/amlplan"
"""The folder in which the run's is put; every image that amlplan makes has it."""
ENDING = 8
"""Seconds that a script and the runner may take to end, before all is killed."""


class RunContainer:
    """A run's container at its engine. Methods raise ProviderError."""

    def __init__(self, task: CarryTask, engine: Engine) -> None:
        self._task, self._engine = task, engine
        self.name = task.container

    def seen(self) -> ContainerSeen | None:
        """As it is now; None where it is gone. One that is not the run's is refused."""
        found = self._engine.container(self.name)
        if found is not None and found.labels.get("amlplan.run") != self._task.run:
            raise ProviderError(
                "The name of a container is taken",
                f"The engine has a container {self.name} that amlplan did not make for this run. "
                "Remove it, then run again.",
            )
        return found

    def make(self, work: Path, task: Mapping[str, Any], gpu_ids: tuple[str, ...] = ()) -> None:
        """Make it anew with all files in it, and a task of the runner's, which has the secrets.

        What an interrupted attempt left is removed. `gpu_ids` are the graphics processors that it
        gets where those of the task are certain ones.
        """
        for _ in range(2):
            try:
                self._engine.create_container(self._spec(gpu_ids))
            except ConflictError:
                self.seen()  # raises where it is another's
                self.remove()
            else:
                break
        owner = self._owner()
        archive = run_archive(work, Path(self._task.recorder), task, owner)
        self._engine.put(self.name, ROOT, archive)

    def give(self, task: Mapping[str, Any]) -> None:
        """Put another task of the runner's into it."""
        self._engine.put(self.name, INSIDE, [task_archive(task, self._owner())])

    def start(self) -> None:
        """Start it on the task that it has."""
        self._engine.start(self.name)

    def tell(self) -> None:
        """Ask the script to end; one that has ended is no failure."""
        with suppress(ConflictError, NotThereError):
            self._engine.kill(self.name, "SIGTERM")

    def end(self) -> None:
        """End it, gently first; blocks until it has ended."""
        with suppress(NotThereError):
            self._engine.stop(self.name, timeout=ENDING)

    def remove(self) -> None:
        """Remove it, whether it runs or not; blocks until it is gone."""
        with suppress(NotThereError):
            try:
                self._engine.remove_container(self.name, force=True)
            except ConflictError:  # somebody else is removing it
                while self._engine.container(self.name) is not None:
                    time.sleep(0.1)

    def fetch(self, path: str, target: Path, root: Path) -> list[str]:
        """Bring a path of the container into a folder; gives the links that lead out of `root`."""
        try:
            return unpack(self._engine.get(self.name, path), target, root)
        except NotThereError:
            return []
        except RefusedError:
            if self._is_going():
                return []
            raise
        except tarfile.TarError as failure:
            raise ProviderError(
                "Files of a container cannot be read", f"{path} of {self.name}: {failure}."
            ) from failure

    def _is_going(self) -> bool:
        """Whether somebody is removing it, or has; an engine is at a loss for words meanwhile."""
        found = self._engine.container(self.name)
        return found is None or found.state in ("removing", "dead")

    def put(self, path: Path, place: str) -> None:
        """Put a file or folder of this host at a place in the container."""
        absolute = place if place.startswith("/") else f"{WORK}/{place}"
        archive = tree_archive(path, absolute.strip("/"), self._owner())
        self._engine.put(self.name, "/", archive)

    def _spec(self, gpu_ids: tuple[str, ...]) -> ContainerSpec:
        task = self._task
        return ContainerSpec(
            name=self.name,
            image=task.image,
            entrypoint=(task.interpreter,),
            command=("-E", "-s", "-S", "-m", "amlplan_docker.inside.runner", INSIDE),
            working_dir=f"{INSIDE}/inside",
            labels=task.labels,
            memory=task.memory,
            cpu=task.cpus,
            gpus=task.gpus or None,
            gpu_ids=gpu_ids,
            shm_size=task.shm_size,
            network=task.network,
            log_options={"max-size": "1m", "max-file": "1"},
        )

    def _owner(self) -> Owner:
        """The user that the image runs its processes as."""
        image = self._engine.image(self._task.image)
        user = "" if image is None else str(image.config.get("User") or "")
        if not user:
            return Owner()
        name, _, group = user.partition(":")
        if name.isdecimal():
            return Owner(int(name), int(group) if group.isdecimal() else 0)
        for line in self._lines("/etc/passwd"):
            fields = line.split(":")
            if len(fields) > 3 and fields[0] == name:  # noqa: PLR2004 - name, password, numbers
                return Owner(int(fields[2]), int(fields[3]))
        raise ProviderError(
            "The user of the image is not known",
            f"The image runs as {name}, which its /etc/passwd does not have.",
        )

    def _lines(self, path: str) -> Iterator[str]:
        data = b"".join(self._engine.get(self.name, path))
        yield from users_in(data).decode(errors="replace").splitlines()
