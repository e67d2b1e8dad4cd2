"""Conditions on runs, as in `metrics.mse < 0.5 and params.alpha = 0.1`.

They are expressions of the configuration language. What a run lacks makes a comparison neither
true nor false, so that `metrics.a < 1 or metrics.b < 1` finds a run that has one of the two.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.evaluate import EvaluationError, evaluate
from amlplan.config.expressions.functions.table import FAMILIES as FUNCTION_FAMILIES
from amlplan.config.expressions.scope import Scope
from amlplan.config.syntax.nodes import Binary, Parentheses, Traversal, Unary
from amlplan.config.syntax.reader import too_deep
from amlplan.config.syntax.references import references
from amlplan.diagnostics import SourceRange, error
from amlplan.errors import ConfigError
from amlplan.looking.compared_values import COMPARISONS, compared, known
from amlplan.looking.facts import FAMILIES, FIELDS, names_in, names_of
from amlplan.looking.where_text import parsed
from amlplan.values import UNKNOWN, Sensitive, Value
from amlplan.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amlplan.config.syntax.nodes import Expression
    from amlplan.diagnostics import Diagnostic, SourceFile
    from amlplan.history import RunOverview
    from amlplan.values import SecretReference

_OUTSIDE: Final = frozenset({"files and paths", "environment and secrets"})
_FUNCTIONS: Final = {
    function.name: function
    for family, functions in FUNCTION_FAMILIES.items()
    if family not in _OUTSIDE
    for function in functions
}
"""A condition sees runs alone, so functions that look at files and secrets are not there."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that was read; `names` are those that it looks for in each family."""

    expression: Expression
    source: SourceFile
    names: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, text: str) -> Condition:
        """The condition of a text; raises ConfigError, which shows what is wrong where."""
        expression, source = parsed(text)
        found = references(expression)
        problems = [problem for each in found for problem in _unknown_root(each, source)]
        if problems:
            raise ConfigError(problems)
        named = (_named(each) for each in found)
        return cls(expression, source, tuple(name for name in named if name is not None))

    def fits(self, run: RunOverview) -> bool:
        """Whether a run fulfils it; raises ConfigError where it makes no sense."""
        try:
            return _Look(run, self.source).truth(self.expression) is True
        except EvaluationError as failure:
            raise ConfigError(failure.diagnostics) from None
        except RecursionError:
            place = SourceRange(self.source, 0, len(self.source.text))
            raise ConfigError([error(*too_deep(), place)]) from None

    def unheard_of(self, runs: Iterable[RunOverview]) -> list[str]:
        """A sentence for each name that none of the runs has."""
        runs = list(runs)
        said: list[str] = []
        for family, name in self.names if runs else ():
            there = names_in(family, runs)
            if name not in there:
                said.append(f"No run has {family}.{name}.{suggestion(name, there)}")
        return said


def _named(traversal: Traversal) -> tuple[str, str] | None:
    """The name in a family that is looked for; the steps of `metrics.val.loss` make one name."""
    if traversal.root not in FAMILIES or not traversal.steps:
        return None
    return traversal.root, ".".join(str(step.key) for step in traversal.steps)


def _unknown_root(traversal: Traversal, source: SourceFile) -> Iterable[Diagnostic]:
    if traversal.root in FAMILIES or traversal.root in FIELDS:
        return
    hint = suggestion(traversal.root, [*FAMILIES, *FIELDS])
    name = traversal.root
    hint = hint or f" A metric of this name is written metrics.{name}, a text '{name}'."
    yield error(
        "unknown_reference",
        "Unknown name in a condition",
        f"{traversal.root} is nothing that runs have.{hint} There are metrics.NAME, params.NAME, "
        f"tags.NAME, properties.NAME, min.NAME, max.NAME and count.NAME of a metric, and "
        f'{", ".join(FIELDS)}. A name of other letters is written as in metrics["val/loss"].',
        SourceRange(source, traversal.start, traversal.root_end),
    )


class _Look:
    """One run being looked at; None stands for what cannot be told of it."""

    def __init__(self, run: RunOverview, source: SourceFile) -> None:
        self._run = run
        self._source = source

    def truth(self, node: Expression) -> bool | None:
        """Whether an expression holds of the run."""
        if isinstance(node, Parentheses):
            return self.truth(node.inner)
        if isinstance(node, Unary) and node.operator == "!":
            inner = self.truth(node.operand)
            return None if inner is None else not inner
        if isinstance(node, Binary) and node.operator in {"&&", "||"}:
            return self._joined(node)
        if isinstance(node, Binary) and node.operator in COMPARISONS:
            return compared(node.operator, self._value(node.left), self._value(node.right))
        value = self._value(node)
        if value is None or isinstance(value, bool):
            return value
        place = SourceRange(self._source, node.start, node.end)
        raise EvaluationError(
            error(
                "invalid_condition",
                "Not a condition",
                "This is a value, neither true nor false. Compare it with something, as in "
                "metrics.mse < 0.5.",
                place,
            )
        )

    def _joined(self, node: Binary) -> bool | None:
        decides = node.operator == "||"
        left = self.truth(node.left)
        if left is decides:
            return decides
        right = self.truth(node.right)
        if right is decides:
            return decides
        return None if left is None or right is None else not decides

    def _value(self, node: Expression) -> Value:
        if isinstance(node, Parentheses):
            return self._value(node.inner)
        if isinstance(node, Traversal):
            return self._fact(node)
        facts = [self._fact(each) for each in references(node)]
        if any(fact is None for fact in facts):
            return None
        # Most operands are literals, for which nothing of the run has to be looked at.
        return evaluate(node, self._scope if facts else _EMPTY, self._source)

    def _fact(self, node: Traversal) -> Value:
        named = _named(node)
        if named is None:
            return known(FIELDS[node.root](self._run.summary)) if node.root in FIELDS else {}
        return known(FAMILIES[named[0]](self._run, named[1]))

    @functools.cached_property
    def _scope(self) -> Scope:
        return Scope(_values_of(self._run), _FUNCTIONS, Path(), _no_secret)


def _values_of(run: RunOverview) -> Mapping[str, Value]:
    fields: dict[str, Value] = {name: known(of(run.summary)) for name, of in FIELDS.items()}
    for family, of in FAMILIES.items():
        fields[family] = {name: known(of(run, name)) for name in names_of(run, family)}
    return fields


def _no_secret(_reference: SecretReference) -> Value:
    return Sensitive(UNKNOWN)


_EMPTY: Final = Scope({}, _FUNCTIONS, Path(), _no_secret)
