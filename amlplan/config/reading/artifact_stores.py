"""A workspace whose content lies in a datastore of its own: the folder stands for the datastore.

A datastore belongs to a workspace, and so could not come before it. Of the datastore that keeps
the content of its own workspace, only the path is needed, and that needs no workspace: where
`artifact_store` names one, the path that is written there is read in its place.
"""

from __future__ import annotations

import copy
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from amlplan.config.syntax.nodes import Attribute, Parentheses, TemplateWrap, Traversal
from amlplan.diagnostics import Diagnostic, SourceRange, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.config.blocks import Configuration, ResourceBlock
    from amlplan.config.syntax.nodes import Body, Expression

_FIELD = "artifact_store"
_DATASTORE = "datastore"


def read_artifact_stores(configuration: Configuration) -> Iterator[Diagnostic]:
    """Put the paths of datastores in the place of their names; gives what is wrong with those."""
    for block in configuration.resources.values():
        if block.block != "workspace":
            continue
        for body in (inner.body for inner in block.body.blocks if inner.type == "history"):
            address = _datastore_in(body)
            if address is not None:
                yield from _read(configuration, block, body, address)


def _datastore_in(body: Body) -> str | None:
    """The address of the datastore that is named, None where something else is written."""
    attribute = body.attributes.get(_FIELD)
    expression = None if attribute is None else attribute.expression
    while isinstance(expression, Parentheses | TemplateWrap):
        expression = expression.inner
    if not isinstance(expression, Traversal) or expression.root != _DATASTORE:
        return None
    keys = [step.key for step in expression.steps]
    return f"{_DATASTORE}.{keys[0]}" if len(keys) == 1 and isinstance(keys[0], str) else None


def _read(
    configuration: Configuration, block: ResourceBlock, body: Body, address: str
) -> Iterator[Diagnostic]:
    store = configuration.resources.get(address)
    if store is None:
        return  # told like any name that is not there
    attribute = body.attributes[_FIELD]
    expression = attribute.expression
    path = store.body.attributes.get("path")
    if store.kind != "datastore.local" or path is None or store.meta:
        yield error(
            "invalid_artifact_store",
            "Datastore not fit for content",
            f'{address} cannot be the artifact_store: it takes a datastore "local" that stands '
            "for one folder, such as one on a file system that all hosts share.",
            SourceRange(block.source, expression.start, expression.end),
            context=block.context,
            address=block.address,
        )
        return
    placed = _placed(path.expression, expression.start, expression.end)
    body.attributes[_FIELD] = Attribute(
        _FIELD,
        placed,
        attribute.name_start,
        attribute.name_end,
        attribute.start,
        attribute.end,
    )


def _placed(expression: Expression, start: int, end: int) -> Expression:
    """A copy of an expression that says it stands in another place, where its mistakes are told."""
    copied = copy.deepcopy(expression)
    waiting: list[Any] = [copied]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif is_dataclass(node) and not isinstance(node, type):
            for field in fields(node):
                if field.name == "start" or field.name.endswith("_start"):
                    setattr(node, field.name, start)
                elif field.name == "end" or field.name.endswith("_end"):
                    setattr(node, field.name, end)
                else:
                    waiting.append(getattr(node, field.name))
    return copied
