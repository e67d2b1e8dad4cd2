"""Runs a command line that is killed, with its group, when it comes to a chosen place.

`python killed.py PLACE [FILE] -- ARGUMENTS`. The product has no hooks: the calls between which the
kill falls are replaced here. In `load` it falls once FILE is there.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan.cli.app import run
from amlplan_local import rollout
from amlplan_local.deployment import LocalDeployment
from amlplan_local.deployment_folder import DeploymentFolder
from amlplan_local.rollout import Rollout
from amlplan_serve import starting
from amlplan_serve.client import ServerClient

if TYPE_CHECKING:
    from collections.abc import Callable

BEFORE: dict[str, tuple[Any, str]] = {
    "before the server": (rollout, "start_server"),
    "while the server starts": (starting, "_line"),
    "before load": (ServerClient, "load"),
    "before activate": (ServerClient, "activate"),
    "before stop": (ServerClient, "stop"),
    "before the folder goes": (DeploymentFolder, "remove"),
}
AFTER: dict[str, tuple[Any, str]] = {
    "after activate": (ServerClient, "activate"),
    "before the outcome": (LocalDeployment, "_ensure"),
    "after stop": (Rollout, "stop"),
}
LOAD = "during load"


def die() -> None:
    os.killpg(0, signal.SIGKILL)


def arm(place: str, begun: Path) -> None:
    if place == LOAD:
        threading.Thread(target=_die_once, args=(begun,), daemon=True).start()
        return
    holder, name = (BEFORE | AFTER)[place]
    setattr(holder, name, _deadly(getattr(holder, name), first=place in BEFORE))


def _deadly(call: Callable[..., Any], *, first: bool) -> Callable[..., Any]:
    @functools.wraps(call)
    def deadly(*arguments: Any, **named: Any) -> Any:
        if first:
            die()
        result = call(*arguments, **named)
        die()
        return result

    return deadly


def _die_once(begun: Path) -> None:
    while not begun.exists():
        time.sleep(0.01)
    die()


if __name__ == "__main__":
    arm(sys.argv[1], Path(sys.argv[2]))
    sys.exit(run(sys.argv[4:]))
