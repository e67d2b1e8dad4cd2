"""One attempt of a run in its container, from the files that it needs to those that it made."""

from __future__ import annotations

import json
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from amlplan.errors import ProviderError
from amlplan_docker.carrying.away import Away
from amlplan_docker.carrying.bringing import bring
from amlplan_docker.carrying.container import RunContainer
from amlplan_docker.carrying.ending import Ending
from amlplan_docker.carrying.following import Follower
from amlplan_docker.carrying.mirror import Mirror
from amlplan_docker.carrying.output import Output, SupervisorGoneError
from amlplan_docker.carrying.paths import Paths
from amlplan_docker.carrying.task import INSIDE, NAME, CarryTask, read_task
from amlplan_docker.engine.client import Engine
from amlplan_docker.engine.connection import Connection
from amlplan_docker.inside.tails import RECORDED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SECRETS = "AMLPLAN_CARRIED_SECRETS"
"""The variable of this process that holds those of the script that are secrets, as JSON."""
SERVICE = "AMLPLAN_RUN_SERVICE"
DEVICES = "CUDA_VISIBLE_DEVICES"
ATTEMPT = "AMLPLAN_RUN_ATTEMPT"
GRACE = 3.0
"""Seconds between asking a script to end and killing it: less than the supervisor gives us."""
LATER = 60.0
"""Seconds on top of its time after which a script ends by itself, should nobody end it."""
TIMEOUT = 20.0
FAILED = 1
_HANDED = ("AMLPLAN_RUN_", "AMLPLAN_MLFLOW")
_TRACKING = "MLFLOW_TRACKING_URI"
_OF_SERVICE = frozenset(
    {_TRACKING, "MLFLOW_TRACKING_TOKEN", "MLFLOW_RUN_ID", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"}
)
"""Variables that lead MLflow to the run's service, where it is to go there."""


def carry(folder: Path, environment: Mapping[str, str]) -> int:
    """Do one attempt; gives the exit code of the script."""
    task = read_task(folder)
    attempt = int(environment.get(ATTEMPT, "1"))
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with Engine.connect(Connection(**task.connection), timeout=TIMEOUT) as engine:
            ending = _carried(task, attempt, folder, engine, environment)
    except SupervisorGoneError:
        return FAILED
    except ProviderError as failure:
        ending = Ending(attempt, None, failure.detail)
    except OSError as failure:
        where = f"{failure.filename}: " if failure.filename else ""
        ending = Ending(attempt, None, f"{where}{failure.strerror or failure}")
    ending.write(folder)
    return FAILED if ending.code is None else ending.code


def _carried(
    task: CarryTask, attempt: int, folder: Path, engine: Engine, environment: Mapping[str, str]
) -> Ending:
    container = RunContainer(task, engine)
    mirror = Mirror(folder)
    parts = (Output(), mirror, Paths(folder, container), Away(folder))
    service = environment.get(SERVICE, "").removeprefix("http://")
    follower = Follower(engine, container, folder, task.interpreter, attempt, service, parts)
    seen = container.seen()
    asked = _task_of_runner(task, attempt, service, environment)
    if seen is None or attempt == 1:
        container.make(folder / "work", asked, _devices(task, environment))
    else:
        container.end()  # no failure where it has ended
        container.give(asked)
    if not follower.is_to_end:
        container.start()
    try:
        ending = follower.follow()
    except SupervisorGoneError:
        container.tell()  # whoever finishes the run does the rest
        raise
    if not (folder / NAME).exists():
        container.remove()  # somebody removed the run
        return ending
    is_last = ending.code == 0 or attempt > task.retries
    if is_last and not follower.is_to_end:
        # Where that fails, whoever finishes the run tries it again, and tells why.
        with suppress(ProviderError, OSError):
            follower.patiently(lambda: bring(task, container, folder, mirror, ending.filled))
    return ending


def _task_of_runner(
    task: CarryTask, attempt: int, service: str, environment: Mapping[str, str]
) -> dict[str, Any]:
    own = {name: it for name, it in task.variables.items() if name not in task.handed}
    return {
        "attempt": attempt,
        "command": list(task.command),
        "variables": {**_handed(task, environment), **own, **_of_run(task, attempt)},
        "secrets": json.loads(environment.get(SECRETS, "{}")),
        "service": service,
        "grace": GRACE,
        "seconds": None if task.max_duration is None else task.max_duration + LATER,
    }


def _devices(task: CarryTask, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The graphics processors that the run got when its turn came, where the target counts them."""
    told = environment.get(DEVICES, "") if task.gpus and task.counts_gpus else ""
    return tuple(name for name in told.split(",") if name)


def _handed(task: CarryTask, environment: Mapping[str, str]) -> dict[str, str]:
    """What the supervisor tells the script through this process, of its own and of MLflow."""
    names = set(task.handed)
    if environment.get(_TRACKING) == environment.get(SERVICE, ""):
        names |= _OF_SERVICE
    return {
        name: value
        for name, value in environment.items()
        if name in names or name.startswith(_HANDED)
    }


def _of_run(task: CarryTask, attempt: int) -> dict[str, str]:
    return {
        "AMLPLAN_RUN_ID": task.run,
        "AMLPLAN_RUN_LOG": f"{INSIDE}/{RECORDED}",
        ATTEMPT: str(attempt),
    }
