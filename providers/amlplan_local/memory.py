"""Whether the kernel killed processes for lack of memory, as its counters tell."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


class KillsForMemory:
    """Counts such kills since it was made: of this process's control group, or of the host.

    A control group is counted for as long as its files can be read; `proc` and `control_groups`
    are where the kernel shows them.
    """

    def __init__(
        self, proc: Path = Path("/proc"), control_groups: Path = Path("/sys/fs/cgroup")
    ) -> None:
        self._paths = [*_counters(proc, control_groups), proc / "vmstat"]
        self._before = self._count()

    def happened(self) -> bool:
        """Whether there was one."""
        return self._count() > self._before

    def _count(self) -> int:
        for path in self._paths:
            found = _number_in(path)
            if found is not None:
                return found
        return 0


def _counters(proc: Path, control_groups: Path) -> list[Path]:
    """The files that may tell, the likeliest first; in a container a group may be the root."""
    found: list[Path] = []
    with suppress(OSError, ValueError):
        for line in (proc / "self" / "cgroup").read_text().splitlines():
            _, controllers, group = line.split(":", 2)
            inner = group.lstrip("/")
            if not controllers:
                found += [control_groups / folder / "memory.events" for folder in (inner, "")]
            elif "memory" in controllers.split(","):
                folders = [control_groups / "memory" / inner, control_groups / "memory"]
                found += [folder / "memory.oom_control" for folder in folders]
    return found


def _number_in(path: Path) -> int | None:
    with suppress(OSError, ValueError):
        for line in path.read_text().splitlines():
            name, _, number = line.partition(" ")
            if name == "oom_kill":
                return int(number)
    return None
