"""How many processes of this container the kernel killed for lack of memory."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

COUNTERS = (
    "/sys/fs/cgroup/memory.events",
    "/sys/fs/cgroup/memory/memory.oom_control",
)
"""Where the kernel counts, by the version of control groups; a container sees its own."""


def kills() -> "Optional[int]":
    """The count; None where the kernel shows none."""
    counts = (_count_in(path) for path in COUNTERS)
    return next((count for count in counts if count is not None), None)


def _count_in(path: str) -> "Optional[int]":
    try:
        with open(path) as file:
            for line in file:
                name, _, number = line.partition(" ")
                if name == "oom_kill":
                    return int(number)
    except (OSError, ValueError):
        return None
    return None
