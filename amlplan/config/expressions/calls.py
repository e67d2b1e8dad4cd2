"""Calls of functions: what every function has in common is done here, once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.access import suggestion
from amlplan.config.expressions.conversion import ConversionError, convert
from amlplan.config.expressions.evaluation import EvaluationError
from amlplan.config.expressions.functions.function import FunctionFailure
from amlplan.config.expressions.marks import content, deep_content, holds_unknown, marked
from amlplan.config.expressions.numbers import NumberRangeError
from amlplan.config.expressions.text import composed
from amlplan.config.syntax.nodes import Traversal
from amlplan.values import UNKNOWN, SecretReference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amlplan.config.expressions.evaluation import Evaluation
    from amlplan.config.expressions.functions.function import Function, Parameter
    from amlplan.config.syntax.nodes import Expression, FunctionCall
    from amlplan.diagnostics import Diagnostic
    from amlplan.values import Value


_HIDDEN: Final = "an argument is sensitive, so what is wrong with its value is not shown."


def function_call(node: FunctionCall, evaluation: Evaluation) -> Value:
    """Call a function; unknown arguments give UNKNOWN, sensitive ones a sensitive result."""
    function = evaluation.scope.functions.get(node.name.removeprefix("core::"))
    if function is None:
        raise evaluation.failure(
            node,
            "unknown_function",
            "Call to unknown function",
            f'There is no function named "{node.name}". '
            f"{suggestion(node.name, evaluation.scope.functions)}",
            end=node.name_end,
        )
    if function.is_lazy:
        if node.expand_final:
            raise _not_expandable(node, evaluation, f"{node.name} takes expressions, not a list.")
        thunks = [partial(evaluation.value, argument) for argument in node.arguments]
        return _run(function, thunks, node, evaluation)
    _check_references(function, node, evaluation)
    values, expanded_marked = _arguments(node, evaluation)
    _check_count(function, len(values), node, evaluation)
    if function.is_raw:
        return _run(function, values, node, evaluation)
    ready, is_marked, is_unknown = _prepared(function, values, node, evaluation)
    if is_unknown:
        return marked(UNKNOWN, is_marked or expanded_marked)
    is_marked = is_marked or expanded_marked
    return marked(_run(function, ready, node, evaluation, is_marked=is_marked), is_marked)


def _check_references(function: Function, node: FunctionCall, evaluation: Evaluation) -> None:
    for parameter, argument in zip(function.parameters, node.arguments, strict=False):
        if parameter.refers and not isinstance(argument, Traversal):
            raise evaluation.failure(
                argument,
                "invalid_function_argument",
                "Invalid function argument",
                f'"{parameter.name}" must refer to the template that stands elsewhere, as in '
                "local.greeting. A template that stands here needs no function.",
            )


def _arguments(node: FunctionCall, evaluation: Evaluation) -> tuple[list[Value], bool]:
    """Evaluate the arguments; those of an expanded list are marked where the list is."""
    values: list[Value] = []
    problems: list[Diagnostic] = []
    for argument in node.arguments:
        try:
            values.append(evaluation.value(argument))
        except EvaluationError as failure:
            problems.extend(failure.diagnostics)
    if problems:
        raise EvaluationError(*problems)
    if not node.expand_final:
        return values, False
    final, is_marked = content(values.pop(), evaluation.scope.resolve_secret)
    if final is UNKNOWN:
        return [*values, UNKNOWN], is_marked
    if not isinstance(final, list):
        detail = "Only a list can be expanded to arguments with the ... behind it."
        raise _not_expandable(node, evaluation, detail)
    return values + final, is_marked


def _not_expandable(node: FunctionCall, evaluation: Evaluation, detail: str) -> EvaluationError:
    return evaluation.failure(
        node.arguments[-1], "invalid_expansion", "Invalid expanded argument", detail
    )


def _check_count(
    function: Function, given: int, node: FunctionCall, evaluation: Evaluation
) -> None:
    least = function.required
    most = None if function.variadic else len(function.parameters)
    if given >= least and (most is None or given <= most):
        return
    if node.expand_final and given < least and UNKNOWN in _last(node, evaluation):
        return
    wanted = f"at least {least}" if most is None else str(least)
    if most is not None and most != least:
        wanted = f"{least} to {most}"
    names = ", ".join(parameter.name for parameter in function.parameters)
    if function.variadic:
        names = f"{names}, {function.variadic.name}..." if names else f"{function.variadic.name}..."
    too_few = given < least
    raise evaluation.failure(
        node,
        "wrong_argument_count",
        "Not enough function arguments" if too_few else "Too many function arguments",
        f'The function "{node.name}" takes {wanted} argument{"" if wanted == "1" else "s"} '
        f"({names}), and was given {given}.",
    )


def _last(node: FunctionCall, evaluation: Evaluation) -> list[Value]:
    return [evaluation.content(node.arguments[-1])[0]]


def _prepared(
    function: Function, values: Sequence[Value], node: FunctionCall, evaluation: Evaluation
) -> tuple[list[Value], bool, bool]:
    """Give arguments as the parameters have them, whether any was marked, and whether unknown."""
    ready: list[Value] = []
    problems: list[Diagnostic] = []
    is_marked = is_unknown = False
    for position, value in enumerate(values):
        parameter = function.parameter(position)
        plain, was_marked = _plain(function, parameter, value, evaluation)
        is_marked = is_marked or was_marked
        if plain is UNKNOWN or (not function.is_structural and holds_unknown(plain)):
            is_unknown = True
            continue
        try:
            ready.append(_converted(parameter, plain))
        except ConversionError as failure:
            reason = _HIDDEN if was_marked else f"{failure}."
            message = f'Invalid value for parameter "{parameter.name}": {reason}'
            problems.extend(_failed(node, position, message, evaluation).diagnostics)
    if problems:
        raise EvaluationError(*problems)
    return ready, is_marked, is_unknown


def _plain(
    function: Function, parameter: Parameter, value: Value, evaluation: Evaluation
) -> tuple[Value, bool]:
    """Take the marks off an argument: all of them, or the outer one where leaves keep theirs."""
    if not function.is_structural:
        return deep_content(value, evaluation.scope.resolve_secret)
    passes_secret = parameter.type.kind == "any" and not parameter.resolves
    if isinstance(value, SecretReference) and passes_secret:
        return value, False
    return content(value, evaluation.scope.resolve_secret)


def _converted(parameter: Parameter, value: Value) -> Value:
    if value is None and not parameter.allows_null:
        raise ConversionError("it must not be null")
    return convert(value, parameter.type)


def _run(
    function: Function,
    arguments: Sequence[Value],
    node: FunctionCall,
    evaluation: Evaluation,
    *,
    is_marked: bool = False,
) -> Value:
    try:
        if function.uses_folder:
            arguments = [evaluation.scope.base_folder, *arguments]
        elif function.uses_scope:
            arguments = [evaluation.scope, *arguments]
        found = function.implementation(*arguments)
        return composed(found) if isinstance(found, str) else found
    except FunctionFailure as failure:
        message = _HIDDEN if is_marked else failure.message
        raise _failed(node, failure.argument, message, evaluation) from None
    except EvaluationError:  # of a template
        if not is_marked:
            raise
        raise _failed(node, None, _HIDDEN, evaluation) from None
    except ConversionError as failure:
        raise _failed(node, 0, _HIDDEN if is_marked else f"{failure}.", evaluation) from None
    except NumberRangeError:
        raise _failed(node, None, "a number has too many digits.", evaluation) from None


def _failed(
    node: FunctionCall, position: int | None, message: str, evaluation: Evaluation
) -> EvaluationError:
    """Give the exception for one argument, or for the call where no argument is to blame."""
    place: Expression = node
    if position is not None and node.arguments:
        place = node.arguments[min(position, len(node.arguments) - 1)]
    if position is None:
        return evaluation.failure(
            place, "function_failed", "Error in function call", f'"{node.name}" failed: {message}'
        )
    return evaluation.failure(
        place,
        "invalid_function_argument",
        "Invalid function argument",
        message[0].upper() + message[1:],
    )
