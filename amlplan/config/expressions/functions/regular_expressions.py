"""Functions of regular expressions, in the syntax of RE2, which Terraform's Go shares."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from amlplan.config.expressions.functions.function import Function, FunctionFailure, Parameter
from amlplan.config.expressions.text import composed
from amlplan.config.expressions.typed_collections import ListValue
from amlplan.config.expressions.types import STRING, ObjectAttribute, Type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.values import Value

_GROUP = re.compile(r"\$(?:\$|\{(\w+)\}|(\w+))", re.ASCII)
_SINGLE_BYTE = re.compile(r"(?<!\\)(?:\\\\)*\\C")


def compiled(pattern: str, argument: int) -> Any:
    """Give a compiled pattern; raises FunctionFailure for the argument it was given as."""
    import re2

    if _SINGLE_BYTE.search(pattern):
        raise FunctionFailure(
            "this is no regular expression: \\C could part a character.", argument
        )
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options=options)
    except re2.error as failure:
        reason = failure.args[0]
        reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
        raise FunctionFailure(f"this is no regular expression: {reason}.", argument) from None


def replaced(text: str, pattern: str, replacement: str) -> str:
    """Replace what a pattern matches; `$1` and `${name}` in the replacement are its groups."""
    parts: list[str] = []
    end = 0
    for match in _matches(compiled(pattern, 1), text):
        parts += text[end : match.start()], _filled(match, replacement)
        end = match.end()
    return "".join([*parts, text[end:]])


def _matches(pattern: Any, text: str) -> Iterator[Any]:
    """Give all matches; an empty one right behind another does not count."""
    end = -1
    for match in pattern.finditer(text):
        if match.end() != match.start() or match.start() != end:
            yield match
        end = match.end()


def _filled(match: Any, replacement: str) -> str:
    return _GROUP.sub(lambda group: _group(match, group), replacement)


def _group(match: Any, reference: re.Match[str]) -> str:
    """Give what `$1`, `$name` or `${name}` stands for; an unknown group is empty."""
    if reference[0] == "$$":
        return "$"
    name = reference[1] or reference[2]
    try:
        return match.group(int(name) if name.isdecimal() else name) or ""
    except (IndexError, KeyError):
        return ""


def _captured(pattern: str, text: str) -> tuple[Type, Iterator[Value]]:
    """Give the type of what a match captures, and that of every match."""
    found = compiled(pattern, 0)
    names = sorted(found.groupindex, key=found.groupindex.__getitem__)
    if names and len(names) != found.groups:
        raise FunctionFailure("either all groups of the expression have a name, or none.", 0)
    matches = _matches(found, text)
    if names:
        attributes = {name: ObjectAttribute(STRING) for name in names}
        captured = ({name: _part(match.group(name)) for name in names} for match in matches)
        return Type("object", attributes=attributes), captured
    if found.groups:
        items = (STRING,) * found.groups
        return Type("tuple", items=items), (list(map(_part, match.groups())) for match in matches)
    return STRING, (_part(match.group()) for match in matches)


def _part(text: str | None) -> str | None:
    return None if text is None else composed(text)


def _regex(pattern: str, text: str) -> Value:
    _, captured = _captured(pattern, text)
    for found in captured:
        return found
    raise FunctionFailure("the expression matches nowhere in the string.", 1)


def _regexall(pattern: str, text: str) -> Value:
    element, captured = _captured(pattern, text)
    return ListValue(captured, element)


_PARAMETERS: Final = (Parameter("pattern", STRING), Parameter("string", STRING))

REGULAR_EXPRESSIONS: Final = (
    Function("regex", _regex, _PARAMETERS),
    Function("regexall", _regexall, _PARAMETERS),
)
