"""Makes expressions of JSON values, with places in the JSON text.

The specification has three readings of a string: as a template, as it is, and, where the native
syntax takes a name instead of a value, as an expression. `read_json` gives the second.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from amlplan.config.syntax.json_strings import decoded, offsets_of
from amlplan.config.syntax.nodes import Literal, ObjectConstructor, ObjectItem, TupleConstructor
from amlplan.config.syntax.parser import parse_expression, parse_template_text
from amlplan.diagnostics import Diagnostic, SourceFile, SourceRange, error

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan.config.syntax.nodes import Expression

    Parse = Callable[[SourceFile, int], tuple[Expression | None, list[Diagnostic]]]

_PLACES: Final = frozenset({"start", "end", "root_end", "name_end", "name_start", "operator_start"})


class JsonExpressions:
    """Gives each reading of the values of one file, and notes what is wrong with them."""

    def __init__(self, source: SourceFile, diagnostics: list[Diagnostic]) -> None:
        self._source = source
        self._diagnostics = diagnostics

    def as_templates(self, value: Expression, depth: int = 0) -> Expression:
        """Give a value in which every string is a template, names of properties as well."""
        if isinstance(value, TupleConstructor):
            items = [self.as_templates(item, depth + 1) for item in value.items]
            return TupleConstructor(items, value.start, value.end)
        if isinstance(value, ObjectConstructor):
            self._each_once(value)
            properties = [
                ObjectItem(
                    self.as_templates(item.key, depth + 1),
                    self.as_templates(item.value, depth + 1),
                    False,  # noqa: FBT003
                    item.start,
                    item.end,
                )
                for item in value.items
            ]
            return ObjectConstructor(properties, value.start, value.end)
        if isinstance(value, Literal) and _has_sequence(value.value):
            return self._parsed(value, depth, parse_template_text)
        return value

    def as_written(self, value: Expression, depth: int = 0) -> Expression:
        """Give a value in which every string is an expression: a reference, or a type."""
        if isinstance(value, TupleConstructor):
            items = [self.as_written(item, depth + 1) for item in value.items]
            return TupleConstructor(items, value.start, value.end)
        if isinstance(value, Literal) and isinstance(value.value, str):
            return self._parsed(value, depth, parse_expression)
        return value

    def as_they_are(self, value: Expression) -> Expression:
        """Give a value whose strings mean themselves."""
        if isinstance(value, TupleConstructor):
            for element in value.items:
                self.as_they_are(element)
        elif isinstance(value, ObjectConstructor):
            self._each_once(value)
            for item in value.items:
                self.as_they_are(item.value)
        return value

    def _each_once(self, value: ObjectConstructor) -> None:
        seen: set[object] = set()
        for item in value.items:
            key = item.key.value if isinstance(item.key, Literal) else None
            if key in seen:
                self._diagnostics.append(
                    error(
                        "duplicate_property",
                        "Property set twice",
                        f'This object has a property "{key}" already. Remove one of the two.',
                        SourceRange(self._source, item.key.start, item.key.end),
                    )
                )
            seen.add(key)

    def _parsed(self, string: Literal, depth: int, parse: Parse) -> Expression:
        """Give what a string's text says; the string as it is where that is nothing."""
        text = self._source.text[string.start + 1 : string.end - 1]
        has_escapes = "\\" in text
        inner = SourceFile(self._source.filename, decoded(text) if has_escapes else text)
        found, problems = parse(inner, depth)
        offsets = offsets_of(text) if has_escapes else range(len(text) + 1)
        begin = string.start + 1
        for problem in problems:
            place = problem.range
            assert place is not None  # noqa: S101 - the parser always says where
            moved = SourceRange(
                self._source, begin + offsets[place.start], begin + offsets[place.end]
            )
            self._diagnostics.append(replace(problem, range=moved))
        if found is None:
            return string
        _move(found, lambda offset: begin + offsets[offset])
        return found


def _has_sequence(text: object) -> bool:
    return isinstance(text, str) and ("${" in text or "%{" in text)


def _move(tree: Expression, moved: Callable[[int], int]) -> None:
    """Give every place of a tree anew; without recursion, since chains of operators are long."""
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(node)
            continue
        kind: Any = type(node)
        places, inner = _slots_of(kind)
        for name in places:
            setattr(node, name, moved(getattr(node, name)))
        for name in inner:
            value = getattr(node, name)
            if isinstance(value, list) or is_dataclass(value):
                stack.append(value)


@cache
def _slots_of(node: type[object]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fields of a kind of node that are places, and the others."""
    names = [field.name for field in fields(cast("Any", node))]
    return (
        tuple(name for name in names if name in _PLACES),
        tuple(name for name in names if name not in _PLACES),
    )
