"""Evaluates a configuration resource by resource, as what they refer to becomes known."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from amlplan.config.dependencies import META_ARGUMENTS, find_dependencies, order
from amlplan.config.expressions.evaluate import EvaluationError, evaluate
from amlplan.config.expressions.functions.table import FUNCTIONS
from amlplan.config.expressions.scope import Scope
from amlplan.config.expressions.typed_collections import plain
from amlplan.config.locate import argument_range
from amlplan.config.static import static_value
from amlplan.diagnostics import Diagnostic, SourceRange, error
from amlplan.values import UNKNOWN, Sensitive, is_sensitive
from amlplan_schemas.base import (
    LocalPath,
    block_fields,
    labelled_block_fields,
    marked_fields,
    reference_fields,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pydantic import BaseModel

    from amlplan.config.blocks import Configuration, PlacedExpression, ResourceBlock
    from amlplan.config.syntax.nodes import Block, Body
    from amlplan.secrets import Secrets
    from amlplan.values import Value
    from amlplan_schemas.base import ResourceInputs


class Evaluation:
    """The values of one configuration while it is planned and applied.

    `order` has every address after those it refers to, `dependencies` the addresses that each
    refers to. A resource may be evaluated when all of its dependencies are published; publishing
    again replaces what was published. Safe for threads that keep that rule.
    """

    def __init__(
        self,
        configuration: Configuration,
        models: Mapping[str, type[ResourceInputs]],
        block_types: Iterable[str],
        variables: dict[str, Value],
        secrets: Secrets,
    ) -> None:
        self.configuration = configuration
        self.variables = variables
        self._models = models
        block_types = frozenset(block_types)
        self._implied = _implied_references(configuration, models)
        self._found = find_dependencies(configuration, block_types, self._implied)
        self.order = order(configuration.resources, self._found)
        configuration.diagnostics.extend(self._found.problems)
        self.dependencies = {
            address: self._found.resources_of(address) for address in configuration.resources
        }
        self._locals: dict[str, Value] = {}
        self._locals_of = {
            node: self._found.locals_of(node)
            for node in (
                *configuration.resources,
                *(f"local.{name}" for name in configuration.locals),
                *(f"output.{name}" for name in configuration.outputs),
            )
        }
        self._stale_locals = self._locals_by_resource()
        self._resources: dict[str, dict[str, Value]] = {block: {} for block in block_types}
        for address in configuration.resources:
            if address in self._found.broken:  # what leads nowhere was reported; others go on
                self.publish(address, UNKNOWN)
        self._scope = Scope(
            values={
                "var": variables,
                "local": self._locals,
                "path": _paths(configuration.root),
                **self._resources,
            },
            functions=FUNCTIONS,
            base_folder=configuration.root,
            resolve_secret=secrets.resolve,
        )

    def _locals_by_resource(self) -> dict[str, list[str]]:
        """The locals whose value changes when a resource is published."""
        found: dict[str, list[str]] = {}
        for name in self.configuration.locals:
            for address in self._found.resources_of(f"local.{name}"):
                found.setdefault(address, []).append(name)
        return found

    def publish(self, address: str, value: Value) -> None:
        """Make a resource's value known to those that refer to it."""
        block, _, label = address.partition(".")
        self._resources[block][label] = value
        for name in self._stale_locals.get(address, ()):
            self._locals.pop(name, None)

    def resource(
        self, address: str, model: type[ResourceInputs]
    ) -> tuple[dict[str, Value] | None, list[Diagnostic]]:
        """The values that a block gives its model's fields, or None with what is wrong.

        `name` is the label where it is left out, and the implied workspace is filled in. Local
        paths are relative to the project's folder.
        """
        if self._is_broken(address):
            return None, []
        block = self.configuration.resources[address]
        problems = self._prepare_locals(address)
        values = self._body(block, block.body, model, problems)
        if problems:
            return None, problems
        values.setdefault("name", block.label)
        for name, target in self._implied.get(address, {}).items():
            target_block, _, label = target.partition(".")
            values[name] = self._resources[target_block].get(label, UNKNOWN)
        return values, []

    def output_dependencies(self, name: str) -> frozenset[str]:
        """The addresses that an output is made from, through locals as well."""
        return self._found.resources_of(f"output.{name}")

    def outputs(self) -> tuple[dict[str, Value], list[Diagnostic]]:
        """The outputs' values, marked where they are declared sensitive, and what is wrong."""
        values: dict[str, Value] = {}
        problems: list[Diagnostic] = []
        for name in self.configuration.locals:
            if not self._is_broken(f"local.{name}"):
                problems += self._prepare_locals(f"local.{name}")
        for name, output in self.configuration.outputs.items():
            if self._is_broken(f"output.{name}"):
                continue
            found = self._prepare_locals(f"output.{name}")
            value = plain(self._evaluate(output.value, found))
            problems.extend(found)
            if not found:
                marks = output.sensitive and not is_sensitive(value)
                values[name] = Sensitive(value) if marks else value
        return values, problems

    def _is_broken(self, node: str) -> bool:
        """Whether a reference on the way leads nowhere, which is reported already."""
        broken = self._found.broken
        return node in broken or any(local in broken for local in self._locals_of[node])

    def _prepare_locals(self, node: str) -> list[Diagnostic]:
        """Evaluate the locals that a node needs; a local's mistake is reported where it is."""
        problems: list[Diagnostic] = []
        needed = [*self._locals_of[node], *([node] if node.startswith("local.") else ())]
        for local in needed:
            name = local.partition(".")[2]
            if name not in self._locals:
                self._locals[name] = self._evaluate(self.configuration.locals[name], problems)
        return problems

    def _evaluate(self, placed: PlacedExpression, problems: list[Diagnostic]) -> Value:
        try:
            return evaluate(placed.expression, self._scope, placed.source)
        except EvaluationError as failure:
            problems.extend(_with_context(item, placed.context) for item in failure.diagnostics)
            return UNKNOWN

    def _body(
        self,
        block: ResourceBlock,
        body: Body,
        model: type[BaseModel],
        problems: list[Diagnostic],
        top: bool = True,  # noqa: FBT001, FBT002 - whether meta-arguments may stand here
    ) -> dict[str, Value]:
        values: dict[str, Value] = {}
        paths = marked_fields(model, LocalPath)
        nested, labelled = block_fields(model), labelled_block_fields(model)
        for name, attribute in body.attributes.items():
            if top and name in META_ARGUMENTS:
                continue
            place = SourceRange(block.source, attribute.name_start, attribute.name_end)
            if name in nested or name in labelled:
                label = ' "name"' if name in labelled else ""
                example = f"{name}{label} {{ … }}"
                problems.append(_written_as(block, name, place, "block", example))
                continue
            try:
                value = evaluate(attribute.expression, self._scope, block.source)
            except EvaluationError as failure:
                problems.extend(
                    _with_context(item, block.context, block.address)
                    for item in failure.diagnostics
                )
                continue
            if name not in model.model_fields:
                values[name] = None  # its check reports it, whatever the value will be
            elif value is not None:  # null is as good as left out
                values[name] = _root_relative(value) if name in paths else value
        for inner in body.blocks:
            place = SourceRange(block.source, inner.start, inner.header_end)
            labels = 1 if inner.type in labelled else 0
            if inner.type in model.model_fields and inner.type not in {*nested, *labelled}:
                problems.append(
                    _written_as(block, inner.type, place, "argument", f"{inner.type} = …")
                )
            elif inner.type in model.model_fields and len(inner.labels) != labels:
                problems.append(_labels(block, inner.type, place, labels))
            elif inner.type in labelled:
                self._labelled(block, inner, labelled[inner.type], values, problems)
            elif inner.type in values:
                problems.append(_twice(block, inner.type, place))
            elif inner.type in nested:
                values[inner.type] = self._body(
                    block, inner.body, nested[inner.type], problems, top=False
                )
            else:
                values[inner.type] = {}
        return values

    def _labelled(
        self,
        block: ResourceBlock,
        inner: Block,
        model: type[BaseModel],
        values: dict[str, Value],
        problems: list[Diagnostic],
    ) -> None:
        """Put a labelled block among those of its type."""
        found = values.setdefault(inner.type, {})
        label = inner.labels[0]
        if not isinstance(found, dict) or label in found:
            place = SourceRange(block.source, inner.start, inner.header_end)
            problems.append(_twice(block, f'{inner.type} "{label}"', place))
            return
        found[label] = self._body(block, inner.body, model, problems, top=False)


def _with_context(diagnostic: Diagnostic, context: str, address: str | None = None) -> Diagnostic:
    return Diagnostic(
        diagnostic.severity,
        diagnostic.summary,
        diagnostic.detail,
        diagnostic.code,
        diagnostic.range,
        diagnostic.context or context or None,
        diagnostic.address or address,
        diagnostic.values,
    )


def _written_as(
    block: ResourceBlock, name: str, place: SourceRange, form: str, example: str
) -> Diagnostic:
    return error(
        "wrong_form",
        "Unsupported argument" if form == "block" else "Unsupported block type",
        f'"{name}" is written as {"a block" if form == "block" else "an argument"} here, '
        f"as in: {example}",
        place,
        context=block.context,
        address=block.address,
    )


def _labels(block: ResourceBlock, name: str, place: SourceRange, wanted: int) -> Diagnostic:
    takes = f'takes one label, as in {name} "main"' if wanted else "takes no label"
    return error(
        "wrong_labels",
        "Wrong number of labels",
        f'A block of type "{name}" {takes}.',
        place,
        context=block.context,
        address=block.address,
    )


def _twice(block: ResourceBlock, name: str, place: SourceRange) -> Diagnostic:
    return error(
        "duplicate_block",
        "Duplicate block",
        f'A block of type "{name}" may stand here once.',
        place,
        context=block.context,
        address=block.address,
    )


def _paths(root: Path) -> dict[str, Value]:
    return {"module": ".", "root": ".", "cwd": os.fspath(root)}


def _root_relative(value: Value) -> Value:
    """Local paths in their one spelling: forward slashes, no detours; `~` and `/` stay."""
    if isinstance(value, list):
        return [_root_relative(item) for item in value]
    if not isinstance(value, str) or not value or value.startswith("~"):
        return value
    return os.path.normpath(value).replace(os.sep, "/")


def _implied_references(
    configuration: Configuration, models: Mapping[str, type[ResourceInputs]]
) -> dict[str, dict[str, str]]:
    """The workspace of each block that names none: the only one, or the one by default."""
    workspaces = [block for block in configuration.resources.values() if block.block == "workspace"]
    implied: dict[str, dict[str, str]] = {}
    for address, block in configuration.resources.items():
        model = models.get(block.kind)
        if model is None or "workspace" not in reference_fields(model):
            continue
        written = block.body.attributes.get("workspace")
        if written and static_value(written.expression, block.source) != (None, True):
            continue
        default = _default_workspace(workspaces)
        if default is not None:
            implied[address] = {"workspace": default.address}
        else:
            configuration.diagnostics.append(_no_workspace(block, workspaces))
    return implied


def _default_workspace(workspaces: list[ResourceBlock]) -> ResourceBlock | None:
    if len(workspaces) == 1:
        return workspaces[0]
    defaults = [block for block in workspaces if _says_default(block)]
    return defaults[0] if defaults else None


def _says_default(block: ResourceBlock) -> bool:
    attribute = block.body.attributes.get("default")
    return attribute is not None and static_value(attribute.expression, block.source)[0] is True


def _no_workspace(block: ResourceBlock, workspaces: list[ResourceBlock]) -> Diagnostic:
    if workspaces:
        names = ", ".join(item.address for item in workspaces)
        what = f"There are several workspaces ({names}) and none is the default"
        advice = f"Write workspace = {workspaces[0].address}, or default = true in one of them."
    else:
        what = "There is no workspace block that it could belong to"
        advice = 'Add one, as in: workspace "main" {}'
    return error(
        "no_workspace",
        "Missing required argument",
        f'The argument "workspace" is required here. {what}. {advice}',
        argument_range(block, ("workspace",)),
        context=block.context,
        address=block.address,
    )
