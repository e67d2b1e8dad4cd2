"""The containers of an engine: made, started, watched, removed, and files put in and taken out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from amlplan_docker.engine.calls import Sent
from amlplan_docker.engine.failures import NotThereError, TooSlowError
from amlplan_docker.engine.frames import pieces_of
from amlplan_docker.engine.parts import Part, filter_of
from amlplan_docker.engine.reading import container_of
from amlplan_docker.engine.specification import limits_of, request_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from amlplan_docker.engine.seen import ContainerSeen
    from amlplan_docker.engine.specification import ContainerSpec

_TAR = {"Content-Type": "application/x-tar"}


class EngineContainers(Part):
    """What concerns containers; each is named by its name or id."""

    def container(self, name: str) -> ContainerSeen | None:
        """The container of a name or an id; None where there is none."""
        try:
            return container_of(self._calls.call("inspect_container", name))
        except NotThereError:
            return None

    def containers(
        self,
        labels: Mapping[str, str | None],
        *,
        all: bool = True,  # noqa: A002 - the engine's word
    ) -> list[ContainerSeen]:
        """The containers that have all of these labels, by name; running ones only, or all."""
        found = self._calls.call("containers", all=all, filters=filter_of(labels))
        seen = (self.container(item["Id"]) for item in found)
        return sorted((each for each in seen if each is not None), key=lambda each: each.name)

    def create_container(self, spec: ContainerSpec) -> str:
        """Make a container, not started; gives its id.

        Raises ConflictError where the name is taken, NotThereError without the image.
        """
        made = self._calls.patient_request(
            "POST", "/containers/create", params={"name": spec.name}, json=request_of(spec)
        )
        return str(made.json()["Id"])

    def start(self, name: str) -> None:
        """Start it; one that runs already is no failure."""
        self._calls.patient_request("POST", f"/containers/{name}/start")

    def stop(self, name: str, timeout: int = 10) -> None:
        """Ask its process to end, and kill it after `timeout` seconds; blocks until it ended."""
        self._calls.patient_request("POST", f"/containers/{name}/stop", params={"t": timeout})

    def kill(self, name: str, signal: str = "KILL") -> None:
        """Send a signal; raises ConflictError where it does not run."""
        self._calls.call("kill", name, signal)

    def remove_container(self, name: str, *, force: bool = False) -> None:
        """Remove it, with its anonymous volumes; `force` also one that runs."""
        asked = {"v": "1", "force": "1" if force else "0"}
        self._calls.patient_request("DELETE", f"/containers/{name}", params=asked)

    def rename(self, name: str, new: str) -> None:
        """Give it another name; raises ConflictError where that is taken."""
        self._calls.call("rename", name, new)

    def update(self, name: str, *, memory: int | None = None, cpu: float | None = None) -> None:
        """Change limits while it runs; None leaves one as it is."""
        asked = limits_of(memory, cpu)
        self._calls.request("POST", f"/containers/{name}/update", json=asked)

    def wait(self, name: str, timeout: float | None = None) -> int:
        """Its exit code once it ended; raises TooSlowError after `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        pause = 0.02
        while True:
            seen = container_of(self._calls.call("inspect_container", name))
            if seen.state in ("exited", "dead"):
                return seen.exit_code
            if deadline is not None and time.monotonic() > deadline:
                raise TooSlowError(
                    "The container did not end in time",
                    f"{seen.name} is {seen.state} after {timeout:g} seconds.",
                )
            time.sleep(pause)
            pause = min(pause * 1.5, 0.5)

    def put(self, name: str, path: str, tar: bytes | Iterable[bytes]) -> None:
        """Unpack a tar into a folder of the container, which need not run."""
        sent = Sent(tar)
        with sent.own_failure_first():
            self._calls.patient_request(
                "PUT",
                f"/containers/{name}/archive",
                params={"path": path},
                data=iter(sent),
                headers=_TAR,
            )

    def get(self, name: str, path: str) -> Iterator[bytes]:
        """A file or folder of the container as a tar stream; raises NotThereError."""
        return self._calls.chunks("GET", f"/containers/{name}/archive", params={"path": path})

    def changes(self, name: str) -> list[str]:
        """The paths that were written, made or removed in it since it was made."""
        return [str(item["Path"]) for item in self._calls.call("diff", name) or ()]

    def logs(
        self,
        name: str,
        *,
        tail: int | None = None,
        follow: bool = False,
        since: float | None = None,
        timestamps: bool = False,
    ) -> Iterator[bytes]:
        """What it wrote, both streams in their order, in pieces as they come.

        With `follow` until it ends; a consumer that stops early closes the iterator.
        """
        asked: dict[str, Any] = {
            "stdout": "1",
            "stderr": "1",
            "follow": "1" if follow else "0",
            "timestamps": "1" if timestamps else "0",
            "tail": "all" if tail is None else str(tail),
            "since": "0" if since is None else f"{since:.9f}",
        }
        return pieces_of(self._calls.chunks("GET", f"/containers/{name}/logs", params=asked))
