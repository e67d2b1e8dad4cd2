"""A run configuration with everything that it refers to, as it was last applied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.addresses import node_of
from amlplan.config.azureml.expand import expanded, told
from amlplan.errors import ConfigError, RunError
from amlplan.planning.compare import SecretDigests, compare_inputs
from amlplan.planning.connections import reached_by
from amlplan.planning.diff import changed_leaves
from amlplan.planning.locking import recorded_value
from amlplan.planning.want import want
from amlplan.pointers import tokens_of, with_value
from amlplan_schemas.plan import FieldSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amlplan.config.blocks import ResourceBlock
    from amlplan.config.check import Checked
    from amlplan.config.evaluating.evaluation import Evaluation
    from amlplan.lockfile import LockFile
    from amlplan.planning.want import Wanted
    from amlplan.registry import Registry
    from amlplan.secrets import Secrets
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.run_config import RunConfig
    from amlplan_schemas.state import Record, State


_VARIABLES = ("env", "environment_variables")
"""The fields of run configurations and estimators that take environment variables."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What a run configuration is read from; `state` is None where nothing was ever applied."""

    evaluation: Evaluation
    registry: Registry
    secrets: Secrets
    lock: LockFile
    state: State | None


@dataclass(frozen=True, slots=True)
class ResolvedConfig:
    """A complete run configuration, and the `block` that stands for it.

    `is_expanded` tells that the block itself says less: an estimator, or one with a file.
    `secret_names` are those of its environment variables that are secrets. `wanted` and `records`
    have the blocks that it refers to, by address. `notes` say what of them was changed and not
    applied.
    """

    config: RunConfig
    checked: Checked
    secret_names: frozenset[str]
    wanted: Mapping[str, Wanted]
    records: Mapping[str, Record]
    block: ResourceBlock
    is_expanded: bool = False
    notes: tuple[str, ...] = ()


def resolve_config(address: str, project: Applied) -> ResolvedConfig:
    """The run configuration at an address; reads no file but what the blocks it needs name.

    Raises ConfigError for mistakes in these blocks, RunError for what was never applied and for
    secrets that cannot be had.
    """
    evaluation = project.evaluation
    node = node_of(address)
    wanted: dict[str, Wanted] = {}
    records: dict[str, Record] = {}
    notes: list[str] = []
    for name in evaluation.addresses([node]):
        if node_of(name) == node and name != address:
            continue
        found, problems = want(name, evaluation, project.registry, project.secrets, project.lock)
        if found is None:
            raise ConfigError(problems or evaluation.configuration.diagnostics)
        wanted[name] = found
        state = project.state
        if not project.registry.is_configuration_only(found.block.kind) and not found.is_attached:
            records[name] = reached_by(_applied(name, state), found.checked)
            notes += _changed(found, records[name], project)
        if state is not None:
            evaluation.publish(name, recorded_value(found, state, project.registry))
    if address not in wanted:
        raise _several(address, evaluation)
    checked = wanted[address].checked
    if checked.model is None:
        raise incomplete(address, project.secrets)
    config, remarks = expanded(checked.model, evaluation.configuration.root)
    secret_names = _secret_names(checked, config)
    return ResolvedConfig(
        config,
        checked,
        secret_names,
        wanted,
        records,
        wanted[address].block,
        is_expanded=config is not checked.model,
        notes=(*notes, *map(told, remarks)),
    )


def _several(address: str, evaluation: Evaluation) -> RunError:
    """Why an address names no run configuration although its block is there."""
    objects = [name for name in evaluation.blocks if node_of(name) == node_of(address)]
    named = ", ".join(objects) or "none"
    return RunError(
        "No such run configuration",
        f"There is no {address}; its block stands for: {named}. Name one of them, in quotes: "
        f"amlplan run '{objects[0] if objects else address}'",
        address=address,
    )


def _applied(address: str, state: State | None) -> Record:
    record = None if state is None else state.records.get(address)
    if record is None or not record.outputs.values:
        raise RunError(
            "Not applied yet",
            f"The run needs {address}, which was never applied. Run: amlplan apply",
            address=address,
        )
    return record


def _changed(wanted: Wanted, record: Record, project: Applied) -> Iterable[str]:
    """Say where a block differs from what was applied: the run uses what was applied."""
    assert project.state is not None  # noqa: S101 - it has the record
    digests = SecretDigests(project.secrets, project.state.salt)
    model = project.registry.inputs_of(record.kind)
    inputs = compare_inputs(wanted.checked, record.inputs, {}, digests, model)
    if inputs.changes or changed_leaves(record.derived, wanted.derived, FieldSource.DERIVED):
        yield f"{record.address} was changed and not applied; the run uses it as it was applied."


def without_secrets(values: dict[str, JsonValue], checked: Checked) -> dict[str, JsonValue]:
    """The values of a run configuration with null for each secret of the block it is made from."""
    for path in checked.secrets:
        field, *way = tokens_of(path)
        if field in _VARIABLES:
            field = "env"
        if values.get(field) is not None:
            values = with_value(values, (field, *way), None)
    return values


def _secret_names(checked: Checked, config: RunConfig) -> frozenset[str]:
    ways = [tokens_of(path) for path in checked.secrets]
    if any(way in ways for way in ((name,) for name in _VARIABLES)):
        return frozenset(config.env)
    return frozenset(way[1] for way in ways if way[0] in _VARIABLES)


def incomplete(address: str, secrets: Secrets) -> RunError:
    """Why a block cannot be used: a secret that is not there, or what was never applied."""
    why = "; ".join(item.why for item in secrets.unresolved.values())
    if why:
        return RunError(
            "A secret cannot be had",
            f"{address} needs a secret, and {why}. Provide it, then run again.",
            address=address,
        )
    return RunError(
        "A value is not known",
        f"{address} refers to something that was never applied. Run: amlplan apply",
        address=address,
    )
