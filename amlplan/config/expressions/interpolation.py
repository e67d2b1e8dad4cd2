"""Templates: text with values filled in (spec: Templates)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.config.expressions.conversion import as_bool, as_text
from amlplan.config.expressions.evaluation import EvaluationError
from amlplan.config.expressions.loops import Loop
from amlplan.config.expressions.marks import marked
from amlplan.config.expressions.text import composed
from amlplan.config.expressions.typed_collections import type_name
from amlplan.config.syntax.nodes import Literal, TemplateFor, TemplateIf, Traversal
from amlplan.values import UNKNOWN

if TYPE_CHECKING:
    from amlplan.config.expressions.evaluation import Evaluation
    from amlplan.config.syntax.nodes import Expression, Template, TemplatePart, TemplateWrap
    from amlplan.diagnostics import Diagnostic
    from amlplan.values import Value


def template_wrap(node: TemplateWrap, evaluation: Evaluation) -> Value:
    """Give the value of a lone interpolation, whatever it is."""
    return evaluation.value(node.inner)


def template(node: Template, evaluation: Evaluation) -> Value:
    """Fill a template in; one with anything unknown in it is unknown."""
    plain = _plain_text(node.parts, evaluation)
    if plain is not None:
        return composed(plain)
    rendering = _Rendering()
    rendering.add(node.parts, evaluation)
    if rendering.problems:
        raise EvaluationError(*rendering.problems)
    text = UNKNOWN if rendering.is_unknown else composed("".join(rendering.texts))
    return marked(text, rendering.is_marked)


def _plain_text(parts: list[TemplatePart], evaluation: Evaluation) -> str | None:
    """Fill a template in that has references to strings only, as most have; None for others."""
    texts: list[str] = []
    for part in parts:
        kind = type(part)
        if kind is Traversal:
            try:
                value = evaluation.value(part)
            except EvaluationError:
                return None  # every mistake is told, not the first alone
        elif kind is Literal:
            value = part.value  # type: ignore[union-attr]
        else:
            return None
        if type(value) is not str:
            return None
        texts.append(value)
    return "".join(texts)


class _Rendering:
    """What came of the parts of a template so far."""

    __slots__ = ("is_marked", "is_unknown", "problems", "texts")

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.problems: list[Diagnostic] = []
        self.is_unknown = False
        self.is_marked = False

    def add(self, parts: list[TemplatePart], evaluation: Evaluation) -> None:
        for part in parts:
            try:
                if isinstance(part, Literal) and isinstance(part.value, str):
                    self.texts.append(part.value)
                elif isinstance(part, TemplateIf):
                    self._add_if(part, evaluation)
                elif isinstance(part, TemplateFor):
                    self._add_for(part, evaluation)
                else:
                    self._add_value(part, evaluation)
            except EvaluationError as failure:
                self.problems.extend(failure.diagnostics)

    def _add_value(self, part: Expression, evaluation: Evaluation) -> None:
        value, was_marked = evaluation.content(part)
        self.is_marked = self.is_marked or was_marked
        text = as_text(value)
        if text is not None:
            self.texts.append(text)
        elif value is UNKNOWN:
            self.is_unknown = True
        else:
            given = "null" if value is None else f"a {type_name(value)}"
            raise evaluation.failure(
                part,
                "invalid_template_value",
                "Invalid template value",
                f"Only a string, number or bool can be part of a string, and this is {given}. "
                "Take an element or attribute of it, or convert it, as with jsonencode.",
            )

    def _add_if(self, part: TemplateIf, evaluation: Evaluation) -> None:
        value, was_marked = evaluation.content(part.condition)
        self.is_marked = self.is_marked or was_marked
        if value is UNKNOWN:
            self.is_unknown = True
            return
        found = as_bool(value)
        if found is None:
            given = "null" if value is None else f"a {type_name(value)}"
            raise evaluation.failure(
                part.condition,
                "invalid_condition",
                "Invalid template condition",
                f"The condition must be true or false, and is {given}.",
            )
        self.add(part.then if found else part.otherwise, evaluation)

    def _add_for(self, part: TemplateFor, evaluation: Evaluation) -> None:
        loop = Loop(part, evaluation)
        self.is_marked = self.is_marked or loop.is_marked
        self.is_unknown = self.is_unknown or loop.is_unknown
        for inner in loop.passes():
            self.add(part.parts, inner)
