"""Makes an image in a process of its own, which is killed at a call to the engine.

Arguments: a file with the pickled `DockerImages` and `Desired`, and where to die: the number of a
call before which, or `load` for the middle of the archive. Prints the number of calls otherwise.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan.testing import StandInOperation
from amlplan_docker.engine.client import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

CALLS = ("image", "images", "facts", "load", "save", "tag", "remove_image", "pull", "push")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Counted:
    """The calls to an engine, of which one is not survived."""

    def __init__(self, last: int | None) -> None:
        self.count = 0
        self.last = last
        self._is_inside = False

    def wrapped(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            if not self._is_inside:  # some calls are made of others
                self.count += 1
                if self.count == self.last:
                    die()
            self._is_inside, before = True, self._is_inside
            try:
                return call(*arguments, **named)
            finally:
                self._is_inside = before

        return counted


def dying_halfway(pieces: Iterable[bytes], *_: object) -> Iterator[bytes]:
    for number, piece in enumerate(pieces):
        yield piece
        if number > 3:
            die()


def main() -> None:
    bench, desired = pickle.loads(Path(sys.argv[1]).read_bytes())
    where = sys.argv[2]
    counted = Counted(int(where) if where.isdigit() else None)
    for name in CALLS:
        setattr(Engine, name, counted.wrapped(getattr(Engine, name)))
    if where == "load":
        from amlplan_docker.images import made as image_made

        image_made.sent = dying_halfway  # type: ignore[attr-defined,assignment]
    bench.provider.create(desired, StandInOperation())
    print(counted.count)


if __name__ == "__main__":
    main()
