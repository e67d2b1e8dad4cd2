"""What expressions give, to us and to `terraform console`: values and their types."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from amlplan.config.expressions.evaluate import EvaluationError, evaluate
from amlplan.config.expressions.functions.encoding import json_text
from amlplan.config.expressions.functions.table import FUNCTIONS
from amlplan.config.expressions.scope import Scope
from amlplan.config.expressions.typed_collections import type_of
from amlplan.config.expressions.types import ANY, ObjectAttribute, Type
from amlplan.config.syntax.parser import parse_expression
from amlplan.diagnostics import SourceFile
from amlplan.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from amlplan.values import Value

TERRAFORM = shutil.which("terraform")
FAILS = "<fails>"
_LINE_AT_MOST = 50_000  # the console reads lines of 64 KiB
_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^\s(){}\[\],:]+|[(){}\[\],:])')
_TOLERANCE = Decimal("1e-150")  # Terraform has 512 binary digits


@dataclass(frozen=True)
class Answer:
    """A value as JSON, or FAILS, and its type."""

    value: object
    type: Type


def evaluated(text: str, folder: Path) -> Answer:
    """Our answer to an expression, evaluated in a folder."""
    source = SourceFile("expression", text)
    expression, diagnostics = parse_expression(source)
    assert expression is not None, diagnostics
    try:
        value = evaluate(expression, scope_of(folder), source)
    except EvaluationError:
        return Answer(FAILS, ANY)
    return Answer(as_json(value), type_of(value))


def scope_of(folder: Path) -> Scope:
    """A scope with functions only."""
    return Scope({}, FUNCTIONS, folder, lambda _reference: UNKNOWN)


def as_json(value: Value) -> object:
    """A value as JSON that keeps its numbers exact."""
    return json.loads(json_text(value), parse_float=Decimal)


def are_same(ours: Answer, theirs: Answer) -> bool:
    """Whether two answers are the same value of the same type."""
    return is_same(ours.value, theirs.value) and fits(ours.type, theirs.type)


def ask(expressions: Sequence[str], folder: Path) -> list[Answer]:
    """The answers to many expressions, evaluated in a folder; the console is started seldom."""
    answers: list[Answer] = []
    for batch in _batches(expressions):
        answers += _ask(batch, folder)
    return answers


def console(line: str, folder: Path) -> str:
    """What the console prints for one line."""
    done = subprocess.run(
        [str(TERRAFORM), "console"],
        input=f"{line}\n",
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def is_same(ours: object, theirs: object) -> bool:
    """Whether two JSON values are the same, numbers to more digits than anyone writes."""
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(is_same, ours, theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(is_same(ours[key], theirs[key]) for key in ours)
    if _is_number(ours) and _is_number(theirs):
        left, right = Decimal(str(ours)), Decimal(str(theirs))
        return abs(left - right) <= abs(right) * _TOLERANCE
    return type(ours) is type(theirs) and ours == theirs


def fits(ours: Type, theirs: Type) -> bool:
    """Whether a type is theirs; `any` is what null has here, which has a type in Terraform."""
    if ours == ANY:
        return True
    if ours.kind != theirs.kind or ours.attributes.keys() != theirs.attributes.keys():
        return False
    pairs = [*zip(ours.items, theirs.items, strict=False)]
    pairs += [(ours.attributes[k].type, theirs.attributes[k].type) for k in ours.attributes]
    if ours.element is not None and theirs.element is not None:
        pairs.append((ours.element, theirs.element))
    return len(ours.items) == len(theirs.items) and all(fits(*pair) for pair in pairs)


def _is_number(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _batches(expressions: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for text in expressions:
        if size + len(text.encode()) + 40 > _LINE_AT_MOST:
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text.encode()) + 40
    yield batch


def _ask(expressions: list[str], folder: Path) -> list[Answer]:
    wrapped = ", ".join(f'try(jsonencode({text}), "{FAILS}")' for text in expressions)
    printed = console(f"base64encode(jsonencode([{wrapped}]))", folder)
    assert printed.startswith('"'), printed[:300]
    values = [
        value if value == FAILS else json.loads(value, parse_float=Decimal)
        for value in json.loads(base64.b64decode(json.loads(printed)))
    ]
    wrapped = ", ".join(f"try({text}, null)" for text in expressions)
    types = _parsed(console(f"type([{wrapped}])", folder)).items
    return [Answer(value, each) for value, each in zip(values, types, strict=True)]


def _parsed(text: str) -> Type:
    tokens = [match[1] for match in _TOKEN.finditer(text)][::-1]
    return _type(tokens)


def _type(tokens: list[str]) -> Type:
    """Take a type from the end of reversed tokens."""
    kind = tokens.pop()
    if kind == "dynamic":
        return ANY
    if kind not in {"list", "set", "map", "tuple", "object"}:
        return Type(kind)
    _skip(tokens, "(")
    if kind == "tuple":
        found = Type(kind, items=tuple(_many(tokens, "[", "]")))
    elif kind == "object":
        names: dict[str, ObjectAttribute] = {}
        _skip(tokens, "{")
        while tokens[-1] != "}":
            name = tokens.pop()
            name = json.loads(name) if name.startswith('"') else name
            _skip(tokens, ":")
            names[name] = ObjectAttribute(_type(tokens))
            _skip(tokens, ",")
        _skip(tokens, "}")
        found = Type(kind, attributes=names)
    else:
        found = Type(kind, _type(tokens))
    _skip(tokens, ",")
    _skip(tokens, ")")
    return found


def _many(tokens: list[str], opening: str, closing: str) -> Iterator[Type]:
    _skip(tokens, opening)
    while tokens[-1] != closing:
        yield _type(tokens)
        _skip(tokens, ",")
    _skip(tokens, closing)


def _skip(tokens: list[str], token: str) -> None:
    if tokens[-1] == token:
        tokens.pop()
