"""Names of the scope, and steps into values: attributes, indexes and splats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.conversion import as_text
from amlplan.config.expressions.marks import content, marked
from amlplan.config.expressions.numbers import NumberRangeError, parse_number
from amlplan.config.expressions.typed_collections import (
    ListValue,
    SetValue,
    type_name,
    type_of,
)
from amlplan.config.expressions.types import ANY
from amlplan.config.expressions.unification import unify
from amlplan.config.syntax.nodes import SplatItem
from amlplan.values import UNKNOWN
from amlplan.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amlplan.config.expressions.evaluation import Evaluation, EvaluationError
    from amlplan.config.syntax.nodes import (
        Expression,
        Index,
        RelativeTraversal,
        Splat,
        Step,
        Traversal,
    )
    from amlplan.values import Value

_ITEM: Final = "*"
_LISTED: Final = 10


def suggestion(name: str, known: Iterable[str]) -> str:
    """Give a sentence on what may have been meant, or what there is."""
    names = sorted(known)
    near = nearest(name, names)
    if near:
        return f'Did you mean "{near}"?'
    if not names:
        return "There are none."
    listed = ", ".join(f'"{item}"' for item in names[:_LISTED])
    return f"There {'is' if len(names) == 1 else 'are'} {listed}" + (
        f" and {len(names) - _LISTED} more." if len(names) > _LISTED else "."
    )


def traversal(node: Traversal, evaluation: Evaluation) -> Value:
    """Look a name up and walk its steps."""
    values = evaluation.scope.values
    if node.root not in values:
        raise evaluation.failure(
            node,
            "unknown_reference",
            "Reference to unknown name",
            f'Nothing named "{node.root}" can be referred to here. '
            f"{suggestion(node.root, values)} Text stands in double quotes.",
            end=node.root_end,
        )
    value = values[node.root]
    return _walk(value, node.steps, node, evaluation) if node.steps else value


def relative_traversal(node: RelativeTraversal, evaluation: Evaluation) -> Value:
    """Walk steps from the value of an expression."""
    return _walk(evaluation.value(node.source), node.steps, node, evaluation)


def index(node: Index, evaluation: Evaluation) -> Value:
    """Take the element whose key is computed."""
    collection = evaluation.value(node.collection)
    key, key_marked = evaluation.content(node.key)
    place = (node.key.start, node.key.end)
    if key is UNKNOWN:
        _, collection_marked = content(collection, evaluation.scope.resolve_secret)
        return marked(UNKNOWN, key_marked or collection_marked)
    return marked(_element(collection, key, node, place, evaluation), key_marked)


def splat(node: Splat, evaluation: Evaluation) -> Value:
    """Take the same of each item (spec: Splat Operators); null has no items, a scalar is one."""
    source, is_marked = evaluation.content(node.source)
    if source is UNKNOWN:
        return marked(UNKNOWN, is_marked)
    if source is None:
        return marked([], is_marked)
    items = source if isinstance(source, list) else [source]
    found = [evaluation.within({_ITEM: marked(item, is_marked)}).value(node.each) for item in items]
    if isinstance(source, ListValue | SetValue):
        element = source.element
        if not isinstance(node.each, SplatItem):
            element = unify(type_of(item) for item in found) or ANY
        return marked(ListValue(found, element), is_marked)
    return marked(found, is_marked)


def splat_item(_node: SplatItem, evaluation: Evaluation) -> Value:
    """Give the item a splat is at."""
    return evaluation.scope.values[_ITEM]


def _walk(value: Value, steps: list[Step], node: Expression, evaluation: Evaluation) -> Value:
    for step in steps:
        key = step.key
        if type(value) is dict and key in value:
            value = value[key]
        elif step.is_attribute:
            value = _attribute(value, str(key), node, step, evaluation)
        else:
            value = _element(value, key, node, (step.start, step.end), evaluation)
    return value


def _attribute(
    value: Value, name: str, node: Expression, step: Step, evaluation: Evaluation
) -> Value:
    value, is_marked = content(value, evaluation.scope.resolve_secret)
    if value is UNKNOWN:
        return marked(UNKNOWN, is_marked)
    if isinstance(value, dict) and name in value:
        return marked(value[name], is_marked)
    if value is None:
        raise _null_step(node, step.start, step.end, evaluation)
    if isinstance(value, dict):
        hint = "" if is_marked else f" {suggestion(name, value)}"
        detail = f'This object has no attribute named "{name}".{hint}'
    elif isinstance(value, list):
        detail = (
            "This is a list, whose elements have attributes, not itself. Use [*] for those of "
            "all elements, or an index like [0] for those of one."
        )
    else:
        detail = f"This is a {type_name(value)}, which has no attributes."
    raise evaluation.failure(
        node,
        "unsupported_attribute",
        "Unsupported attribute",
        detail,
        start=step.start,
        end=step.end,
    )


def _null_step(node: Expression, start: int, end: int, evaluation: Evaluation) -> EvaluationError:
    return evaluation.failure(
        node,
        "null_value",
        "Access to part of null",
        "The value before this is null, so it has no attributes and no elements.",
        start=start,
        end=end,
    )


def _element(
    collection: Value,
    key: Value,
    node: Expression,
    place: tuple[int, int],
    evaluation: Evaluation,
) -> Value:
    collection, is_marked = content(collection, evaluation.scope.resolve_secret)
    if collection is UNKNOWN:
        return marked(UNKNOWN, is_marked)
    if collection is None:
        raise _null_step(node, *place, evaluation)
    if isinstance(collection, dict):
        text = as_text(key)
        if text in collection:
            return marked(collection[text], is_marked)
        hint = "" if is_marked or text is None else f" {suggestion(text, collection)}"
        detail = f"The index must be the key of an element of this object.{hint}"
    elif isinstance(collection, SetValue):
        detail = (
            "The elements of a set have no index. Go over them with for, or take the one that "
            "there is with one(…)."
        )
    elif isinstance(collection, list):
        position = _position(key)
        if position is not None and 0 <= position < len(collection):
            return marked(collection[position], is_marked)
        count = f"has {len(collection)} element{'' if len(collection) == 1 else 's'}"
        detail = (
            f"The index must be a whole number: 0 for the first element. The list {count}."
            if position is None
            else f"The index must lie within the list, which {count} counted from 0."
        )
    else:
        detail = f"This is a {type_name(collection)}, which has no elements."
    raise evaluation.failure(
        node, "invalid_index", "Invalid index", detail, start=place[0], end=place[1]
    )


def _position(key: Value) -> int | None:
    """Give the whole number a key is or states."""
    if isinstance(key, str):
        try:
            key = parse_number(key)
        except NumberRangeError:
            return None
    return key if isinstance(key, int) and not isinstance(key, bool) else None
