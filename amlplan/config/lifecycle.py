"""The `lifecycle` block of a resource: how its object may change, and what must hold for it."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from amlplan.config.blocks import Condition, LifecycleBlock, PlacedExpression
from amlplan.config.expressions.conversion import as_bool
from amlplan.config.expressions.evaluate import EvaluationError, evaluate
from amlplan.config.expressions.marks import unmarked
from amlplan.config.syntax.nodes import Traversal, TupleConstructor
from amlplan.diagnostics import SourceRange, error
from amlplan.pointers import tokens_of
from amlplan.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.config.expressions.scope import Scope
    from amlplan.config.reporter import Reporter
    from amlplan.config.syntax.nodes import Body, Expression
    from amlplan.diagnostics import SourceFile

ARGUMENTS: Final = frozenset(
    {
        "enabled",
        "prevent_destroy",
        "create_before_destroy",
        "ignore_changes",
        "replace_triggered_by",
    }
)
CONDITIONS: Final = frozenset({"precondition", "postcondition"})
_SCOPE: Final = frozenset({"var", "local", "module", "path", "each", "count"})


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What a `lifecycle` block says of one object.

    `ignored` are ways to inputs whose changes do not count, `*` standing for any step and `()`
    for all of them.
    """

    prevent_destroy: bool = False
    create_before_destroy: bool = False
    ignored: tuple[tuple[str, ...], ...] = ()

    def ignores(self, path: str) -> bool:
        """Whether changes of the input at a JSON Pointer do not count."""
        way = tokens_of(path)
        return any(
            len(pattern) <= len(way)
            and all(fnmatchcase(step, wanted) for step, wanted in zip(way, pattern, strict=False))
            for pattern in self.ignored
        )


def read_lifecycle(
    body: Body, source: SourceFile, context: str, reporter: Reporter
) -> LifecycleBlock | None:
    """The `lifecycle` block of a resource, None where it has none; mistakes are reported."""
    blocks = [block for block in body.blocks if block.type == "lifecycle"]
    if not blocks:
        return None
    first, *others = blocks
    place = SourceRange(source, first.start, first.header_end)
    for other in others:
        header = SourceRange(source, other.start, other.header_end)
        reporter.twice("lifecycle", "The lifecycle block", place, header)
    inner = first.body
    if not reporter.has_labels(first, place, ()):
        return None
    reporter.no_blocks(inner, source, context, CONDITIONS)
    known = reporter.attributes(inner, source, context, ARGUMENTS)
    conditions: dict[str, tuple[Condition, ...]] = {
        name: reporter.conditions(inner, name, source, context) for name in CONDITIONS
    }
    return LifecycleBlock(
        arguments={
            name: PlacedExpression(attribute.expression, source, context)
            for name, attribute in known.items()
        },
        preconditions=conditions["precondition"],
        postconditions=conditions["postcondition"],
    )


def lifecycle_of(block: LifecycleBlock | None, scope: Scope) -> Lifecycle:
    """What a block says of one object, in the scope of that; raises EvaluationError."""
    if block is None:
        return Lifecycle()
    arguments = block.arguments
    return Lifecycle(
        prevent_destroy=_flag("prevent_destroy", arguments.get("prevent_destroy"), scope),
        create_before_destroy=_flag(
            "create_before_destroy", arguments.get("create_before_destroy"), scope
        ),
        ignored=tuple(_ignored(arguments.get("ignore_changes"), scope)),
    )


def _flag(name: str, placed: PlacedExpression | None, scope: Scope) -> bool:
    if placed is None:
        return False
    value, _ = unmarked(evaluate(placed.expression, scope, placed.source))
    flag = as_bool(value)
    if flag is None and value is not None:
        known = "known at plan, and this is not" if value is UNKNOWN else "true or false"
        raise _failure(placed, placed.expression, f"The argument {name} must be {known}.")
    return flag is True


def _ignored(placed: PlacedExpression | None, scope: Scope) -> Iterator[tuple[str, ...]]:
    """The ways that `ignore_changes` names: `all`, fields, or strings with dots and stars."""
    if placed is None:
        return
    expression = placed.expression
    if isinstance(expression, Traversal) and expression.root == "all" and not expression.steps:
        yield ()
    elif isinstance(expression, TupleConstructor):
        for item in expression.items:
            yield from _one_ignored(placed, item, scope)
    else:
        yield from _texts(placed, expression, scope)


def _one_ignored(
    placed: PlacedExpression, item: Expression, scope: Scope
) -> Iterator[tuple[str, ...]]:
    if isinstance(item, Traversal) and item.root not in _SCOPE:
        yield (item.root, *(str(step.key) for step in item.steps))
    else:
        yield from _texts(placed, item, scope)


def _texts(
    placed: PlacedExpression, expression: Expression, scope: Scope
) -> Iterator[tuple[str, ...]]:
    value, _ = unmarked(evaluate(expression, scope, placed.source))
    for text in value if isinstance(value, list) else [value]:
        if not isinstance(text, str) or not text:
            raise _failure(
                placed,
                expression,
                "The argument ignore_changes takes all, or a list of fields as in [tags, "
                'env["HOME"]], or of strings with dots and stars as in ["env.*"].',
            )
        yield () if text == "all" else tuple(text.split("."))


def _failure(placed: PlacedExpression, at: Expression, detail: str) -> EvaluationError:
    place = SourceRange(placed.source, at.start, at.end)
    return EvaluationError(error("invalid_lifecycle", "Invalid lifecycle argument", detail, place))
