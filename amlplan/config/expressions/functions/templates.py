"""Functions that fill in templates which stand elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.conversion import convert
from amlplan.config.expressions.evaluate import evaluate
from amlplan.config.expressions.evaluation import EvaluationError
from amlplan.config.expressions.functions.arguments import mapping
from amlplan.config.expressions.functions.files import PATH, text_of
from amlplan.config.expressions.functions.function import Function, FunctionFailure, Parameter
from amlplan.config.expressions.scope import Scope
from amlplan.config.expressions.types import STRING
from amlplan.config.syntax.parser import parse_template_text
from amlplan.diagnostics import SourceFile

if TYPE_CHECKING:
    from amlplan.values import Value

_NAME = re.compile(r"[^\W\d_][\w-]*\Z")
_NOT_INSIDE: Final = frozenset({"templatefile", "templatestring"})
_VARIABLES: Final = Parameter("vars")


def _filled(scope: Scope, name: str, text: str, variables: Value) -> Value:
    """Give the value of a template that sees the variables and the functions alone."""
    values = mapping(variables, 1)
    for each in values:
        if _NAME.match(each) is None:
            raise FunctionFailure(
                f'"{each}" is no name of a variable: it begins with a letter, and has letters, '
                "digits, - and _.",
                1,
            )
    source = SourceFile(name, text)
    template, problems = parse_template_text(source)
    if template is None:
        raise EvaluationError(*problems)
    functions = {name: each for name, each in scope.functions.items() if name not in _NOT_INSIDE}
    inner = Scope(values, functions, scope.base_folder, scope.resolve_secret)
    return evaluate(template, inner, source)


def _templatefile(scope: Scope, path: str, variables: Value) -> Value:
    found = _filled(scope, path, text_of(scope.base_folder, path), variables)
    if found is None:
        raise FunctionFailure(f'the template in "{path}" gives null.', 0)
    return found


def _templatestring(scope: Scope, template: str, variables: Value) -> Value:
    return convert(_filled(scope, "template", template, variables), STRING)


TEMPLATES: Final = (
    Function("templatefile", _templatefile, (PATH, _VARIABLES), uses_scope=True),
    Function(
        "templatestring",
        _templatestring,
        (Parameter("template", STRING, refers=True), _VARIABLES),
        uses_scope=True,
    ),
)
