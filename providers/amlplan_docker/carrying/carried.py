"""A job for a container, as the supervisor of this host runs it: a carrier that takes it there."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from amlplan.errors import ProviderError
from amlplan_docker.carrying.carry import SECRETS
from amlplan_docker.carrying.task import CarryTask
from amlplan_docker.labels import FOLDER, HOST, JOB, ROLE, RUN, WORKSPACE

if TYPE_CHECKING:
    from amlplan.abilities import Job
    from amlplan.job_container import JobContainer

PREFIX = "amlplan-run-"
"""Begins the name of a run's container; the run's id is the rest."""
_TRACKING = ("MLFLOW_", "AMLPLAN_MLFLOW")


def carried(job: Job, container: JobContainer, host: str) -> Job:
    """The job of a carrier, whose task is written into the run's folder; raises ProviderError.

    `host` is the identity of this host, by which what it left on an engine is known.
    """
    if job.recorder is None:
        raise ProviderError(
            "The run cannot be started", f"{job.run_id} has no recorder to put into its container."
        )
    handed = tuple(sorted(name for name in job.variables if name.startswith(_TRACKING)))
    task = CarryTask(
        run=job.run_id,
        container=PREFIX + job.run_id,
        connection=dict(container.connection),
        image=container.image,
        interpreter=container.interpreter,
        command=job.command,
        variables=dict(job.variables),
        labels={
            ROLE: JOB,
            RUN: job.run_id,
            WORKSPACE: job.folder.parent.parent.name,
            HOST: host,
            FOLDER: str(job.folder.absolute()),
        },
        recorder=str(job.recorder),
        include=(*job.include, *(f"{folder}/**" for folder in job.uploads)),
        retries=job.retries,
        max_duration=job.max_duration,
        network=container.network,
        memory=container.limits.memory,
        cpus=container.limits.cpus,
        gpus=container.limits.gpus,
        counts_gpus=job.share.gpu_count > 0,
        shm_size=container.limits.shm_size,
        handed=handed,
    )
    task.write(job.folder)
    program = (sys.executable, "-I", "-m", "amlplan_docker.carrying", str(job.folder.absolute()))
    own = {name: value for name, value in job.secrets.items() if not name.startswith(_TRACKING)}
    to_hand = {name: value for name, value in job.secrets.items() if name not in own}
    return replace(
        job,
        command=program,
        variables={name: job.variables[name] for name in handed},
        secrets={SECRETS: json.dumps(own), **to_hand},
        masked=(*job.masked, *job.secrets.values()),
        afterwards=(*program, "finish"),
        container=None,
    )
