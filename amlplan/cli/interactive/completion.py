"""The names that may stand where somebody types: roots, what is below them, functions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from amlplan.values import Sensitive

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amlplan.cli.interactive.scope import ConsoleScope
    from amlplan.values import Value

_STEP = re.compile(r'\.([\w-]+)|\[(?:"((?:[^"\\]|\\.)*)"|(\d+))\]')
_TRAVERSAL = re.compile(r'([^\W\d][\w-]*)((?:\.[\w-]+|\["(?:[^"\\]|\\.)*"\]|\[\d+\])*)\.([\w-]*)$')
_WORD = re.compile(r"(?<![\w.-])[^\W\d][\w-]*$")
_BLOCK_AND_LABEL = 2


def completions(line: str, scope: ConsoleScope) -> tuple[str, list[str]]:
    """The unfinished name at the end of a line, and every name that it may become."""
    walked = _TRAVERSAL.search(line)
    if walked is not None:
        begun = walked[3]
        names: Iterable[str] = _below(walked[1], walked[2], scope)
    else:
        word = _WORD.search(line)
        begun = word[0] if word is not None else ""
        if not begun and line[-1:] in {'"', ".", ")", "]", "}"}:
            return "", []
        names = [name for name, value in scope.scope.values.items() if value]
        names += [f"{name}(" for name in scope.scope.functions]
    return begun, sorted(name for name in names if name.startswith(begun))


def _below(root: str, steps: str, scope: ConsoleScope) -> Iterable[str]:
    """The names that may follow a traversal."""
    value = scope.scope.values.get(root)
    walked = [root]
    for step in _STEP.finditer(steps):
        key = step[1] or step[2] or step[3]
        walked.append(key)
        value = _element(value, key)
    if not isinstance(value, dict):
        is_block = len(walked) >= _BLOCK_AND_LABEL and root not in {"var", "local", "module"}
        return scope.attributes(walked[0], walked[1]) if is_block else ()
    return [name for name in value if re.fullmatch(r"[^\W\d][\w-]*", name)]


def _element(value: Value, key: str) -> Value:
    while isinstance(value, Sensitive):
        value = value.value
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
        return value[int(key)]
    return None
