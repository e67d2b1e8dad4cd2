"""Every code that the source can report, found by where codes are given."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ROOT = Path(__file__).parents[2]
SOURCES = [ROOT / name for name in ("amlplan", "providers", "state", "schemas")]
_CODE = re.compile(r"[a-z]+(_([a-z]+|\{\}))*")
_SUMMARY = re.compile(r"[A-Z][^. ]* [^.]+")


def codes_in_source() -> dict[str, set[str]]:
    """Each code with the files that report it."""
    trees = {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for folder in SOURCES
        for path in sorted(folder.rglob("*.py"))
    }
    positions = _positions_of_codes(trees.values())
    found: dict[str, set[str]] = defaultdict(set)
    for path, tree in trees.items():
        name = str(path.relative_to(ROOT))
        constants = _constants(tree)
        for node in ast.walk(tree):
            for code in _codes_at(node, positions, constants):
                found[code].add(name)
    return dict(found)


def _positions_of_codes(trees: Iterable[ast.AST]) -> dict[str, set[int]]:
    """Where functions that have a parameter `code` take it, by their name, without `self`."""
    found: dict[str, set[int]] = defaultdict(set)
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                names = [argument.arg for argument in node.args.args]
                if "code" in names and "summary" in names:
                    is_method = names[0] in {"self", "cls"}
                    found[node.name].add(names.index("code") - is_method)
    return found


def _constants(tree: ast.AST) -> dict[str, str]:
    """The names of a module that stand for a text."""
    return {
        target.id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _codes_at(
    node: ast.AST, positions: dict[str, set[int]], constants: dict[str, str]
) -> Iterator[str]:
    if isinstance(node, ast.Call):
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        for position in positions.get(name, ()):
            if position < len(node.args):
                yield from _texts(node.args[position], constants)
        yield from _before_a_summary(node.args)
    elif isinstance(node, ast.ClassDef):
        for statement in node.body:
            if isinstance(statement, ast.Assign) and any(
                isinstance(target, ast.Name) and target.id == "code" for target in statement.targets
            ):
                yield from _texts(statement.value, constants)
    elif isinstance(node, ast.Tuple):  # code and summary to hand on
        yield from _before_a_summary(node.elts)


def _before_a_summary(values: Sequence[ast.expr]) -> Iterator[str]:
    """A text that looks like a code, with one behind it that looks like a summary."""
    texts = [str(item.value) if isinstance(item, ast.Constant) else "" for item in values]
    for code, summary in pairwise(texts):
        if "_" in code and _CODE.fullmatch(code) and _SUMMARY.fullmatch(summary):
            yield code


def _texts(node: ast.expr, constants: dict[str, str]) -> Iterator[str]:
    """The codes that an expression can be; `{}` stands for what is put in."""
    if isinstance(node, ast.IfExp):
        yield from _texts(node.body, constants)
        yield from _texts(node.orelse, constants)
        return
    text = ""
    if isinstance(node, ast.Constant):
        text = str(node.value)
    elif isinstance(node, ast.Name):
        text = constants.get(node.id, "")
    elif isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
        text = "".join(map(str, parts))
    if _CODE.fullmatch(text):
        yield text
