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
UNSAID = "<unsaid>"  # some functions are unknown in Terraform where an argument is null
_LINE_AT_MOST = 20_000  # the console reads lines of 64 KiB
_NAME = re.compile("[a-z]+")
_TOLERANCE = Decimal("1e-150")  # Terraform has 512 binary digits


@dataclass(frozen=True)
class Answer:
    """A value as JSON, or FAILS, and its type, None where it cannot be told."""

    value: object
    type: Type | None


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
    if ours.type is None or theirs.type is None:
        return is_same(ours.value, theirs.value)
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
        input=f"{line}\n".encode(),
        capture_output=True,
        cwd=folder,
        env={**os.environ, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


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
    if printed.startswith("(known after apply)"):
        middle = len(expressions) // 2
        if middle == 0:
            return [Answer(UNSAID, ANY)]
        return _ask(expressions[:middle], folder) + _ask(expressions[middle:], folder)
    assert printed.startswith('"'), printed[:300]
    values = [
        value if value == FAILS else json.loads(value, parse_float=Decimal)
        for value in json.loads(base64.b64decode(json.loads(printed)))
    ]
    wrapped = ", ".join(f"try({text}, null)" for text in expressions)
    types = _types(console(f"type([{wrapped}])", folder), len(values))
    return [Answer(value, each) for value, each in zip(values, types, strict=True)]


def _types(printed: str, count: int) -> list[Type | None]:
    """The types of a tuple; none where a name with a line end in it cannot be told from a line."""
    try:
        found = _parsed(printed).items
    except ValueError:
        return [None] * count
    return [*found] if len(found) == count else [None] * count


def _parsed(text: str) -> Type:
    found, rest = _type(text.strip(), 1)
    if rest:
        raise ValueError(rest[:200])
    return found


def _type(text: str, depth: int) -> tuple[Type, str]:
    """The type at the start of what `type(…)` prints, and the text behind it."""
    name = _NAME.match(text)
    if name is None:
        raise ValueError(text[:200])
    kind, rest = name[0], text[name.end() :]
    if kind == "dynamic":
        return ANY, rest
    if kind == "tuple":
        items, rest = _items(rest.removeprefix("(["), depth, has_names=False)
        return Type(kind, items=tuple(item for _, item in items)), rest.removeprefix("])")
    if kind == "object":
        items, rest = _items(rest.removeprefix("({"), depth, has_names=True)
        attributes = {key: ObjectAttribute(item) for key, item in items}
        return Type(kind, attributes=attributes), rest.removeprefix("})")
    if rest.startswith("(\n"):
        element, rest = _type(rest[1:].lstrip(), depth + 1)
        return Type(kind, element), rest.removeprefix(",").lstrip().removeprefix(")")
    if rest.startswith("("):
        element, rest = _type(rest[1:], depth)
        return Type(kind, element), rest.removeprefix(")")
    return Type(kind), rest


def _items(text: str, depth: int, *, has_names: bool) -> tuple[list[tuple[str, Type]], str]:
    """What stands in a tuple or object, one item in each line, which is indented by its depth."""
    found: list[tuple[str, Type]] = []
    indent = "\n" + " " * 4 * depth
    while text.startswith(indent):
        text = text.removeprefix(indent)
        key = ""
        if has_names:
            key, _, _ = text.partition("\n")[0].rpartition(": ")
            text = text[len(key) + 2 :]
        item, text = _type(text, depth + 1)
        found.append((key, item))
        text = text.removeprefix(",")
    return found, text.lstrip()
