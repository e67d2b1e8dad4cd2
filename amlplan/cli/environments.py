"""Environments that commands build and enter: as they were applied, with what they need to know."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from amlplan.abilities import BuildsEnvironments, DescribesEnvironments
from amlplan.addresses import node_of
from amlplan.cli.recorded import recorded
from amlplan.errors import ConfigError, PlanError
from amlplan.planning.locking import recorded_value, revealed
from amlplan.planning.observe import targets_of
from amlplan.planning.want import want
from amlplan.project.opening import open_project, read_state
from amlplan.provider import has

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amlplan.abilities import EnvironmentFacts
    from amlplan.config.evaluating.variables import Assignment
    from amlplan.project.opening import OpenProject
    from amlplan.provider import OperationHandle, Targets
    from amlplan.registry import Registry
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record

BLOCK = "environment"
_OF_OTHERS = frozenset({"VIRTUAL_ENV", "PYTHONHOME", "CONDA_PREFIX", "CONDA_DEFAULT_ENV"})
"""What another environment that is active has set."""


@dataclass(frozen=True, slots=True)
class OpenedEnvironment:
    """An environment as it was applied; `values` are its inputs with secrets in the clear.

    Where the configuration no longer has it, or lacks something, they are what was recorded.
    """

    record: Record
    targets: Targets
    values: Mapping[str, JsonValue]
    provider: BuildsEnvironments

    def build(self, operation: OperationHandle) -> str:
        """The interpreter, built where it is missing; blocks, raises AmlplanError."""
        return self.provider.build(self.record, self.targets, self.values, operation)

    def variables(self) -> dict[str, str]:
        """The variables of processes in it; raises PlanError where a secret cannot be had."""
        applied = self.record.inputs.values.get("variables") or {}
        shown = self.values.get("variables")
        known = shown if isinstance(shown, dict) else {}
        found = {
            name: known.get(name) if value is None else value for name, value in applied.items()
        }
        lacking = sorted(name for name, value in found.items() if value is None)
        if lacking:
            raise PlanError(
                "A secret cannot be had",
                f"{self.record.address} sets {', '.join(lacking)} by a secret that is not there. "
                "Provide it, then try again.",
                address=self.record.address,
            )
        return {name: str(value) for name, value in found.items()}


def opened_environment(name: str, assignments: Sequence[Assignment]) -> OpenedEnvironment:
    """The environment of an address, label or outside name; raises PlanError."""
    record = recorded(BLOCK, name)
    project = open_project(assignments, require_variables=False)
    provider = project.registry.provider(record.kind)
    if not has(provider, BuildsEnvironments):
        raise PlanError("The environment cannot be built", f"{record.kind} builds none here.")
    state = read_state()
    records = {} if state is None else state.records
    values = _revealed(record, project) or record.inputs.values
    return OpenedEnvironment(record, targets_of(record, records), values, provider)


def _revealed(record: Record, project: OpenProject) -> Mapping[str, JsonValue] | None:
    """The inputs of an environment as the configuration has them now, secrets in the clear."""
    evaluation = project.evaluation
    state = read_state()
    values: Mapping[str, JsonValue] | None = None
    if node_of(record.address) not in evaluation.blocks_of():
        return None
    for address in evaluation.addresses([node_of(record.address)]):
        found, problems = want(address, evaluation, project.registry, project.secrets, project.lock)
        if found is None:
            raise ConfigError(problems or evaluation.configuration.diagnostics)
        if address == record.address:
            values = revealed(found, project.secrets).values
        if state is not None:
            evaluation.publish(address, recorded_value(found, state, project.registry))
    return values


def facts_of(record: Record, records: Mapping[str, Record], registry: Registry) -> EnvironmentFacts:
    """What is known of an environment without building it; raises AmlplanError."""
    provider = registry.provider(record.kind)
    if not has(provider, DescribesEnvironments):
        raise PlanError("Nothing is known of the environment", f"{record.kind} tells nothing.")
    return provider.describe(record, targets_of(record, records))


def entered(interpreter: str, variables: Mapping[str, str], words: Sequence[str]) -> NoReturn:
    """Become a command, or the user's shell, in the environment of an interpreter.

    Raises PlanError where it cannot be started.
    """
    environment = inside(interpreter, dict(os.environ), variables)
    command = tuple(words) or (environment.get("SHELL") or "/bin/sh",)
    program = shutil.which(command[0], path=environment["PATH"])
    if program is None:
        raise PlanError(
            "No such command",
            f"{command[0]} is neither in the environment nor on the PATH. Correct the name, or add "
            "the package that brings it.",
        )
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execve(program, command, environment)  # noqa: S606 - the user's own command
    except (OSError, ValueError) as failure:
        raise PlanError(
            "The command cannot be started", f"{program}: {failure}. See what is wrong with it."
        ) from failure


def inside(
    interpreter: str, around: Mapping[str, str], variables: Mapping[str, str]
) -> dict[str, str]:
    """The variables of a process in the environment of an interpreter."""
    programs = Path(interpreter).parent
    found = {name: value for name, value in around.items() if name not in _OF_OTHERS}
    found["PATH"] = os.pathsep.join([str(programs), around.get("PATH") or os.defpath])
    if (programs.parent / "pyvenv.cfg").exists():
        found["VIRTUAL_ENV"] = str(programs.parent)
    elif (programs.parent / "conda-meta").is_dir():
        found["CONDA_PREFIX"] = str(programs.parent)
    return {**found, **variables}
