"""The `lifecycle` block of a resource: how its object may change, and what must hold for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from amlplan.config.blocks import Condition, LifecycleBlock, PlacedExpression
from amlplan.config.expressions.conversion import as_bool
from amlplan.config.expressions.evaluate import EvaluationError, evaluate
from amlplan.config.expressions.marks import unmarked
from amlplan.config.syntax.nodes import Index, RelativeTraversal, Traversal, TupleConstructor
from amlplan.diagnostics import SourceRange, error
from amlplan.pointers import tokens_of
from amlplan.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.addresses import Key
    from amlplan.config.expressions.scope import Scope
    from amlplan.config.reading.reporter import Reporter
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


_SHAPES: Final = ([True], [True, True], [True, False], [True, False, True])
"""Which steps of a reference to a block are attributes: its label, a key, a field."""
Step = str | re.Pattern[str]
"""A step of a way to an input, or what stands for any step that fits it."""
Way = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What a `lifecycle` block says of one object.

    `ignored` are ways to inputs whose changes do not count; `()` is the way to all of them.
    """

    prevent_destroy: bool = False
    create_before_destroy: bool = False
    ignored: tuple[Way, ...] = ()

    def ignores(self, path: str) -> bool:
        """Whether changes of the input at a JSON Pointer do not count."""
        steps = tokens_of(path)
        return any(
            len(way) <= len(steps)
            and all(fits(step, wanted) for step, wanted in zip(steps, way, strict=False))
            for way in self.ignored
        )


@dataclass(frozen=True, slots=True)
class Trigger:
    """What `replace_triggered_by` names: a block, or one object of it, or an attribute of these."""

    block: str
    label: str
    key: Key | None
    attribute: str | None
    place: SourceRange


def fits(step: str, wanted: Step) -> bool:
    """Whether a step of a way is the wanted one."""
    return step == wanted if isinstance(wanted, str) else wanted.fullmatch(step) is not None


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


def lifecycle_of(block: LifecycleBlock, scope: Scope) -> Lifecycle:
    """What a block says of one object, in the scope of that; raises EvaluationError."""
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


def _ignored(placed: PlacedExpression | None, scope: Scope) -> Iterator[Way]:
    """The ways that `ignore_changes` names: `all`, fields, or strings with dots and stars."""
    if placed is None:
        return
    expression = placed.expression
    items = expression.items if isinstance(expression, TupleConstructor) else [expression]
    for item in items:
        if isinstance(item, Traversal) and item.root == "all" and not item.steps:
            yield ()
        elif isinstance(item, Traversal) and item.root not in _SCOPE:
            yield (item.root, *(str(step.key) for step in item.steps))
        else:
            yield from _texts(placed, item, scope)


def _texts(placed: PlacedExpression, expression: Expression, scope: Scope) -> Iterator[Way]:
    value, _ = unmarked(evaluate(expression, scope, placed.source))
    for text in value if isinstance(value, list) else [value]:
        if not isinstance(text, str) or not text:
            raise _failure(
                placed,
                expression,
                "The argument ignore_changes takes all, or a list of fields as in [tags, "
                'env["HOME"]], or of strings with dots and stars as in ["env.*"].',
            )
        yield () if text == "all" else tuple(_step(step) for step in text.split("."))


def _step(text: str) -> Step:
    if "*" not in text:
        return text
    return re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)


def triggers_of(block: LifecycleBlock, scope: Scope) -> list[Trigger]:
    """What `replace_triggered_by` names, its keys evaluated; raises EvaluationError."""
    placed = block.arguments.get("replace_triggered_by")
    if placed is None:
        return []
    if not isinstance(placed.expression, TupleConstructor):
        raise _no_trigger(placed, placed.expression)
    return [_trigger(placed, item, scope) for item in placed.expression.items]


def _trigger(placed: PlacedExpression, item: Expression, scope: Scope) -> Trigger:
    root, steps = _way(placed, item, scope)
    shape = [is_attribute for _, is_attribute in steps]
    if root in _SCOPE or shape not in _SHAPES:
        raise _no_trigger(placed, item)
    keys = [key for key, is_attribute in steps if not is_attribute]
    names = [str(key) for key, is_attribute in steps[1:] if is_attribute]
    return Trigger(
        root,
        str(steps[0][0]),
        keys[0] if keys else None,
        names[0] if names else None,
        SourceRange(placed.source, item.start, item.end),
    )


def _way(
    placed: PlacedExpression, item: Expression, scope: Scope
) -> tuple[str, list[tuple[Key, bool]]]:
    """The name that a reference begins with, and its steps; computed keys are evaluated."""
    if isinstance(item, Traversal):
        return item.root, [(step.key, step.is_attribute) for step in item.steps]
    if isinstance(item, RelativeTraversal):
        root, steps = _way(placed, item.source, scope)
        return root, [*steps, *((step.key, step.is_attribute) for step in item.steps)]
    if isinstance(item, Index):
        root, steps = _way(placed, item.collection, scope)
        key, _ = unmarked(evaluate(item.key, scope, placed.source))
        if isinstance(key, str | int) and not isinstance(key, bool):
            return root, [*steps, (key, False)]
    raise _no_trigger(placed, item)


def _no_trigger(placed: PlacedExpression, at: Expression) -> EvaluationError:
    text = (
        "The argument replace_triggered_by takes a list of blocks or of their attributes, as in "
        '[model.ridge, image.scorer.digest, model.team["eu"]].'
    )
    return _failure(placed, at, text)


def _failure(placed: PlacedExpression, at: Expression, detail: str) -> EvaluationError:
    place = SourceRange(placed.source, at.start, at.end)
    return EvaluationError(error("invalid_lifecycle", "Invalid lifecycle argument", detail, place))
