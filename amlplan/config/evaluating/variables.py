"""The values of variables: from defaults, the environment, files and options."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from amlplan.config.evaluating.conditions import broken_conditions
from amlplan.config.expressions.convert import ConversionError, convert
from amlplan.config.expressions.evaluate import EvaluationError, evaluate
from amlplan.config.expressions.functions.table import FUNCTIONS
from amlplan.config.expressions.scope import Scope
from amlplan.config.reading.files import PERSONAL_VALUES, is_json, read_source
from amlplan.config.reading.forms import VALUES
from amlplan.config.syntax.json_body import parse_json
from amlplan.config.syntax.parser import parse, parse_expression
from amlplan.diagnostics import Diagnostic, SourceFile, SourceRange, error
from amlplan.values import UNKNOWN, Sensitive, Value, exact
from amlplan.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from amlplan.config.blocks import Configuration, VariableBlock
    from amlplan.config.syntax.nodes import Body
    from amlplan.secrets import Secrets

ENVIRONMENT_PREFIX = "AMLPLAN_VAR_"
_PRIMITIVE = frozenset({"string", "number", "bool", "any"})
_ABSENT = object()
"""In place of a value that nobody gave."""
Assignment = tuple[Literal["var", "file", "value"], str]
"""What an option gave: `("var", "name=value")` or `("file", path)`, in the order given.

A program gives `("value", "name=JSON")`, in which texts are taken as they are.
"""


@dataclass(slots=True)
class _Given:
    """A value that somebody gave, and where it was said."""

    value: Value
    where: str
    place: SourceRange | None = None


@dataclass(slots=True)
class _Collector:
    configuration: Configuration
    scope: Scope
    given: dict[str, _Given] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)


def variable_values(
    configuration: Configuration,
    assignments: Sequence[Assignment],
    environment: Mapping[str, str],
    secrets: Secrets,
    *,
    require: bool = True,
) -> tuple[dict[str, Value], list[Diagnostic]]:
    """Each declared variable's value, and what is wrong.

    The later source wins, as in Terraform: default, environment, `amlplan.amlvars`,
    `*.auto.amlvars` by name, `connections.amlvars`, then options in their order. With `require`
    false a variable without a value is unknown.
    """
    scope = Scope({}, FUNCTIONS, configuration.root, secrets.resolve)
    collector = _Collector(configuration, scope)
    for name in configuration.variables:
        text = environment.get(ENVIRONMENT_PREFIX + name)
        if text is not None:
            _take_text(collector, name, text, f"{ENVIRONMENT_PREFIX}{name}")
    for source in configuration.value_files:
        _take_file(collector, source)
    for form, text in assignments:
        if form == "file":
            _take_named_file(collector, text)
        elif form == "value":
            _take_value(collector, text)
        else:
            _take_option(collector, text)
    values = {
        name: _value_of(collector, variable, require=require)
        for name, variable in configuration.variables.items()
    }
    for variable in configuration.variables.values():
        collector.problems.extend(_validate(variable, values[variable.name], scope))
    return values, collector.problems


def personal_variables(configuration: Configuration) -> frozenset[str]:
    """The variables that a file of this user's own gives a value."""
    return frozenset(
        name
        for source in configuration.value_files
        if source.filename in PERSONAL_VALUES
        for name in _body_of(source)[0].attributes
    )


def _body_of(source: SourceFile) -> tuple[Body, list[Diagnostic]]:
    return parse_json(source, VALUES) if is_json(source) else parse(source)


def _take_option(collector: _Collector, text: str) -> None:
    name, equals, value = text.partition("=")
    if not equals:
        collector.problems.append(
            error("invalid_option", "Invalid option", f"-var={text} is not of the form name=value.")
        )
    elif name not in collector.configuration.variables:
        collector.problems.append(_undeclared(collector, name, f"-var={name}=…", None))
    else:
        _take_text(collector, name, value, f"-var={name}")


def _take_value(collector: _Collector, text: str) -> None:
    name, _, value = text.partition("=")
    where = f"the value of {name}"
    if name in collector.configuration.variables:
        collector.given[name] = _Given(exact(json.loads(value)), where)
    else:
        collector.problems.append(_undeclared(collector, name, where, None))


def _take_named_file(collector: _Collector, text: str) -> None:
    source, problem = read_source(Path(text), text)
    if problem is not None:
        collector.problems.append(problem)
    else:
        _take_file(collector, source)


def _take_file(collector: _Collector, source: SourceFile) -> None:
    body, problems = _body_of(source)
    collector.problems.extend(_without_secrets(collector, problem) for problem in problems)
    for block in body.blocks:
        collector.problems.append(
            error(
                "unsupported_block",
                "Unsupported block type",
                "A file of variable values holds arguments only, as in name = value.",
                SourceRange(source, block.start, block.header_end),
            )
        )
    for name, attribute in body.attributes.items():
        place = SourceRange(source, attribute.name_start, attribute.name_end)
        if name not in collector.configuration.variables:
            collector.problems.append(_undeclared(collector, name, source.filename, place))
            continue
        try:
            value = evaluate(attribute.expression, collector.scope, source)
        except EvaluationError as failure:
            variable = collector.configuration.variables[name]
            collector.problems.extend(_mistakes(variable, source.filename, failure))
            value = UNKNOWN
        expression = attribute.expression
        at = SourceRange(source, expression.start, expression.end)
        collector.given[name] = _Given(value, source.filename, at)


def _take_text(collector: _Collector, name: str, text: str, where: str) -> None:
    """A value from an option or the environment: plain text unless the type is a collection."""
    variable = collector.configuration.variables[name]
    if any("\ud800" <= character <= "\udfff" for character in text):
        collector.problems.append(
            error(
                "invalid_encoding",
                "Invalid character encoding",
                f"The text of {where} is not UTF-8. Give it again in UTF-8.",
            )
        )
        collector.given[name] = _Given(UNKNOWN, where)
        return
    if variable.type is None or variable.type.kind in _PRIMITIVE:
        collector.given[name] = _Given(text, where)
        return
    # The text may be secret, so messages show an empty file in its place.
    source = SourceFile(where, text)
    expression, problems = parse_expression(source)
    if expression is None or problems:
        collector.problems.append(
            _hidden(variable, where)
            if variable.sensitive
            else error(
                "invalid_variable_text",
                "Invalid value for a variable",
                f"The text of {where} is no valid expression: "
                f"{problems[0].detail if problems else 'it is empty.'}",
            )
        )
        collector.given[name] = _Given(UNKNOWN, where)
        return
    try:
        collector.given[name] = _Given(evaluate(expression, collector.scope, source), where)
    except EvaluationError as failure:
        detail = failure.diagnostics[0].detail
        collector.problems.append(
            _hidden(variable, where)
            if variable.sensitive
            else error(
                "invalid_variable_text", "Invalid value for a variable", f"{where}: {detail}"
            )
        )
        collector.given[name] = _Given(UNKNOWN, where)


def _undeclared(
    collector: _Collector, name: str, where: str, place: SourceRange | None
) -> Diagnostic:
    variables = collector.configuration.variables
    near = nearest(name, variables)
    if near and variables[near].sensitive:
        place = variables[near].header  # the line of the misspelt name shows the value
    hint = f' Did you mean "{near}"?' if near else f' Declare it with: variable "{name}" {{}}'
    return error(
        "undeclared_variable",
        "Value for an undeclared variable",
        f'{where} sets "{name}", and no variable block of that name exists.{hint}',
        place,
    )


def _value_of(collector: _Collector, variable: VariableBlock, *, require: bool) -> Value:
    given = collector.given.get(variable.name)
    value, problems = _settled(variable, given, collector.scope)
    collector.problems.extend(problems)
    if value is _ABSENT:
        if require:
            collector.problems.append(_missing(variable))
        return UNKNOWN
    return value


def argument_value(
    variable: VariableBlock, value: Value, place: SourceRange, scope: Scope
) -> tuple[Value, list[Diagnostic]]:
    """The value of a module's variable that is called with one, and what is wrong with it."""
    found, problems = _settled(variable, _Given(value, "the module block", place), scope)
    return found, problems or list(_validate(variable, found, scope))


def default_value(variable: VariableBlock, scope: Scope) -> tuple[Value, list[Diagnostic]]:
    """The value of a module's variable that is called without one, and what is wrong with it."""
    found, problems = _settled(variable, None, scope)
    if found is _ABSENT:
        return UNKNOWN, []  # the call was reported already
    return found, problems or list(_validate(variable, found, scope))


def _settled(
    variable: VariableBlock, given: _Given | None, scope: Scope
) -> tuple[Value, list[Diagnostic]]:
    """The value of a variable as its block wants it, `_ABSENT` where there is none."""
    if given is not None and given.value is None and not variable.nullable and variable.default:
        given = None  # as in Terraform
    if given is None and variable.default is not None:
        try:
            value = evaluate(variable.default.expression, scope, variable.default.source)
        except EvaluationError as failure:
            return UNKNOWN, [*_mistakes(variable, "its default", failure)]
        given = _Given(value, "its default", variable.default.range)
    if given is None:
        return _ABSENT, []
    value = given.value
    if value is None and not variable.nullable:
        return UNKNOWN, [_refused(variable, given, "null is not allowed")]
    if variable.type is not None:
        try:
            value = convert(value, variable.type)
        except ConversionError as failure:
            return UNKNOWN, [_refused(variable, given, str(failure))]
    if variable.sensitive and not isinstance(value, Sensitive):
        value = Sensitive(value)
    return value, []


def _missing(variable: VariableBlock) -> Diagnostic:
    return error(
        "missing_variable",
        "No value for a required variable",
        f'The variable "{variable.name}" has no default and was given no value. Give one with '
        f"-var={variable.name}=…, with {ENVIRONMENT_PREFIX}{variable.name}, or in "
        "amlplan.amlvars.",
        variable.header,
        context=f'variable "{variable.name}"',
    )


def _mistakes(
    variable: VariableBlock, where: str, failure: EvaluationError
) -> Sequence[Diagnostic]:
    return [_hidden(variable, where)] if variable.sensitive else failure.diagnostics


def _hidden(variable: VariableBlock, where: str) -> Diagnostic:
    """A mistake in the value of a sensitive variable, told without any part of the value."""
    return error(
        "invalid_variable_value",
        "Invalid value for a variable",
        f'The value of "{variable.name}" from {where} is not valid. It is not shown because the '
        "variable is sensitive.",
        variable.header,
        context=f'variable "{variable.name}"',
    )


def _without_secrets(collector: _Collector, problem: Diagnostic) -> Diagnostic:
    """A mistake in the text of a file of values; not shown where it may be in a secret's text."""
    place = problem.range
    if place is None:
        return problem
    text = place.source.text
    line_end = text.find("\n", place.end)
    before = text if line_end < 0 else text[:line_end]
    for variable in collector.configuration.variables.values():
        name = re.escape(variable.name)
        if variable.sensitive and re.search(rf"(?<![\w-]){name}(?![\w-])", before):
            line = place.position_of(place.start).line
            return _hidden(variable, f"{place.source.filename}, line {line},")
    return problem


def _refused(variable: VariableBlock, given: _Given, why: str) -> Diagnostic:
    if variable.sensitive:
        return _hidden(variable, given.where)
    return error(
        "invalid_variable_value",
        "Invalid value for a variable",
        f'The value of "{variable.name}" from {given.where} does not fit its type: {why}.',
        given.place or variable.header,
        context=f'variable "{variable.name}"',
    )


def _validate(variable: VariableBlock, value: Value, scope: Scope) -> Iterator[Diagnostic]:
    if value is UNKNOWN:
        return
    inner = scope.with_values({"var": {variable.name: value}})
    context = f'variable "{variable.name}"'
    summary = "Invalid value for a variable"
    yield from broken_conditions(variable.validations, inner, "failed_validation", summary, context)
