"""Writes a configuration of the native syntax in the JSON syntax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amlplan.config.syntax import nodes

if TYPE_CHECKING:
    from amlplan.config.syntax.nodes import Body, Expression

WRITTEN = frozenset({"depends_on", "type"})
NAMES = {"moved": {"from", "to"}, "removed": {"from"}, "import": {"to"}, "dynamic": {"iterator"}}


def json_body(body: Body, text: str, written: frozenset[str] = WRITTEN) -> dict[str, Any]:
    """The properties of a body; `text` is what it was parsed from.

    What is `written` is no template: it stands as the native syntax has it.
    """
    found: dict[str, Any] = {}
    for name, attribute in body.attributes.items():
        value = attribute.expression
        found[name] = text[value.start : value.end] if name in written else json_value(value, text)
    for block in body.blocks:
        level = found
        for label in (block.type, *block.labels)[:-1]:
            level = level.setdefault(label, {})
        last = (block.type, *block.labels)[-1]
        inner = WRITTEN | NAMES.get(block.type, set())
        level.setdefault(last, []).append(json_body(block.body, text, inner))
    return found


def json_value(value: Expression, text: str) -> Any:
    """A value as JSON, or a template around its native text."""
    if isinstance(value, nodes.Literal):
        if isinstance(value.value, str):
            return value.value.replace("${", "$${").replace("%{", "%%{")
        return value.value
    if isinstance(value, nodes.TupleConstructor):
        return [json_value(item, text) for item in value.items]
    if isinstance(value, nodes.ObjectConstructor):
        return {json_value(item.key, text): json_value(item.value, text) for item in value.items}
    return f"${{{text[value.start : value.end]}}}"
