"""The `for` expressions (spec: For Expressions)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.config.expressions.conversion import as_bool, as_text
from amlplan.config.expressions.marks import marked
from amlplan.config.expressions.typed_collections import SetValue, type_name
from amlplan.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.config.expressions.evaluation import Evaluation, EvaluationError
    from amlplan.config.syntax.nodes import Expression, ForObject, ForTuple, TemplateFor
    from amlplan.values import Value


class Loop:
    """The passes of one `for`: an evaluation per item, and whether the result must be marked.

    `is_unknown` says that nothing can be known of the result: there are no passes then, or none
    that count.
    """

    __slots__ = ("_collection", "_evaluation", "_node", "is_marked", "is_unknown")

    def __init__(self, node: ForTuple | ForObject | TemplateFor, evaluation: Evaluation) -> None:
        self._node = node
        self._evaluation = evaluation
        self._collection, self.is_marked = evaluation.content(node.collection)
        self.is_unknown = self._collection is UNKNOWN

    def passes(self) -> Iterator[Evaluation]:
        """Give the evaluation of each item; objects are walked in the order of their keys."""
        node = self._node
        are_marked = self.is_marked
        for key, item in self._items():
            names = {node.value_name: marked(item, are_marked)}
            if node.key_name is not None:
                names[node.key_name] = marked(key, are_marked)
            yield self._evaluation.within(names)

    def _items(self) -> Iterator[tuple[Value, Value]]:
        collection = self._collection
        if isinstance(collection, SetValue):
            yield from ((item, item) for item in collection)
        elif isinstance(collection, list):
            yield from enumerate(collection)
        elif isinstance(collection, dict):
            yield from sorted(collection.items())
        elif not self.is_unknown:
            raise self._not_iterable()

    def _not_iterable(self) -> EvaluationError:
        given = "null" if self._collection is None else f"a {type_name(self._collection)}"
        return self._evaluation.failure(
            self._node.collection,
            "not_iterable",
            "Iteration over non-iterable value",
            f"A for goes over a list or an object, and this is {given}.",
        )

    def admits(self, condition: Expression | None, inner: Evaluation) -> bool:
        """Say whether the `if` of the expression holds for an item."""
        if condition is None:
            return True
        value, was_marked = inner.content(condition)
        self.is_marked = self.is_marked or was_marked
        if value is UNKNOWN:
            self.is_unknown = True
            return False
        found = as_bool(value)
        if found is None:
            given = "null" if value is None else f"a {type_name(value)}"
            raise inner.failure(
                condition,
                "invalid_condition",
                "Invalid for condition",
                f"The condition must be true or false, and is {given} for this item.",
            )
        return found

    def result(self, value: Value) -> Value:
        """Give the outcome with all that is known of the passes."""
        return marked(UNKNOWN if self.is_unknown else value, self.is_marked)


def for_tuple(node: ForTuple, evaluation: Evaluation) -> Value:
    """Build a list."""
    loop = Loop(node, evaluation)
    items = [
        inner.value(node.result) for inner in loop.passes() if loop.admits(node.condition, inner)
    ]
    return loop.result(items)


def for_object(node: ForObject, evaluation: Evaluation) -> Value:
    """Build an object; grouped, where the results of one key make a list."""
    loop = Loop(node, evaluation)
    found: dict[str, Value] = {}
    groups: dict[str, list[Value]] = {}
    for inner in loop.passes():
        if not loop.admits(node.condition, inner):
            continue
        key = _key(node, loop, inner)
        if key is None:
            continue
        value = inner.value(node.result)
        if node.groups:
            groups.setdefault(key, []).append(value)
        elif key in found:
            raise inner.failure(
                node.result_key,
                "duplicate_key",
                "Duplicate object key",
                "Two items give the same key. Make the keys unique, or put ... behind the value "
                "to collect the values of each key in a list.",
            )
        else:
            found[key] = value
    return loop.result(dict(groups) if node.groups else found)


def _key(node: ForObject, loop: Loop, inner: Evaluation) -> str | None:
    """Give the key of one item, None where it is unknown."""
    value, was_marked = inner.content(node.result_key)
    loop.is_marked = loop.is_marked or was_marked
    if value is UNKNOWN:
        loop.is_unknown = True
        return None
    text = as_text(value)
    if text is None:
        raise inner.failure(
            node.result_key,
            "invalid_key",
            "Invalid object key",
            "A key must be a string, a number or a bool, and not null.",
        )
    return text
