"""Runs on an engine: the abilities of a compute target whose scripts run in containers."""

from __future__ import annotations

import hashlib
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.containers import Leftover
from amlplan.errors import ProviderError
from amlplan.job_container import JobContainer
from amlplan_docker.labels import FOLDER, HOST, JOB, ROLE, RUN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amlplan.abilities import Job
    from amlplan.containers import ContainerAsked
    from amlplan.provider import OperationHandle, ProviderContext
    from amlplan_docker.engine.client import Engine
    from amlplan_schemas.state import Record

KIND = "compute.docker"
_WORDS = {"cpus": "cores", "memory": "memory", "gpus": "GPUs", "disk_free": "free disk"}
_MACHINE_ID = Path("/etc/machine-id")


class RunsOnEngine:
    """What a compute target on a Docker engine does for runs; see `amlplan.containers`."""

    def __init__(self, context: ProviderContext) -> None:
        self._context = context

    def container_for(self, asked: ContainerAsked, operation: OperationHandle) -> JobContainer:
        """The container of a run, from the image of its environment."""
        from amlplan_docker.run_image import run_image

        with self._engine(asked.target) as engine:
            image = run_image(asked, engine, self._context, operation)
            address = engine.address
            network = None if asked.target is None else asked.target.outputs.values["network_name"]
            return JobContainer(
                kind=KIND,
                connection={
                    "host": address.url,
                    "ca_file": address.ca_file,
                    "cert_file": address.cert_file,
                    "key_file": address.key_file,
                },
                engine=engine.identity(),
                image=image.id,
                interpreter=image.interpreter,
                python=image.python,
                network=network,
                limits=asked.limits,
                base=image.base,
            )

    def carried(self, job: Job) -> Job:
        """The job as the supervisor of this host runs it."""
        from amlplan_docker.carrying.carried import carried

        if job.container is None:
            return job
        return carried(job, job.container, this_host())

    def lacking_in(self, target: Record | None, needed: Mapping[str, int]) -> Sequence[str]:
        """What the engine's machine has too little of, as it is now."""
        if not needed:
            return []
        with self._engine(target) as engine:
            facts = engine.facts()
        there = {
            "cpus": facts.cpus,
            "memory": facts.memory,
            "gpus": None if facts.has_gpu_runtime and not facts.gpus else facts.gpus,
            "disk_free": facts.disk_free,
        }
        return [
            f"{_WORDS[name]}: {_amount(name, amount)} asked for, {_amount(name, found)} there"
            for name, amount in needed.items()
            if (found := there[name]) is not None and found < amount
        ]

    def containers_of_runs(self, target: Record | None) -> Sequence[Leftover]:
        """Every container of a run that is on the engine."""
        with self._engine(target) as engine:
            found = engine.containers({ROLE: JOB})
        return [
            Leftover(
                name=each.name,
                run=each.labels.get(RUN, ""),
                state=each.state,
                folder=each.labels.get(FOLDER, ""),
                is_of_this_host=each.labels.get(HOST) == this_host(),
            )
            for each in found
        ]

    def remove_container(self, target: Record | None, name: str) -> None:
        """Remove the container of a run."""
        from amlplan_docker.engine.failures import NotThereError

        with self._engine(target) as engine:
            seen = engine.container(name)
            if seen is None:
                return
            if seen.labels.get(ROLE) != JOB:
                raise ProviderError(
                    "Not the container of a run", f"{name} is not one that amlplan made for a run."
                )
            with suppress(NotThereError):
                engine.remove_container(name, force=True)

    def _engine(self, target: Record | None) -> Engine:
        if target is None:
            from amlplan_docker.engine.client import Engine
            from amlplan_docker.engine.connection import Connection

            return Engine.connect(Connection())
        from amlplan_docker.reaching import engine_of

        return engine_of(target, self._context)


def this_host() -> str:
    """The identity of this host and user, as a digest that says nothing to others."""
    try:
        machine = _MACHINE_ID.read_text(encoding="ascii").strip()
    except OSError:
        machine = socket.gethostname()
    return hashlib.sha256(f"{machine}:{os.getuid()}".encode()).hexdigest()[:32]


def _amount(name: str, value: int) -> str:
    if name in ("cpus", "gpus"):
        return str(value)
    return f"{value / 1024**3:.1f} GiB"
