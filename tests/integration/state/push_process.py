"""Pushes a state and ends itself by SIGKILL before the n-th thing that it does to the disk."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from amlplan_state.durable import Disk
from state_support import push


class EndingDisk(Disk):
    """Ends the process instead of doing what would be the n-th thing, or in the middle of it."""

    def __init__(self, ends_at: int) -> None:
        self.left = ends_at

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name in {"left", "__class__"} or not callable(found):
            return found
        self.left -= 1
        if self.left == 0:
            return _end_in_the_middle if name == "write" else _end
        return found


def _end_in_the_middle(descriptor: int, data: bytes) -> None:
    os.write(descriptor, data[: len(data) // 2])
    _end()


def _end(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    push(Path(sys.argv[1]), sys.argv[2], force=True, disk=EndingDisk(int(sys.argv[3])))
