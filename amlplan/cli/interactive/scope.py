"""What a typed expression can see: the project's names as far as the state knows them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.functions.function import Function, Parameter
from amlplan.config.expressions.functions.table import FUNCTIONS
from amlplan.config.expressions.scope import Scope
from amlplan.config.expressions.typed_collections import type_of
from amlplan.config.reading.load import in_source_order
from amlplan.errors import ConfigError
from amlplan.planning.want import resource_value, want
from amlplan.pointers import tokens_of, with_value
from amlplan.project.opening import open_project
from amlplan.project.workspaces import has_configuration
from amlplan.secrets import Secrets
from amlplan.values import UNKNOWN, ResourceValue, SecretReference, Sensitive, exact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from amlplan.config.evaluating.variables import Assignment
    from amlplan.config.expressions.types import Type
    from amlplan.diagnostics import Diagnostic
    from amlplan.project.opening import OpenProject
    from amlplan.values import Value
    from amlplan_schemas.state import Record


@dataclass(frozen=True, slots=True)
class TypeAnswer:
    """What the function `type` gives: no value of the language, but the type of one."""

    type: Type


def _without_resources(value: Value) -> Value:
    """A value in which resources are objects, as which their type is told."""
    if isinstance(value, Sensitive):
        return _without_resources(value.value)
    if isinstance(value, ResourceValue) or type(value) is dict:
        return {name: _without_resources(item) for name, item in value.items()}
    return [_without_resources(item) for item in value] if type(value) is list else value


_TYPE: Final = Function(
    "type",
    lambda value: TypeAnswer(type_of(_without_resources(value))),
    (Parameter("value", allows_null=True),),
    is_raw=True,
)
_FUNCTIONS: Final = {**FUNCTIONS, _TYPE.name: _TYPE}


@dataclass(frozen=True, slots=True)
class ConsoleScope:
    """The names of an expression; `attributes` gives those of a block that has no value yet.

    `masked` takes secrets that were looked up out of a text.
    """

    scope: Scope
    attributes: Callable[[str, str], Iterable[str]]
    masked: Callable[[str], str]


def console_scope(assignments: Sequence[Assignment], *, secrets_enabled: bool) -> ConsoleScope:
    """The names of the current folder's project, or functions only where there is none.

    Resources are as the state records them; nothing outside is asked, and what was never applied
    is unknown. Raises ConfigError for a configuration with mistakes.
    """
    root = Path.cwd()
    if not assignments and not has_configuration(root):
        secrets = Secrets(root, enabled=secrets_enabled)
        paths = {"path": {"module": ".", "root": ".", "cwd": str(root)}}
        scope = Scope(paths, _FUNCTIONS, root, secrets.resolve)
        return ConsoleScope(scope, lambda *_: (), secrets.masked)
    project = open_project(assignments, secrets_enabled=secrets_enabled, require_variables=False)
    problems = _publish_recorded(project)
    evaluation = project.evaluation
    problems += evaluation.outputs()[1]
    problems += evaluation.configuration.diagnostics
    if problems:
        raise ConfigError(in_source_order(problems))
    scope = replace(evaluation.scope, functions=_FUNCTIONS)
    return ConsoleScope(
        scope, lambda block, label: _attributes(project, block, label), project.secrets.masked
    )


def _publish_recorded(project: OpenProject) -> list[Diagnostic]:
    """Give every object the value that the state has; what is wrong with the others."""
    state = project.backend.reader().read()
    records = state.records if state is not None else {}
    evaluation, registry = project.evaluation, project.registry
    problems: list[Diagnostic] = []
    for address in evaluation.addresses():
        value: Value = UNKNOWN
        if registry.is_configuration_only(evaluation.blocks[address].kind):
            wanted, found = want(address, evaluation, registry, project.secrets, project.lock)
            problems += found
            if wanted is not None:
                value = resource_value(wanted, {}, {}, UNKNOWN)
        elif address in records and records[address].outputs.values:
            value = _recorded(records[address])
        evaluation.publish(address, value)
    return problems


def _recorded(record: Record) -> ResourceValue:
    """A resource as the state has it: its secrets are references, or only known to be there."""
    attributes: dict[str, Value] = {}
    for tree in filter(None, (record.inputs, record.connection, record.outputs)):
        values: dict[str, Value] = {name: exact(value) for name, value in tree.values.items()}
        for path, secret in tree.secrets.items():
            hidden: Value = Sensitive(UNKNOWN)
            if secret.scheme is not None and secret.argument is not None:
                hidden = SecretReference(secret.scheme, secret.argument)
            values = with_value(values, tokens_of(path), hidden)
        attributes.update(values)
    return ResourceValue(
        attributes, address=record.address, kind=record.kind, identity=record.identity
    )


def _attributes(project: OpenProject, block: str, label: str) -> Iterable[str]:
    """The attributes that a block of the configuration will have."""
    resource = project.configuration.resources.get(f"{block}.{label}")
    if resource is None:
        return ()
    names = set(project.registry.inputs_of(resource.kind).model_fields)
    if not project.registry.is_configuration_only(resource.kind):
        names |= set(project.registry.provider(resource.kind).kind.outputs.model_fields)
    return names
