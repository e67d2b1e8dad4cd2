"""Values as text, and the difference of two values, in the look of HCL."""

from __future__ import annotations

import difflib
import json
import re
from typing import TYPE_CHECKING, Any

from amlplan.cli.style import styled, visible
from amlplan.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

UNKNOWN_TEXT = "(known after apply)"
SENSITIVE_TEXT = "(sensitive value)"
SYMBOLS = {
    "+": styled("green", "+"),
    "-": styled("red", "-"),
    "~": styled("yellow", "~"),
    " ": " ",
}
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_BARE_KEY = re.compile(r"[^\W\d][\w-]*\Z")
_STEP = 4
_encoded = json.JSONEncoder(ensure_ascii=False, default=str).encode


class Hidden(str):
    """Text that stands for a value that cannot be shown; printed without quotes."""

    __slots__ = ()


UNKNOWN_VALUE = Hidden(UNKNOWN_TEXT)
SENSITIVE_VALUE = Hidden(SENSITIVE_TEXT)
CHANGED_SENSITIVE_VALUE = Hidden("(another sensitive value)")
"""Stands on the second side of a change, so that the sides differ; shown as the first is."""


def scalar_text(value: Any) -> str:
    """One value on one line; a digest is shortened, a block reference is its address."""
    if isinstance(value, Hidden):
        return SENSITIVE_TEXT if value == CHANGED_SENSITIVE_VALUE else str(value)
    if isinstance(value, str):
        match = _DIGEST.fullmatch(value)
        if match is not None:
            return f'"sha256:{match[1][:12]}…"'
        return quoted(value)
    if is_reference(value):
        return str(value["address"])
    if isinstance(value, dict | list) and not value:
        return "{}" if isinstance(value, dict) else "[]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _encoded(value)


def quoted(text: str) -> str:
    """A string in quotes, with what a terminal would obey as escapes."""
    return visible(_encoded(text))


def is_reference(value: Any) -> bool:
    """Whether a value is a reference to a block."""
    return isinstance(value, dict) and value.keys() == {"address", "kind", "identity"}


def _is_leaf(value: Any) -> bool:
    if isinstance(value, str):
        return isinstance(value, Hidden) or "\n" not in value
    return not isinstance(value, dict | list) or not value or is_reference(value)


def key_text(key: str) -> str:
    """A key of a map as HCL writes it."""
    return key if _BARE_KEY.match(key) else quoted(key)


def whole_value(value: Any, indent: int, symbol: str, *, full: bool = False) -> str:
    """A value that is there wholly on one side, each line behind its symbol.

    With `full` digests are not shortened.
    """
    if _is_leaf(value):
        whole = full and isinstance(value, str) and not isinstance(value, Hidden)
        return quoted(value) if whole else scalar_text(value)
    pad = " " * indent
    if isinstance(value, str):
        lines = visible(value).removesuffix("\n").split("\n")
        text = "".join(f"{pad}{' ' * _STEP}{line}\n" if line else "\n" for line in lines)
        return f"<<-EOT\n{text}{pad}EOT"
    mark = f"{pad}  {SYMBOLS[symbol]} "
    inner = indent + _STEP
    if isinstance(value, list):
        items = "".join(f"{mark}{whole_value(item, inner, symbol, full=full)},\n" for item in value)
        return f"[\n{items}{pad}]"
    keys = {key: key_text(key) for key in sorted(value)}
    width = max(len(text) for text in keys.values())
    items = "".join(
        f"{mark}{text:<{width}} = {whole_value(value[key], inner, symbol, full=full)}\n"
        for key, text in keys.items()
    )
    return f"{{\n{items}{pad}}}"


def changed_value(before: Any, after: Any, indent: int) -> str:
    """Two sides of a value: nested where both are of a kind, else before -> after."""
    if isinstance(before, Hidden) and before == SENSITIVE_VALUE:
        return SENSITIVE_TEXT if after == CHANGED_SENSITIVE_VALUE else _arrow(before, after, indent)
    if isinstance(before, Hidden) or isinstance(after, Hidden):
        return _arrow(before, after, indent)
    if is_reference(before) or is_reference(after):
        if scalar_text(before) == scalar_text(after):
            return f"{scalar_text(before)} (another object)"
        return _arrow(before, after, indent)
    if isinstance(before, dict) and isinstance(after, dict) and before and after:
        return _changed_map(before, after, indent)
    if isinstance(before, list) and isinstance(after, list) and before and after:
        return _changed_list(before, after, indent)
    if isinstance(before, str) and isinstance(after, str) and "\n" in before + after:
        return _changed_text(before, after, indent)
    return _arrow(before, after, indent)


def _arrow(before: Any, after: Any, indent: int) -> str:
    left = whole_value(before, indent, "-")
    right = whole_value(after, indent, "+")
    return f"{left} {styled('yellow', '->')} {right}"


def _changed_map(before: Mapping[str, Any], after: Mapping[str, Any], indent: int) -> str:
    pad = " " * indent
    keys = {key: key_text(key) for key in sorted({*before, *after})}
    changed = [
        key
        for key in keys
        if key not in before or before.get(key) != after.get(key) or key not in after
    ]
    width = max(len(keys[key]) for key in changed) if changed else 0
    lines = []
    for key in changed:
        symbol, text = _entry(before, after, key, indent + _STEP)
        lines.append(f"{pad}  {SYMBOLS[symbol]} {keys[key]:<{width}} = {text}\n")
    hidden = len(keys) - len(changed)
    if hidden:
        lines.append(f"{pad}    {unchanged_text(hidden, 'element')}\n")
    return f"{{\n{''.join(lines)}{pad}}}"


def _entry(
    before: Mapping[str, Any], after: Mapping[str, Any], key: str, indent: int
) -> tuple[str, str]:
    if key not in before:
        return "+", whole_value(after[key], indent, "+")
    if key not in after:
        return "-", whole_value(before[key], indent, "-")
    return "~", changed_value(before[key], after[key], indent)


def _changed_list(before: list[Any], after: list[Any], indent: int) -> str:
    pad = " " * indent
    matcher = difflib.SequenceMatcher(
        a=[scalar_text(item) for item in before],
        b=[scalar_text(item) for item in after],
        autojunk=False,
    )
    lines = []
    for tag, low, high, new_low, new_high in matcher.get_opcodes():
        if tag == "equal":
            count = high - low
            shown = before[low:high] if count == 1 else []
            lines += [f"{pad}    {whole_value(item, indent + _STEP, ' ')},\n" for item in shown]
            if count > 1:
                lines.append(f"{pad}    {unchanged_text(count, 'element')}\n")
            continue
        for item in before[low:high]:
            lines.append(f"{pad}  {SYMBOLS['-']} {whole_value(item, indent + _STEP, '-')},\n")
        for item in after[new_low:new_high]:
            lines.append(f"{pad}  {SYMBOLS['+']} {whole_value(item, indent + _STEP, '+')},\n")
    return f"[\n{''.join(lines)}{pad}]"


def _changed_text(before: str, after: str, indent: int) -> str:
    pad = " " * indent
    lines = "".join(_line_changes(before, after, pad))
    return f"<<-EOT\n{lines}{pad}EOT"


def _line_changes(before: str, after: str, pad: str) -> Iterator[str]:
    if before.endswith("\n") and after.endswith("\n"):
        before, after = before[:-1], after[:-1]
    for line in difflib.ndiff(visible(before).split("\n"), visible(after).split("\n")):
        if line[:2] != "? ":
            yield f"{pad}  {SYMBOLS[line[0]]} {line[2:]}".rstrip(" ") + "\n"


def unchanged_text(count: int, word: str) -> str:
    """The line that stands for what is not shown."""
    return styled("dim", f"# ({counted(count, f'unchanged {word}')} hidden)")
