"""`amlplan console`: evaluates expressions; asks nothing outside, and changes nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from amlplan.cli.console import Console
from amlplan.cli.interactive.lines import piped_expressions, typed_expressions
from amlplan.cli.interactive.scope import TypeAnswer, console_scope
from amlplan.cli.options import Command, assignments_of, flag, variable_options
from amlplan.cli.text.expression_values import expression_text, type_text
from amlplan.config.expressions.evaluate import EvaluationError, evaluate
from amlplan.config.syntax.parser import parse_expression
from amlplan.diagnostics import SourceFile
from amlplan.errors import EXIT_ERROR, AmlplanError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.cli.interactive.scope import ConsoleScope

_NAME = "<console-input>"


class InputError(AmlplanError):
    """What is piped in cannot be read."""

    code = "invalid_encoding"


@click.command("console", cls=Command)
@flag("no-secrets", "Never resolve a secret, as for pull requests from forks.")
@variable_options
@click.pass_context
def command(ctx: click.Context, *, no_secrets: bool) -> int:
    """Evaluate expressions, with the names of the project."""
    console = Console(sys.stdout, sys.stderr)
    scope = console_scope(assignments_of(ctx), secrets_enabled=not no_secrets)
    if sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty():
        for text in typed_expressions(scope):
            _answer(text, 1, scope, console)
        return 0
    for text, line in piped_expressions(_piped_lines()):
        if text.strip() == "exit":
            return 0
        if not _answer(text, line, scope, console):
            return EXIT_ERROR
    return 0


def _piped_lines() -> Iterator[str]:
    """The lines of the input, as they come."""
    if sys.stdin is None:
        return
    try:
        for line in sys.stdin:
            line.encode()  # what was no UTF-8 may have become halves of surrogate pairs
            yield line
    except UnicodeError:
        raise InputError(
            "Invalid character encoding",
            "The expressions are not all UTF-8. Give them again in UTF-8.",
        ) from None


def _answer(text: str, line: int, scope: ConsoleScope, console: Console) -> bool:
    """Print the value of an expression, or what is wrong with it; whether it has one."""
    source = SourceFile(_NAME, "\n" * (line - 1) + text)
    expression, problems = parse_expression(source)
    if expression is None:
        console.diagnostics(problems)
        return False
    try:
        value = evaluate(expression, scope.scope, source)
    except EvaluationError as failure:
        console.diagnostics(failure.diagnostics)
        return False
    if isinstance(value, TypeAnswer):
        console.print(type_text(value.type))
    else:
        console.print(scope.masked(expression_text(value)))
    return True
