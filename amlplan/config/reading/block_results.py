"""Tells which blocks an expression may stand for, by the text alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from amlplan.config.syntax.nodes import (
    Conditional,
    ForObject,
    ForTuple,
    FunctionCall,
    Index,
    Literal,
    ObjectConstructor,
    Parentheses,
    RelativeTraversal,
    Splat,
    Step,
    TemplateWrap,
    Traversal,
    TupleConstructor,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from amlplan.config.blocks import Configuration, ModuleCall, PlacedExpression, ResourceBlock
    from amlplan.config.syntax.nodes import Expression, TemplatePart

    Found = ResourceBlock | None

_NO_STEPS: Final[tuple[Step, ...]] = ()
_ANY: Final = Step(key="*", is_attribute=False, start=0, end=0)
"""A step that is computed, so that it may lead to any item."""
_GIVE_AN_ARGUMENT: Final = frozenset(
    {"try", "coalesce", "merge", "concat", "tomap", "tolist", "toset", "values", "nonsensitive"}
)
_GIVE_AN_ELEMENT: Final = frozenset({"lookup", "element", "one"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression stands: its module, what calls that, and the names that are bound there.

    `each` is what its block, or the call of its module, is repeated for; `bound` has the names of
    loops with what they go over.
    """

    module: Configuration
    call: ModuleCall | None = None
    caller: Place | None = None
    each: Expression | None = None
    bound: Mapping[str, tuple[Expression, Place]] = field(default_factory=dict)
    seen: frozenset[str] = frozenset()


def blocks_of(
    expression: TemplatePart, place: Place, steps: Sequence[Step] = _NO_STEPS
) -> Iterator[Found]:
    """The blocks that the value may be, None where it may be null; nothing for what is no block.

    `steps` are taken into the value. What a condition decides is not looked at: both may be.
    """
    match expression:
        case Traversal():
            yield from _named(expression, place, [*expression.steps, *steps])
        case Literal(value=None):
            yield None
        case Conditional():
            yield from blocks_of(expression.then, place, steps)
            yield from blocks_of(expression.otherwise, place, steps)
        case Parentheses() | TemplateWrap():
            yield from blocks_of(expression.inner, place, steps)
        case RelativeTraversal():
            yield from blocks_of(expression.source, place, [*expression.steps, *steps])
        case ObjectConstructor() | TupleConstructor():
            yield from _of_items(expression, place, steps)
        case Index():
            yield from blocks_of(expression.collection, place, [_ANY, *steps])
        case Splat():
            each = expression.each.steps if isinstance(expression.each, RelativeTraversal) else []
            yield from blocks_of(expression.source, place, [_ANY, *each, *steps[1:]])
        case FunctionCall():
            yield from _of_call(expression, place, steps)
        case ForTuple() | ForObject():
            names = {expression.value_name: (expression.collection, place)}
            inside = replace(place, bound={**place.bound, **names})
            yield from blocks_of(expression.result, inside, steps[1:])


def _of_call(call: FunctionCall, place: Place, steps: Sequence[Step]) -> Iterator[Found]:
    """What a function may give: an argument, an element of one, or anything in them."""
    for argument in call.arguments:
        if call.name in _GIVE_AN_ARGUMENT:
            yield from blocks_of(argument, place, steps)
        elif call.name in _GIVE_AN_ELEMENT:
            is_first = argument is call.arguments[0]
            yield from blocks_of(argument, place, [_ANY, *steps] if is_first else steps)
        else:
            yield from blocks_of(argument, place)


def _of_items(
    expression: ObjectConstructor | TupleConstructor, place: Place, steps: Sequence[Step]
) -> Iterator[Found]:
    """What the items may be that the first step leads to, or all where that is not plain."""
    items: dict[object, list[Expression]] = {}
    if isinstance(expression, TupleConstructor):
        items = {index: [item] for index, item in enumerate(expression.items)}
    else:
        for item in expression.items:
            key = item.key.value if isinstance(item.key, Literal) else _ANY
            items.setdefault(key, []).append(item.value)
    wanted = steps[0].key if steps else _ANY.key
    chosen = [*items[wanted], *items.get(_ANY, ())] if wanted in items else []
    every = [value for values in items.values() for value in values]
    for value in chosen or every:
        yield from blocks_of(value, place, steps[1:])


def _named(traversal: Traversal, place: Place, steps: Sequence[Step]) -> Iterator[Found]:
    """What a name of the scope may be."""
    root = traversal.root
    if root in place.bound:
        collection, outside = place.bound[root]
        yield from blocks_of(collection, outside, [_ANY, *steps])
        return
    if root == "each":
        if place.each is not None:
            outside = replace(place, each=None, bound={})
            yield from blocks_of(place.each, outside, [_ANY, *steps[1:]])
        return
    if not steps:
        return
    name = str(steps[0].key)
    way = f"{place.module.prefix}{root}.{name}"
    if way in place.seen:
        return  # a circle, which is reported elsewhere
    inner = replace(place, each=None, bound={}, seen=place.seen | {way})
    if root == "local" and name in place.module.locals:
        yield from blocks_of(place.module.locals[name].expression, inner, steps[1:])
    elif root == "var":
        yield from _of_variable(name, inner, steps[1:])
    elif root == "module":
        yield from _of_module(name, inner, steps[1:])
    else:
        block = place.module.resources.get(f"{root}.{name}")
        if block is not None and not any(step.is_attribute for step in steps[1:]):
            yield block


def _of_variable(name: str, place: Place, steps: Sequence[Step]) -> Iterator[Found]:
    """What a variable of a module may be: what its call gives it, or its default."""
    call, caller = place.call, place.caller
    if call is not None and caller is not None and name in call.arguments:
        outside = replace(caller, each=_each(call.meta), seen=caller.seen | place.seen)
        yield from blocks_of(call.arguments[name].expression, outside, steps)
        return
    variable = place.module.variables.get(name)
    if call is not None and variable is not None and variable.default is not None:
        yield from blocks_of(variable.default.expression, place, steps)


def _of_module(name: str, place: Place, steps: Sequence[Step]) -> Iterator[Found]:
    """What an output of a module may be, any of them where it is not plain which."""
    call = place.module.calls.get(name)
    if call is None or call.module is None:
        return
    attributes = [index for index, step in enumerate(steps) if step.is_attribute]
    outputs = call.module.outputs
    wanted = list(outputs)
    rest = _NO_STEPS
    if attributes:
        wanted = [str(steps[attributes[0]].key)]
        rest = tuple(steps[attributes[0] + 1 :])
    inside = Place(call.module, call, replace(place, each=None), seen=place.seen)
    for output in wanted:
        if output in outputs:
            yield from blocks_of(outputs[output].value.expression, inside, rest)


def place_in(module: Configuration, callers: Mapping[tuple[str, ...], Place]) -> Place:
    """Where the expressions of a module stand; `callers` has the places of those before it."""
    if not module.path:
        return Place(module)
    caller = callers[module.path[:-1]]
    return Place(module, caller.module.calls[module.path[-1]], caller)


def _each(meta: Mapping[str, PlacedExpression]) -> Expression | None:
    """What a call is repeated for."""
    placed = meta.get("for_each")
    return None if placed is None else placed.expression
