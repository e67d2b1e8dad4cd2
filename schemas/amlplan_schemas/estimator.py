"""Estimators: short forms of run configurations, by what the script is made with."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from amlplan_schemas.base import (
    HISTORY_PATTERN,
    BlockReference,
    Duration,
    JsonValue,
    LocalPath,
    NoSecrets,
    Reference,
    ResourceInputs,
    Text,
)
from amlplan_schemas.run_config import RunCollect, RunConfig, RunInput, RunResources, RunSnapshot

DEFAULT_PYTHON = "3.11"
"""The Python of an environment that is made for packages alone."""
_DASHES = "--"


class Estimator(ResourceInputs):
    """What every estimator takes."""

    name_pattern: ClassVar[str] = RunConfig.name_pattern
    framework: ClassVar[Literal["python", "tensorflow", "pytorch", "cntk"]] = "python"

    workspace: Annotated[Reference, BlockReference("workspace")] = Field(
        description="The workspace whose history it goes into."
    )
    source_directory: Annotated[str, LocalPath, NoSecrets] = Field(
        default=".", description="The folder that is snapshotted."
    )
    entry_script: Annotated[str, NoSecrets] = Field(
        min_length=1, description="The Python script, relative to source_directory."
    )
    script_params: Annotated[dict[str, Text], NoSecrets] = Field(
        default_factory=dict,
        description="Parameters, with or without dashes; an empty value makes a flag.",
    )
    target: Annotated[Reference | None, BlockReference("compute")] = Field(
        default=None, description="Where it runs; this host when left out."
    )
    history: Annotated[str | None, NoSecrets] = Field(
        default=None,
        pattern=HISTORY_PATTERN,
        description="The history that it goes into; its own name when left out.",
    )
    environment: Annotated[Reference | None, BlockReference("environment")] = Field(
        default=None, description="The environment, in place of packages."
    )
    python: str = Field(
        default=DEFAULT_PYTHON,
        pattern=r"^3\.\d{1,2}(\.\d{1,2})?$",
        coerce_numbers_to_str=False,  # 3.10 as a number is 3.1
        description="Version of Python for the packages.",
    )
    pip_packages: Annotated[tuple[str, ...], NoSecrets] = Field(
        default=(), description="Requirements; locked, and built as an environment of its own."
    )
    conda_packages: Annotated[tuple[str, ...], NoSecrets] = Field(
        default=(), description="Packages of conda, taken from PyPI under their names there."
    )
    user_managed: bool = Field(
        default=False, description="Whether the Python on the PATH is used as it is."
    )
    environment_variables: dict[str, Text] = Field(
        default_factory=dict, description="Environment variables; a secret is handed over safely."
    )
    input: Annotated[dict[str, RunInput], NoSecrets] = Field(
        default_factory=dict, description="Data that the script reads."
    )
    node_count: int = Field(default=1, ge=1, description="Machines; this host is one.")
    use_gpu: bool = Field(default=False, description="Whether it needs a graphics processor.")
    resources: RunResources = Field(
        default_factory=RunResources, description="What it needs of its target."
    )
    collect: RunCollect = Field(default_factory=RunCollect, description="What is kept of it.")
    snapshot: RunSnapshot = Field(
        default_factory=RunSnapshot, description="Limits of the snapshot."
    )
    max_run_duration: Duration | None = Field(
        default=None, description="After this long it is ended, as in 2h."
    )

    @model_validator(mode="after")
    def _one_environment(self) -> Self:
        packages = bool(self.pip_packages or self.conda_packages)
        if packages and (self.environment is not None or self.user_managed):
            raise ValueError(
                "packages are installed into an environment of their own: leave out "
                "environment and user_managed, or the packages"
            )
        if self.environment is not None and self.user_managed:
            raise ValueError("environment and user_managed exclude each other")
        return self

    @model_validator(mode="after")
    def _expands(self) -> Self:
        run_config_of(self)
        return self

    def distribution(self) -> dict[str, JsonValue] | None:
        """The distribution that its fields ask for."""
        return None


class _Backed(Estimator):
    """One whose processes are started together."""

    process_count_per_node: int = Field(default=1, ge=1, description="Processes on each node.")

    @model_validator(mode="after")
    def _told_how(self) -> Self:
        if self.process_count_per_node > 1 and (self.distribution() or {}).get("type") not in {
            "mpi",
            "torch",
        }:
            raise ValueError(
                "process_count_per_node needs a distributed_backend that starts so many: mpi, or "
                "for pytorch nccl or gloo"
            )
        return self

    def _mpi(self) -> dict[str, JsonValue]:
        return {"type": "mpi", "process_count_per_node": self.process_count_per_node}


class GenericEstimator(_Backed):
    """A script of any kind; `estimator "generic"`."""

    distributed_backend: Literal["mpi"] | None = Field(
        default=None, description="How several processes find each other."
    )

    def distribution(self) -> dict[str, JsonValue] | None:
        """mpirun's, where it is asked for."""
        return self._mpi() if self.distributed_backend else None


class TensorFlowEstimator(_Backed):
    """A script with TensorFlow; `estimator "tensorflow"`."""

    framework = "tensorflow"

    distributed_backend: Literal["mpi", "ps"] | None = Field(
        default=None, description="How several processes find each other; ps for worker_count."
    )
    worker_count: int | None = Field(default=None, ge=1, description="Workers.")
    parameter_server_count: int | None = Field(default=None, ge=0, description="Parameter servers.")

    def distribution(self) -> dict[str, JsonValue] | None:
        """Workers and parameter servers, or mpirun's."""
        if self.distributed_backend == "mpi":
            if self.worker_count is not None or self.parameter_server_count is not None:
                raise ValueError("worker_count and parameter_server_count are of the backend ps")
            return self._mpi()
        asked = (self.distributed_backend, self.worker_count, self.parameter_server_count)
        if asked == (None, None, None):
            return None
        return {
            "type": "parameter_server",
            "worker_count": self.worker_count or 1,
            "parameter_server_count": 1
            if self.parameter_server_count is None
            else self.parameter_server_count,
        }


class PyTorchEstimator(_Backed):
    """A script with PyTorch; `estimator "pytorch"`."""

    framework = "pytorch"

    distributed_backend: Literal["mpi", "nccl", "gloo"] | None = Field(
        default=None, description="How several processes find each other."
    )

    def distribution(self) -> dict[str, JsonValue] | None:
        """Ranks in the environment, or mpirun's."""
        if self.distributed_backend is None:
            return None
        if self.distributed_backend == "mpi":
            return self._mpi()
        return {"type": "torch", "process_count_per_node": self.process_count_per_node}


class CntkEstimator(_Backed):
    """A script with CNTK; `estimator "cntk"`."""

    framework = "cntk"

    distributed_backend: Literal["mpi"] | None = Field(
        default=None, description="How several processes find each other."
    )

    def distribution(self) -> dict[str, JsonValue] | None:
        """mpirun's, where it is asked for."""
        return self._mpi() if self.distributed_backend else None


def run_config_of(estimator: Estimator) -> RunConfig:
    """The run configuration that an estimator stands for; raises ValueError for no legal one."""
    arguments, parameters = _arguments(estimator.script_params)
    resources = estimator.resources
    changes: dict[str, JsonValue] = {"nodes": max(resources.nodes, estimator.node_count)}
    if estimator.use_gpu:
        changes["gpus"] = resources.gpus or 1
    values: dict[str, JsonValue] = {
        "name": estimator.name,
        "description": estimator.description,
        "tags": estimator.tags,
        "workspace": estimator.workspace,
        "script": estimator.entry_script,
        "source": estimator.source_directory,
        "target": estimator.target,
        "environment": estimator.environment,
        "history": estimator.history,
        "arguments": arguments,
        "parameters": parameters,
        "env": estimator.environment_variables,
        "input": estimator.input,
        "framework": estimator.framework,
        "distribution": estimator.distribution(),
        "resources": resources.model_copy(update=changes),
        "collect": estimator.collect,
        "snapshot": estimator.snapshot,
        "max_run_duration": estimator.max_run_duration,
    }
    return RunConfig.model_validate({k: v for k, v in values.items() if v is not None})


def _arguments(params: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """Script parameters as arguments and parameters; those with a value are recorded as such."""
    arguments: list[str] = []
    parameters: dict[str, str] = {}
    for name, value in params.items():
        plain = name.removeprefix(_DASHES)
        if value and not plain.startswith("-"):
            parameters[plain] = value
        else:
            dashed = name if name.startswith("-") else f"{_DASHES}{name}"
            arguments += [dashed, value] if value else [dashed]
    return arguments, parameters
