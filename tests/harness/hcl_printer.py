"""Writes a syntax tree as text of the native syntax, on as few lines as possible."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from amlplan.config.syntax import nodes

if TYPE_CHECKING:
    from amlplan.config.syntax.nodes import Body, Expression, TemplatePart

_NOTHING = '${""}'


def body_text(body: Body) -> str:
    """The arguments of a body, then its blocks."""
    lines = [f"{item.name} = {text_of(item.expression)}\n" for item in body.attributes.values()]
    for block in body.blocks:
        labels = "".join(f" {_quoted(label)}" for label in block.labels)
        lines.append(f"{block.type}{labels} {{\n{body_text(block.body)}}}\n")
    return "".join(lines)


def text_of(node: Expression) -> str:
    """An expression on one line."""
    match node:
        case nodes.Literal():
            return _literal(node)
        case nodes.Traversal():
            return node.root + _steps(node.steps)
        case nodes.RelativeTraversal():
            return text_of(node.source) + _steps(node.steps)
        case nodes.Index():
            return f"{text_of(node.collection)}[{text_of(node.key)}]"
        case nodes.SplatItem():
            return ""
        case nodes.Splat():
            return text_of(node.source) + _splat(node)
        case nodes.FunctionCall():
            arguments = ", ".join(text_of(item) for item in node.arguments)
            return f"{node.name}({arguments}{'...' if node.expand_final else ''})"
        case nodes.Unary():
            return node.operator + text_of(node.operand)
        case nodes.Binary():
            return f"{text_of(node.left)} {node.operator} {text_of(node.right)}"
        case nodes.Conditional():
            results = f"{text_of(node.then)} : {text_of(node.otherwise)}"
            return f"{text_of(node.condition)} ? {results}"
        case nodes.ForTuple() | nodes.ForObject():
            return _for(node)
        case nodes.TupleConstructor():
            return f"[{', '.join(text_of(item) for item in node.items)}]"
        case nodes.ObjectConstructor():
            return f"{{{', '.join(_item(item) for item in node.items)}}}"
        case nodes.Parentheses():
            return f"({text_of(node.inner)})"
        case nodes.TemplateWrap():
            return f'"${{{text_of(node.inner)}}}"'
        case nodes.Template():
            return _template(node)


def _literal(node: nodes.Literal) -> str:
    if isinstance(node.value, str):
        return _quoted(node.value)
    if node.value is None or isinstance(node.value, bool):
        return json.dumps(node.value)
    return str(node.value)


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    plain = json.dumps(text, ensure_ascii=False)[1:-1]
    plain = plain.replace("\\b", "\\u0008").replace("\\f", "\\u000c")
    return plain.replace("$", "\\u0024").replace("%", "\\u0025")


def _steps(steps: list[nodes.Step]) -> str:
    return "".join(
        f".{step.key}"
        if step.is_attribute
        else f"[{_quoted(step.key) if isinstance(step.key, str) else step.key}]"
        for step in steps
    )


def _splat(node: nodes.Splat) -> str:
    if node.is_full:
        return f"[*]{text_of(node.each)}"
    # Only steps with a dot belong to it.
    steps = node.each.steps if isinstance(node.each, nodes.RelativeTraversal) else []
    return ".*" + "".join(f".{step.key}" for step in steps)


def _item(item: nodes.ObjectItem) -> str:
    is_bare = item.is_bare_key and isinstance(item.key, nodes.Literal)
    key = str(item.key.value) if is_bare else text_of(item.key)  # type: ignore[union-attr]
    return f"{key} = {text_of(item.value)}"


def _names(key_name: str | None, value_name: str) -> str:
    return value_name if key_name is None else f"{key_name}, {value_name}"


def _for(node: nodes.ForTuple | nodes.ForObject) -> str:
    head = f"for {_names(node.key_name, node.value_name)} in {text_of(node.collection)} : "
    tail = "" if node.condition is None else f" if {text_of(node.condition)}"
    if isinstance(node, nodes.ForTuple):
        return f"[{head}{text_of(node.result)}{tail}]"
    groups = "..." if node.groups else ""
    return f"{{{head}{text_of(node.result_key)} => {text_of(node.result)}{groups}{tail}}}"


def _template(node: nodes.Template) -> str:
    parts = [
        part for part in node.parts if not (isinstance(part, nodes.Literal) and part.value == "")
    ]
    only = parts[0] if len(parts) == 1 else None
    is_text = (
        len(parts) != 1
        or isinstance(only, nodes.TemplateIf | nodes.TemplateFor)
        or (isinstance(only, nodes.Literal) and isinstance(only.value, str))
    )
    # One interpolation alone would be its value, and not a string.
    return f'"{_parts(node.parts)}{"" if is_text else _NOTHING}"'


def _parts(parts: list[TemplatePart]) -> str:
    return "".join(_part(part) for part in parts)


def _part(part: TemplatePart) -> str:
    match part:
        case nodes.Literal(value=str(value)):
            return _escaped(value)
        case nodes.TemplateIf():
            otherwise = f"%{{ else }}{_parts(part.otherwise)}" if part.otherwise else ""
            head = f"%{{ if {text_of(part.condition)} }}"
            return f"{head}{_parts(part.then)}{otherwise}%{{ endif }}"
        case nodes.TemplateFor():
            names = _names(part.key_name, part.value_name)
            head = f"%{{ for {names} in {text_of(part.collection)} }}"
            return f"{head}{_parts(part.parts)}%{{ endfor }}"
        case _:
            return f"${{{text_of(part)}}}"
