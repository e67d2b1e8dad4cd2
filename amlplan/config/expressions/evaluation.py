"""What evaluating works with: the scope, the file, and how mistakes become diagnostics."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Protocol

from amlplan.config.expressions.marks import content, marked, unmarked
from amlplan.config.expressions.numbers import number_text
from amlplan.config.expressions.typed_collections import type_name
from amlplan.config.syntax.references import references
from amlplan.diagnostics import SourceRange, error
from amlplan.values import UNKNOWN, is_sensitive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.config.expressions.scope import Scope
    from amlplan.config.syntax.nodes import (
        Expression,
        TemplateFor,
        TemplateIf,
        TemplatePart,
        Traversal,
    )
    from amlplan.diagnostics import Diagnostic, SourceFile
    from amlplan.values import Value

_SHOWN_VALUES: Final = 6
_SHOWN_CHARACTERS: Final = 60


class EvaluationError(Exception):
    """An expression has no value; `diagnostics` holds every mistake found, at least one."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("; ".join(f"{item.summary}: {item.detail}" for item in diagnostics))
        self.diagnostics = diagnostics

    @property
    def diagnostic(self) -> Diagnostic:
        """The first mistake."""
        return self.diagnostics[0]


class Handler(Protocol):
    """Evaluates the nodes of one type."""

    def __call__(self, node: TemplatePart, evaluation: Evaluation, /) -> Value:
        """Give the value of a node."""


class Evaluation:
    """One expression being evaluated in a scope; `handlers` has one per node type.

    Where only the type of the value counts, a mistake in a part of it makes that part unknown.
    """

    __slots__ = ("handlers", "is_for_type", "scope", "source")

    def __init__(
        self,
        scope: Scope,
        source: SourceFile,
        handlers: Mapping[type, Handler],
        *,
        is_for_type: bool = False,
    ) -> None:
        self.scope = scope
        self.source = source
        self.handlers = handlers
        self.is_for_type = is_for_type

    def value(self, node: TemplatePart) -> Value:
        """Give the value of a node; raises EvaluationError."""
        return self.handlers[type(node)](node, self)

    def content(self, node: TemplatePart) -> tuple[Value, bool]:
        """Give a node's value without its mark, and whether it had one; secrets are resolved."""
        return content(self.value(node), self.scope.resolve_secret)

    def within(self, values: Mapping[str, Value]) -> Evaluation:
        """Give an evaluation that sees these names too."""
        scope = self.scope.with_values(values)
        return Evaluation(scope, self.source, self.handlers, is_for_type=self.is_for_type)

    def for_type(self) -> Evaluation:
        """Give an evaluation for the type alone, which looks no secret up."""
        scope = self.scope.without_secrets()
        return Evaluation(scope, self.source, self.handlers, is_for_type=True)

    def part(self, node: TemplatePart, problems: list[Diagnostic]) -> Value:
        """Give the value of one of several parts; its mistakes are added to the problems."""
        try:
            return self.value(node)
        except EvaluationError as failure:
            if not self.is_for_type:
                problems.extend(failure.diagnostics)
            return UNKNOWN

    def failure(
        self,
        place: Expression | TemplateIf | TemplateFor,
        code: str,
        summary: str,
        detail: str,
        *,
        start: int | None = None,
        end: int | None = None,
    ) -> EvaluationError:
        """Give the exception for a mistake at a node, or at the part of it that is given."""
        begin = place.start if start is None else start
        span = SourceRange(self.source, begin, place.end if end is None else end)
        return EvaluationError(error(code, summary, detail, span, values=self._values(place)))

    def _values(self, node: TemplatePart) -> tuple[tuple[str, str], ...]:
        """Describe what the node refers to, so that a reader sees why it failed."""
        found: dict[str, str] = {}
        for traversal in references(node):
            if traversal.root in self.scope.values and len(found) < _SHOWN_VALUES:
                end, value = self._reached(traversal)
                found[self.source.text[traversal.start : end]] = describe(value)
        return tuple(found.items())

    def _reached(self, traversal: Traversal) -> tuple[int, Value]:
        """Walk a traversal as far as it goes; give where that is, and the value there."""
        value, end, is_marked = self.scope.values[traversal.root], traversal.root_end, False
        for step in traversal.steps:
            value, was_marked = unmarked(value)
            is_marked = is_marked or was_marked
            if value is UNKNOWN:
                return traversal.end, marked(UNKNOWN, is_marked)
            key = step.key
            if isinstance(value, dict) and key in value:
                value = value[str(key)]
            elif isinstance(value, list) and isinstance(key, int) and key < len(value):
                value = value[key]
            else:
                break
            end = step.end
        return end, marked(value, is_marked)


def describe(value: Value) -> str:
    """Describe a value in few words; nothing sensitive is ever shown."""
    if is_sensitive(value) and not isinstance(value, dict | list):
        return "(sensitive value)"
    if value is UNKNOWN:
        return "(known after apply)"
    if isinstance(value, list | dict):
        count, kind = len(value), type_name(value)
        part = "attribute" if kind == "object" else "element"
        return f"{kind} with {count} {part}{'' if count == 1 else 's'}"
    if isinstance(value, Decimal):
        return number_text(value)
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"
