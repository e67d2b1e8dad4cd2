"""Unknown, sensitive and secret arguments go through every function.

Each call of the corpus that is compared with Terraform is made again with its arguments marked.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from amlplan.config.expressions.evaluate import EvaluationError, evaluate
from amlplan.config.expressions.functions.table import FUNCTIONS
from amlplan.config.expressions.marks import deep_unmarked
from amlplan.config.expressions.scope import Scope
from amlplan.config.expressions.typed_collections import type_of
from amlplan.config.syntax.nodes import FunctionCall, Traversal
from amlplan.config.syntax.parser import parse_expression
from amlplan.diagnostics import SourceFile
from amlplan.values import UNKNOWN, Sensitive, Value, is_sensitive, is_wholly_known

CORPUS = Path(__file__).parent / "expressions"
SAYS_OR_TAKES_MARKS = {"issensitive", "nonsensitive", "can", "try", "templatestring"}
# What these give does not need all that is in their arguments.
MAY_KNOW_MORE = {"coalesce", "lookup", "merge", "zipmap", "keys", "values", "element", "concat"}


def calls() -> list[tuple[str, FunctionCall, list[Value], Value]]:
    """The calls that succeed, with the values of their arguments and of the call."""
    found = []
    for path in sorted(CORPUS.glob("*.txt")):
        for text in path.read_text(encoding="utf-8").splitlines():
            source = SourceFile("expression", text)
            call, _ = parse_expression(source)
            if not isinstance(call, FunctionCall) or call.expand_final or not call.arguments:
                continue
            try:
                arguments = [evaluate(each, scope({}), source) for each in call.arguments]
                found.append((text, call, arguments, evaluate(call, scope({}), source)))
            except EvaluationError:
                continue
    return found


def scope(values: dict[str, Value]) -> Scope:
    return Scope(values, FUNCTIONS, CORPUS / "files", lambda _reference: Sensitive(UNKNOWN))


def called_with(call: FunctionCall, arguments: list[Value]) -> Value:
    """The value of a call whose arguments are references to these values."""
    names = [f"a{position}" for position in range(len(arguments))]
    references = [Traversal(name, [], 0, 0, 0) for name in names]
    again = FunctionCall(call.name, [*references], False, 0, 0, 0)
    return evaluate(again, scope(dict(zip(names, arguments, strict=True))), SourceFile("x", ""))


CALLS = calls()
MARKED = [item for item in CALLS if item[1].name.removeprefix("core::") not in SAYS_OR_TAKES_MARKS]
TEXTS = [text for text, *_ in MARKED]


def test_every_function_is_called() -> None:
    called = {call.name.removeprefix("core::") for _, call, _, _ in CALLS}
    assert FUNCTIONS.keys() - called <= {
        "command_secret", "env", "env_secret", "file_secret", "sensitive", "templatestring",
    }  # fmt: skip


@pytest.mark.parametrize(("text", "call", "arguments", "value"), MARKED, ids=TEXTS)
def test_sensitive_arguments(
    text: str, call: FunctionCall, arguments: list[Value], value: Value
) -> None:
    for position in range(len(arguments)):
        marked = [Sensitive(item) if at == position else item for at, item in enumerate(arguments)]
        found = called_with(call, marked)
        plain, _ = deep_unmarked(found)
        assert plain == value, text
        assert type_of(plain) == type_of(value), text
        if call.name not in MAY_KNOW_MORE:
            assert is_sensitive(found), text


@pytest.mark.parametrize(("text", "call", "arguments", "value"), MARKED, ids=TEXTS)
def test_unknown_arguments(
    text: str, call: FunctionCall, arguments: list[Value], value: Value
) -> None:
    for position in range(len(arguments)):
        unknown = [UNKNOWN if at == position else item for at, item in enumerate(arguments)]
        found = called_with(call, unknown)
        assert not is_wholly_known(found) or call.name in MAY_KNOW_MORE, text
