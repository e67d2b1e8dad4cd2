"""A run configuration told in the fields of a runconfig file, as far as it has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from amlplan_schemas.base import seconds_of
from amlplan_schemas.run_config import RunCollect, RunConfig, RunResources, RunSnapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MANAGED: Final = "environment.python.userManagedDependencies"
INTERPRETER: Final = "environment.python.interpreterPath"
CONDA_FILE: Final = "environment.python.condaDependenciesFile"
CONDA: Final = "environment.python.condaDependencies"
_TOLD: Final = frozenset(
    {"name", "workspace", "from_runconfig", "script", "command", "arguments", "parameters"}
    | {"target", "framework", "distribution", "max_run_duration", "env"}
    | {"history", "source", "environment", "input", "resources", "collect", "snapshot"}
)
"""The fields that the file has, or that are told by themselves."""
_FRAMEWORKS: Final = {
    "python": "Python",
    "pyspark": "PySpark",
    "tensorflow": "TensorFlow",
    "pytorch": "PyTorch",
    "cntk": "CNTK",
}


@dataclass(frozen=True, slots=True)
class Told:
    """The values of a file by the way of their field, and in words what no field can say."""

    values: Mapping[str, Any]
    left_out: tuple[str, ...]


def told_of(
    config: RunConfig,
    secret_names: frozenset[str] = frozenset(),
    *,
    python: str = "",
    requirements: tuple[str, ...] = (),
    keeps_python: bool = False,
) -> Told:
    """What a file has to say to run the same; `python` and `requirements` are to be built.

    With `keeps_python` what the file has of that stays.
    """
    options = [part for name, value in config.parameters.items() for part in (f"--{name}", value)]
    seconds = config.max_run_duration
    target = config.target
    values: dict[str, Any] = {
        "script": config.script,
        "command": list(config.command or ()),
        "arguments": [*config.arguments, *options],
        "target": "local" if target is None else target.address.rpartition(".")[2],
        "framework": _FRAMEWORKS[config.framework],
        "maxRunDurationSeconds": None if seconds is None else max(round(seconds_of(seconds)), 1),
        "nodeCount": config.resources.nodes,
        "environment.environmentVariables": {
            name: value for name, value in config.env.items() if name not in secret_names
        },
        "history.outputCollection": bool(config.collect.include),
        **_communicator(config),
    }
    if keeps_python:
        return Told(values, tuple(_left_out(config, secret_names)))
    if requirements:
        values[MANAGED] = False
        dependencies = [f"python={python}", {"pip": list(requirements)}]
        values[CONDA] = {"dependencies": dependencies}
    elif config.environment is None:
        values[MANAGED] = True
        values[INTERPRETER] = "python"
    return Told(values, tuple(_left_out(config, secret_names)))


def _communicator(config: RunConfig) -> dict[str, Any]:
    distribution = config.distribution
    if distribution is None:
        return {"communicator": "None"}
    count = distribution.process_count_per_node
    if distribution.type == "mpi":
        return {"communicator": "OpenMpi", "mpi.processCountPerNode": count}
    if distribution.type == "torch":
        total = count * config.resources.nodes
        return {"communicator": "Gloo", "pytorch.processCount": total}
    return {
        "communicator": "ParameterServer",
        "tensorflow.workerCount": distribution.worker_count,
        "tensorflow.parameterServerCount": distribution.parameter_server_count,
    }


def _left_out(config: RunConfig, secret_names: frozenset[str]) -> Iterator[str]:
    """What such a file has no field for."""
    if config.history is not None:
        yield f"history: {config.history} (project.json names it)"
    if config.source != ".":
        yield f"source: {config.source} (it is the folder above that of the file)"
    if config.environment is not None:
        yield f"environment: {config.environment.address}"
    for name in sorted(secret_names):
        yield f"env: {name} is a secret, which no file holds"
    for name, item in config.input.items():
        yield f"input: {name} at {item.path}"
    resources = config.resources.model_copy(update={"nodes": 1})
    if resources != RunResources():
        asked = resources.model_dump(exclude_defaults=True)
        yield f"resources: {', '.join(f'{name} {value}' for name, value in asked.items())}"
    if config.collect.include and config.collect != RunCollect():
        yield f"collect: {', '.join(config.collect.include)}"
    if config.snapshot != RunSnapshot():
        yield "snapshot: its limits"
    for name in sorted(config.model_fields_set - _TOLD):
        if getattr(config, name) != RunConfig.model_fields[name].get_default(
            call_default_factory=True, validated_data={}
        ):
            yield name
