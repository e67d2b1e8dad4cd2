"""The compute target that is this host, as this user. Nothing is made for it."""

# ruff: noqa: ARG002 - a provider takes what its protocol gives

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.children import run_child
from amlplan.containers import RunsInContainers
from amlplan.errors import ProviderError
from amlplan.provider import Imported, Kind, Missing, Present, has
from amlplan_local.active import active_runs, refuse_while_active
from amlplan_local.identity import elsewhere, host_identity
from amlplan_local.jobs import LocalJobs
from amlplan_schemas.compute import ComputeFacts, LocalComputeOutputs
from amlplan_schemas.compute import LocalCompute as ComputeInputs
from amlplan_schemas.state import Tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.abilities import Job, JobState
    from amlplan.provider import (
        Desired,
        Draft,
        Observed,
        OperationHandle,
        Outputs,
        ProviderContext,
        Targets,
    )
    from amlplan_schemas.state import Record

GPU_TIMEOUT = 15.0
_WORDS = {"cpus": "cores", "memory": "memory", "gpus": "GPUs", "disk_free": "free disk"}


class LocalCompute:
    """Attaches this host; its facts are looked at by create and update and never compared."""

    kind = Kind("local", ComputeInputs, LocalComputeOutputs)

    def __init__(self, context: ProviderContext) -> None:
        self._context = context
        self._jobs = LocalJobs(context.cache_folder, context.data_folder / "queue")

    def read(self, record: Record, targets: Targets) -> Observed:
        """Whether this is the host and user that were recorded; facts are not looked at."""
        identity = record.outputs.values.get("identity")
        if identity is None:
            return Present()  # only begun: create goes on with it
        return elsewhere(identity, self._context) or Present(outputs={"identity": identity})

    def find(self, draft: Record, targets: Targets) -> Observed:
        """Missing: attaching leaves nothing outside that could be found."""
        return Missing()

    def look_up(self, draft: Draft, targets: Targets, object_id: str) -> Imported | Missing:
        """This host, by its identity or as `localhost`."""
        if object_id not in {"localhost", host_identity(self._context)}:
            return Missing()
        return Imported({}, self._outputs())

    def with_identity_of_now(self, record: Record, targets: Targets) -> Record:
        """The record with this host, and this user, in the place of those it was made for."""
        outputs = {**record.outputs.values, "identity": host_identity(self._context)}
        return record.model_copy(update={"outputs": Tree(values=outputs)})

    def create(self, desired: Desired, operation: OperationHandle) -> Outputs:
        """Look at the host; `python` and `disk_free` are amlplan's own."""
        operation.check_cancelled()
        return self._outputs()

    def update(self, desired: Desired, prior: Record, operation: OperationHandle) -> Outputs:
        """Look at the host again."""
        operation.check_cancelled()
        return self._outputs()

    def delete(self, prior: Record, targets: Targets, operation: OperationHandle) -> None:
        """Detach: nothing was put on the host. Raises ProviderError while runs are on it."""
        workspace = targets.get("workspace")
        path = None if workspace is None else workspace.outputs.values.get("path")
        if path is not None:
            refuse_while_active(
                prior.address, Path(str(path)), self._jobs, self._context, target=prior.address
            )

    def submit(self, job: Job) -> None:
        """Start a job on this host, under a supervisor of its own."""
        share = job.share
        if job.container is None:
            if share.gpus > share.gpu_count:  # they came since somebody looked, or nobody did
                job = replace(job, share=replace(share, gpu_count=_gpus()))
        else:
            provider = self._context.provider_of(job.container.kind)
            if not has(provider, RunsInContainers):
                raise ProviderError(
                    "The target has no containers", f"{job.container.kind} runs no scripts in any."
                )
            job = provider.carried(job)
        self._jobs.submit(job)

    def pull(self, run_id: str, folder: Path) -> JobState:
        """How a job stands."""
        return self._jobs.pull(run_id, folder)

    def cancel(self, run_id: str, folder: Path) -> None:
        """Ask for the end of a job's script."""
        self._jobs.cancel(run_id, folder)

    def finish_lost(self, run_id: str, folder: Path, store: Path) -> None:
        """Finish a job whose supervisor is gone."""
        self._jobs.finish_lost(run_id, folder, store)

    def active_runs(self, workspace: Path, target: str) -> list[str]:
        """The runs that are active on a target, which need not be this host: their supervisors."""
        return active_runs(workspace, self._jobs, self._context, target)

    def place_in_queue(self, run_id: str, folder: Path) -> int | None:
        """The place of a job among those that wait on this host."""
        return self._jobs.place_in_queue(run_id, folder)

    def lacking(self, needed: Mapping[str, int], target: Record | None = None) -> list[str]:
        """What this host has too little of, as it is now."""
        if not needed:
            return []
        facts = facts_of_host(self._context.data_folder).model_dump()
        return [
            f"{_WORDS[name]}: {_amount(name, asked)} asked for, {_amount(name, facts[name])} there"
            for name, asked in needed.items()
            if facts[name] < asked
        ]

    def _outputs(self) -> Outputs:
        return {
            "identity": host_identity(self._context),
            "facts": facts_of_host(self._context.data_folder).model_dump(mode="json"),
            "reachable": True,
        }


def facts_of_host(data_folder: Path) -> ComputeFacts:
    """What this host offers now; runs nvidia-smi where it is installed."""
    system = os.uname()
    return ComputeFacts(
        os=f"{system.sysname} {system.release}",
        cpus=_cpus(),
        memory=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        gpus=_gpus(),
        python=platform.python_version(),
        disk_free=_disk_free(data_folder),
    )


def _amount(name: str, value: int) -> str:
    if name in ("cpus", "gpus"):
        return str(value)
    return f"{value / 1024**3:.1f} GiB"


def _cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _gpus() -> int:
    if shutil.which("nvidia-smi") is None:
        return 0
    try:
        finished = run_child(["nvidia-smi", "-L"], timeout=GPU_TIMEOUT)
    except ProviderError:
        return 0
    if finished.returncode != 0:
        return 0
    return sum(line.startswith("GPU ") for line in finished.stdout.splitlines())


def _disk_free(folder: Path) -> int:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0
