"""How often a block stands: once, never, a number of times, or once for each element."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.conversion import as_bool
from amlplan.config.expressions.evaluate import EvaluationError, evaluate
from amlplan.config.expressions.marks import unmarked
from amlplan.config.expressions.numbers import parse_number
from amlplan.config.expressions.typed_collections import SetValue, type_name
from amlplan.config.syntax.references import references
from amlplan.diagnostics import SourceRange, error
from amlplan.values import UNKNOWN, is_sensitive, is_wholly_known

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.addresses import Key
    from amlplan.config.blocks import PlacedExpression
    from amlplan.config.expressions.scope import Scope
    from amlplan.values import Value

Repetition = dict["Key | None", dict[str, "Value"]]
"""By the key of each object, the names that its block knows beside those of its module."""
MOST: Final = 100_000
"""Objects of one block: more would be a slip, and no plan to be read."""
ONCE: Final[Repetition] = {None: {}}


class UnknownRepetitionError(EvaluationError):
    """How many objects there are depends on what is known only after apply."""


def repetition_of(meta: Mapping[str, PlacedExpression], scope: Scope, context: str) -> Repetition:
    """The objects that a block stands for, by its `for_each`, `count` and `enabled`, if any.

    Raises EvaluationError where that cannot be known now.
    """
    if "enabled" in meta and not _is_enabled(meta["enabled"], scope, context):
        return {}
    if "for_each" in meta and "count" in meta:
        text = "A block takes count or for_each, not both. Take one of them out."
        raise _failure(meta["count"], "Invalid combination of arguments", text, context)
    if "count" in meta:
        number = _count(meta["count"], scope, context)
        return {index: {"count": {"index": index}} for index in range(number)}
    if "for_each" in meta:
        elements = _elements(meta["for_each"], scope, context)
        return {key: {"each": {"key": key, "value": item}} for key, item in elements.items()}
    return ONCE


def _is_enabled(placed: PlacedExpression, scope: Scope, context: str) -> bool:
    value = _known(placed, scope, context, "enabled")
    flag = as_bool(value)
    if flag is None:
        text = f"The argument must be true or false, and is {_article(value)}."
        raise _failure(placed, "Invalid enabled argument", text, context)
    return flag


def _count(placed: PlacedExpression, scope: Scope, context: str) -> int:
    value = _known(placed, scope, context, "count")
    number = parse_number(value) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= MOST:
        text = f"The count must be a whole number from 0 to {MOST:,}, and is {_shown(value)}."
        raise _failure(placed, "Invalid count argument", text, context)
    return number


def _elements(placed: PlacedExpression, scope: Scope, context: str) -> dict[str, Value]:
    value = _known(placed, scope, context, "for_each")
    if isinstance(value, dict):
        return dict(sorted(value.items()))
    if not isinstance(value, SetValue):
        hint = " Make a set of it with toset()." if isinstance(value, list) else ""
        text = (
            "The argument takes a map, an object or a set of strings, whose keys tell the objects "
            f"apart, and this is {_article(value)}.{hint}"
        )
        raise _failure(placed, "Invalid for_each argument", text, context)
    keys: dict[str, Value] = {}
    for item in value:
        if item is UNKNOWN:
            raise _waits(placed, scope, context, "for_each")
        if not isinstance(item, str):
            text = f"The set must hold strings, and has {_article(item)} in it."
            raise _failure(placed, "Invalid for_each argument", text, context)
        keys[item] = item
    return keys


def _known(placed: PlacedExpression, scope: Scope, context: str, name: str) -> Value:
    value = evaluate(placed.expression, scope, placed.source)
    plain, was_marked = unmarked(value)
    if was_marked or (plain is not None and not isinstance(plain, dict) and is_sensitive(plain)):
        text = (
            f"The value of {name} is sensitive, and addresses, which everybody sees, would be "
            "made from it. Take it from values that may be told, or use nonsensitive()."
        )
        raise _failure(placed, f"Invalid {name} argument", text, context)
    if plain is UNKNOWN:
        raise _waits(placed, scope, context, name)
    if plain is None:
        text = f"The value of {name} is null. Give a value, or leave the argument out."
        raise _failure(placed, f"Invalid {name} argument", text, context)
    return plain


def _waits(placed: PlacedExpression, scope: Scope, context: str, name: str) -> EvaluationError:
    unknown = ", ".join(_unknown_in(placed, scope)) or "a value"
    text = (
        f"The value of {name} depends on {unknown}, known only after apply, so a plan cannot tell "
        "how many objects there will be. Use keys that the configuration itself has, and let only "
        "the values depend on other objects."
    )
    failure = _failure(placed, f"Invalid {name} argument", text, context)
    return UnknownRepetitionError(*failure.diagnostics)


def _unknown_in(placed: PlacedExpression, scope: Scope) -> list[str]:
    """What an expression refers to that is not known, as it is written."""
    names: dict[str, None] = {}
    for traversal in references(placed.expression):
        try:
            value = evaluate(traversal, scope, placed.source)
        except EvaluationError:
            continue
        if not is_wholly_known(value):
            names[placed.source.text[traversal.start : traversal.end]] = None
    return list(names)


def _failure(placed: PlacedExpression, summary: str, detail: str, context: str) -> EvaluationError:
    expression = placed.expression
    place = SourceRange(placed.source, expression.start, expression.end)
    return EvaluationError(error("invalid_repetition", summary, detail, place, context=context))


def _article(value: Value) -> str:
    name = type_name(value)
    return name if name == "null" else f"{'an' if name == 'object' else 'a'} {name}"


def _shown(value: Value) -> str:
    return str(value) if not isinstance(value, list | dict) else _article(value)
