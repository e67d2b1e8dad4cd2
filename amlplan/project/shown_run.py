"""A run configuration as it would be run, looked at without running or applying anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from amlplan.addresses import node_of
from amlplan.config.azureml.attached import attached_history
from amlplan.config.azureml.expand import expanded
from amlplan.config.azureml.from_runconfig import completed
from amlplan.config.azureml.runconfig import read_runconfig
from amlplan.config.azureml.told import Told, told_of
from amlplan.config.azureml.write import changed_text, new_text
from amlplan.errors import ConfigError, RunError
from amlplan.planning.implied_environments import ImpliedEnvironment, implied_environment
from amlplan.planning.locking import recorded_value
from amlplan.planning.want import want
from amlplan.pointers import tokens_of, with_value
from amlplan.project.opening import empty_state, open_project
from amlplan.project.runconfig_run import configuration_of
from amlplan.runs.resolve import without_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from amlplan.config.azureml.runconfig import Runconfig
    from amlplan.config.check import Checked
    from amlplan.config.evaluating.variables import Assignment
    from amlplan.planning.want import Wanted
    from amlplan.project.opening import OpenProject
    from amlplan_schemas.run_config import RunConfig

VARIABLES = ("env", "environment_variables")
NAMELESS = "implied"
"""The workspace of a file that is looked at alone."""


@dataclass(frozen=True, slots=True)
class ShownRun:
    """A run configuration in full. Variables named in `secret_names` are secrets, and empty."""

    config: RunConfig
    root: Path
    secret_names: frozenset[str] = frozenset()
    implied: ImpliedEnvironment | None = None
    checked: Checked | None = None

    def document(self) -> dict[str, Any]:
        """The configuration as JSON, secrets as null, with the packages that it implies."""
        values = self.config.model_dump(mode="json")
        if self.checked is not None:
            values = without_secrets(values, self.checked)
        implied = self.implied
        if implied is None or implied.interpreter is not None:
            return {"run_config": values}
        packages = {"python": implied.python, "requirements": list(implied.requirements)}
        return {"run_config": values, "implied_environment": packages}

    def runconfig(self) -> tuple[str, tuple[str, ...]]:
        """The text of a runconfig file that says the same, and what it cannot say."""
        name = self.config.from_runconfig
        if name is not None:
            file = read_runconfig(self.root, name)
            after = told_of(self.config, self.secret_names, keeps_python=True)
            return changed_text(file, _before(file, self), after), after.left_out
        implied = self.implied
        python = "" if implied is None else implied.python
        requirements = () if implied is None else implied.requirements
        told = told_of(self.config, self.secret_names, python=python, requirements=requirements)
        return new_text(told), told.left_out


def _before(file: Runconfig, shown: ShownRun) -> Told:
    """What a file says by itself."""
    config = shown.config
    given: dict[str, Any] = {"target": config.target, "input": config.input}
    if not (file.get("script") or file.get("command")):
        given |= {"script": config.script, "command": config.command}
    block = configuration_of(file.name, NAMELESS, None)
    block = type(block).model_validate(
        {name: getattr(block, name) for name in block.model_fields_set}
        | {name: value for name, value in given.items() if value}
    )
    told = told_of(completed(block, file), keeps_python=True)
    values = dict(told.values)
    for way in ("script", "command"):
        values[way] = file.get(way) or ([] if way == "command" else None)
    values["target"] = file.get("target") or "local"
    return Told(values, ())


def shown_file(root: Path, name: str) -> ShownRun:
    """What a runconfig file says by itself; raises ConfigError."""
    block = configuration_of(name, NAMELESS, attached_history(root))
    config, _ = expanded(block, root)
    values = block.model_dump(mode="json")
    return ShownRun(config, root, implied=implied_environment("run_config", values, root))


def shown_block(address: str, root: Path, assignments: Sequence[Assignment] = ()) -> ShownRun:
    """What a run_config or an estimator stands for; resolves no secret and reads no state.

    Raises AmlplanError.
    """
    project = open_project(
        assignments,
        root=root,
        secrets_enabled=False,
        require_variables=False,
        check_state_location=False,
        needs_state=False,
    )
    wanted = _wanted(address, project)
    if wanted is None:
        problems = project.configuration.diagnostics
        if problems:
            raise ConfigError(problems)
        raise _unknown(address, project)
    kind = wanted.block.kind
    values, secret_names = _with_stand_ins(wanted.checked)
    try:
        block = project.registry.inputs_of(kind).model_validate(_written(values, wanted))
    except ValidationError:
        raise RunError(
            "A value is not known",
            f"{address} refers to something that was never applied. Run: amlplan apply",
            address=address,
        ) from None
    config, _ = expanded(block, root)
    if config.history is None:
        history = attached_history(root, project.configuration)
        config = config.model_copy(update={"history": history})
    implied = implied_environment(kind, values, root)
    return ShownRun(config, root, secret_names, implied, wanted.checked)


def _wanted(address: str, project: OpenProject) -> Wanted | None:
    """The block at an address, with what it refers to as far as text alone tells."""
    node, evaluation, state = node_of(address), project.evaluation, empty_state()
    found = None
    if node not in evaluation.blocks_of():
        return None
    for name in evaluation.addresses([node]):
        wanted, problems = want(name, evaluation, project.registry, project.secrets, project.lock)
        if wanted is None:
            raise ConfigError(problems or evaluation.configuration.diagnostics)
        evaluation.publish(name, recorded_value(wanted, state, project.registry))
        found = wanted if name == address else found
    return found


def _written(values: Mapping[str, Any], wanted: Wanted) -> dict[str, Any]:
    """The values that the block itself gives: its file may say others for the rest."""
    body = wanted.block.body
    names = {"name", "workspace", *body.attributes}
    for block in body.blocks:
        names |= {block.type, *block.labels}  # a dynamic block has the name as its label
    found = {name: values[name] for name in values if name in names}
    resources = found.get("resources")
    if isinstance(resources, dict) and resources.get("nodes") == 1:
        found["resources"] = {name: item for name, item in resources.items() if name != "nodes"}
    return {name: value for name, value in found.items() if value is not None}


def _with_stand_ins(checked: Checked) -> tuple[dict[str, Any], frozenset[str]]:
    """The values with "" for each secret, and the names of the variables that are secrets."""
    values = dict(checked.values)
    names: set[str] = set()
    for path in checked.secrets:
        field, *way = tokens_of(path)
        if way:
            values = with_value(values, (field, *way), "")
            names |= {way[0]} if field in VARIABLES else set()
    return values, frozenset(names)


def _unknown(address: str, project: OpenProject) -> RunError:
    """Why an address names nothing that can be shown."""
    node = node_of(address)
    objects = [name for name in project.evaluation.blocks if node_of(name) == node]
    named = f"; its block stands for: {', '.join(objects)}" if objects else ""
    return RunError("No such run configuration", f"There is no {address}{named}.", address=address)
