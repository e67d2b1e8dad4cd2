"""Programs of several processes that work together on one host."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from amlplan.errors import RunError

if TYPE_CHECKING:
    from amlplan_schemas.run_config import RunConfig, RunDistribution

LAUNCHER = "amlplan_run.distributed"
"""The module on the script's path that starts the processes and ends them together."""
MPIRUN = "mpirun"


def launched(
    program: tuple[str, ...], distribution: RunDistribution, interpreter: str
) -> tuple[str, ...]:
    """The command line that starts a program as often as its distribution says."""
    if distribution.type == "mpi":
        return (MPIRUN, "-n", str(distribution.process_count_per_node), *program)
    specification: dict[str, object] = {"type": distribution.type}
    if distribution.type == "torch":
        specification["processes"] = distribution.process_count_per_node
    else:
        specification["workers"] = distribution.worker_count
        specification["servers"] = distribution.parameter_server_count
    return (interpreter, "-m", LAUNCHER, json.dumps(specification), *program)


def check_here(config: RunConfig, *, in_container: bool = False) -> tuple[str, ...]:
    """What one machine does not do of a configuration, in words; RunError for what it must."""
    wrong: list[str] = []
    if config.resources.nodes > 1:
        wrong.append(f"it needs {config.resources.nodes} nodes, and its target is one machine")
    distribution = config.distribution
    is_mpi = distribution is not None and distribution.type == "mpi"
    if is_mpi and not in_container and shutil.which(MPIRUN) is None:
        wrong.append(f"distribution asks for MPI, and no {MPIRUN} is on the PATH. Install one")
    if wrong:
        where = "this host" if config.target is None else config.target.address
        raise RunError(
            "The target cannot run it",
            f"{where} cannot run {config.name}: {'; '.join(wrong)}. Or choose another target.",
        )
    notes: list[str] = []
    if config.resources.shm_size is not None and not in_container:
        notes.append("resources.shm_size is for containers; this host's own limit holds.")
    if config.priority is not None:
        notes.append("priority is for targets whose queue knows priorities; it is not used here.")
    return tuple(notes)
